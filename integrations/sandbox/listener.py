"""The HTTP side: threads, keep-alive, held and dropped connections. Knows nothing of providers."""

import select
import socket
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from .faults import Delivery
from .wire import Reply, Request

MOST_BODY_BYTES = 1_000_000
IDLE_SECONDS = 60
HELD_CHECK_SECONDS = 0.2


class Listener(ThreadingHTTPServer):
    """A thread per connection, all of them ended by `stop`."""

    request_queue_size = 128

    def __init__(self, address: tuple[str, int], answer: Callable[[Request], Delivery]) -> None:
        self.answer = answer
        self.stopping = threading.Event()
        self._connections: dict[socket.socket, threading.Thread] = {}
        self._guard = threading.Lock()
        super().__init__(address, Handler)

    def server_bind(self) -> None:
        """As TCPServer does: HTTPServer would look the machine's name up, which takes seconds without a name server."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def remember(self, connection: socket.socket) -> None:
        """Called by the thread that serves the connection."""
        with self._guard:
            self._connections[connection] = threading.current_thread()

    def forget(self, connection: socket.socket) -> None:
        """Called when that thread is done."""
        with self._guard:
            self._connections.pop(connection, None)

    def stop(self) -> None:
        """Stops listening, wakes what is held, drops what is open and waits for the threads."""
        if self.stopping.is_set():
            return
        self.stopping.set()
        self.shutdown()
        self.server_close()
        with self._guard:
            open_now = list(self._connections.items())
        for connection, thread in open_now:
            _hang_up(connection)
            thread.join(timeout=2)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no error; anything else is told as usual."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """Reads a request whole, asks the server's `answer`, writes the reply in one piece."""

    server: Listener
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "sandbox", ""
    timeout = IDLE_SECONDS
    wbufsize = -1
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.server.remember(self.connection)

    def finish(self) -> None:
        try:
            super().finish()
        finally:
            self.server.forget(self.connection)

    def do_GET(self) -> None:
        body = self._body()
        if body is None:
            return
        parts = urlsplit(self.path)
        request = Request(
            method=self.command,
            path=unquote(parts.path).lstrip("/"),
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            body=body,
            headers={name.lower(): value for name, value in self.headers.items()},
        )
        delivery = self.server.answer(request)
        if delivery.wait and not self._hold(delivery.wait):
            self.close_connection = True
            return
        if delivery.reply is None:
            self.close_connection = True
            return
        self._write(delivery.reply, delivery.trickle)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (name given by http.server)
        """Nothing: paths carry keys."""

    def _body(self) -> bytes | None:
        """The request's body; None where there is nothing more to answer."""
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdecimal() or int(length) > MOST_BODY_BYTES:
            self.close_connection = True
            self._write(Reply(status=413, body=b'{"error": "Send a Content-Length of at most 1 MB."}'), 0)
            return None
        body = self.rfile.read(int(length))
        if len(body) < int(length):  # the client left in the middle
            self.close_connection = True
            return None
        return body

    def _hold(self, seconds: float) -> bool:
        """Waits; False where the sandbox stopped or the client went away before."""
        for _ in range(round(seconds / HELD_CHECK_SECONDS)):
            if self.server.stopping.wait(HELD_CHECK_SECONDS) or _is_gone(self.connection):
                return False
        return True

    def _write(self, reply: Reply, trickle: float) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        if not any(name == "Cache-Control" for name, _ in reply.headers):
            self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        for name, value in reply.headers:
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if not trickle:
            self.wfile.write(reply.body)
            return
        for byte in reply.body:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            if self.server.stopping.wait(trickle):
                return


def _is_gone(connection: socket.socket) -> bool:
    readable, _, _ = select.select([connection], [], [], 0)
    if not readable:
        return False
    try:
        return not connection.recv(1, socket.MSG_PEEK)
    except OSError:
        return True


def _hang_up(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # closed already
