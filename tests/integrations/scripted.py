"""A TCP server that answers exactly what a test scripts, byte by byte: for faults no HTTP library would commit."""

import contextlib
import json
import socket
import ssl
import threading


def http_reply(body="", status=200, headers=()):
    """The bytes of a well-formed answer; a dict or list becomes JSON."""
    payload = body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(payload)}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + payload


class ScriptedServer:
    """Runs `script(connection, stopping)` for each connection, after reading the request if there is one.

    `requests` holds what arrived, raw. `context` makes it speak TLS.
    """

    def __init__(self, script, *, context=None, read=True):
        self.requests = []
        self.stopping = threading.Event()
        self._script, self._context, self._read = script, context, read
        self._threads = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.host = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.url = f"http://{self.host}"
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def stop(self):
        self.stopping.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in [self._accepting, *self._threads]:
            thread.join(5)

    def _accept(self):
        while not self.stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection):
        with contextlib.suppress(OSError, ssl.SSLError), connection:
            connection.settimeout(5)
            if self._context:
                connection = self._context.wrap_socket(connection, server_side=True)
            with connection:
                if self._read:
                    self.requests.append(read_request(connection))
                self._script(connection, self.stopping)


def read_request(connection):
    """Headers and body of one request."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65_536) or b"\r\n\r\n"
    head, _, body = received.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    while len(body) < length:
        chunk = connection.recv(65_536)
        if not chunk:
            break
        body += chunk
    return head + b"\r\n\r\n" + body


def drip(data, seconds=0.5):
    """A script that sends one byte every half second."""

    def script(connection, stopping):
        for byte in data:
            connection.sendall(bytes([byte]))
            if stopping.wait(seconds):
                return

    return script


def answer(data):
    """A script that sends these bytes and hangs up."""
    return lambda connection, stopping: connection.sendall(data)


def hang(connection, stopping):
    """A script that never answers."""
    stopping.wait(30)


def reset(connection, stopping):
    """A script that breaks the connection off."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
