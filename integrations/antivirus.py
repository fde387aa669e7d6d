"""Scanning files for malware by ClamAV's daemon, where `settings.CLAMAV_SOCKET` names one.

Source: clamd(8), INSTREAM: `zINSTREAM\\0`, then pieces, each after its length in four bytes (network order), then a
length of nought; the reply ends with a nought byte: `stream: OK` or `stream: <name> FOUND`.
"""

from __future__ import annotations

import logging
import socket
import struct
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.files.base import File
from django.utils.translation import gettext as _

from kernel.refused import Refused

logger = logging.getLogger(__name__)

DEADLINE = 30.0  # seconds for each step of the conversation
PIECE = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the scanner says; neither clean nor infected where none is set up."""

    is_clean: bool = False
    is_infected: bool = False
    malware: str = ""


def scan(content: Any) -> Verdict:
    """Has a file (read from its beginning) scanned. Raises Refused `attachment.scan_failed` when nobody answers.

    Who has set a scanner up does not want files let through unseen, so a silent one keeps them out.
    """
    if not settings.CLAMAV_SOCKET:
        return Verdict()
    try:
        reply = _ask(content)
    except OSError as error:
        logger.error("clamav: no answer (%s)", type(error).__name__)
        raise _failed() from error
    if reply.endswith("FOUND"):
        malware = reply.removeprefix("stream: ").removesuffix(" FOUND")
        logger.warning("clamav: found %s", malware)
        return Verdict(is_infected=True, malware=malware)
    if reply != "stream: OK":
        logger.error("clamav: %s", reply[:200])
        raise _failed()
    return Verdict(is_clean=True)


def _ask(content: File[Any]) -> str:
    with _connected() as line:
        line.sendall(b"zINSTREAM\0")
        content.seek(0)
        while piece := content.read(PIECE):
            line.sendall(struct.pack("!L", len(piece)) + piece)
        line.sendall(struct.pack("!L", 0))
        reply = b""
        while not reply.endswith(b"\0") and (more := line.recv(4096)):
            reply += more
    return reply.rstrip(b"\0").decode("utf-8", "replace").strip()


def _connected() -> socket.socket:
    address: str = settings.CLAMAV_SOCKET
    if address.startswith("/"):
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        line.settimeout(DEADLINE)
        line.connect(address)
        return line
    host, _colon, port = address.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=DEADLINE)


def _failed() -> Refused:
    message = _("The file could not be checked just now. Please try again in a few minutes; your text is kept.")
    return Refused("attachment.scan_failed", message, status=503, field="attachments")
