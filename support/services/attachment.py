"""Taking files in: whole or piece by piece, typed by their content, cleaned, and bound to what is said."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from datetime import datetime
from typing import IO, Any

from django.conf import settings
from django.core.files.base import ContentFile, File
from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from customer.models import User
from customer.services.document import BrokenPicture, redraw
from customer.storage import private_storage
from integrations import antivirus
from kernel.persian import persian_digits
from kernel.refused import Refused
from support.file_kinds import PROBE, FileKind, clean_name, content_fits, kind_by_name
from support.models import Attachment, Message, Ticket
from support.models.attachment import new_key

MEGABYTE = 1024 * 1024


def store_upload(*, owner_id: int, upload: File[Any], now: datetime) -> Attachment:
    """Takes a whole file in. Raises Refused `attachment.…` on the field `attachments`."""
    name = clean_name(upload.name or "")
    kind = _require_kind(name)
    _require_size(kind, upload.size or 0)
    attachment = Attachment(owner_id=owner_id, name=name, size=upload.size or 0, created_at=now)
    with transaction.atomic():
        _require_room(owner_id, attachment.size, now=now)
        _complete(attachment, kind, upload)
        attachment.save(force_insert=True)
    return attachment


# --- piece by piece --------------------------------------------------------------------------------------------------


def begin_upload(*, owner_id: int, name: str, size: int, now: datetime) -> Attachment:
    """Announces a file that will come in pieces. Raises Refused `attachment.…`."""
    name = clean_name(name)
    _require_size(_require_kind(name), size)
    with transaction.atomic():
        _require_few_open(owner_id)
        _require_room(owner_id, size, now=now)
        return Attachment.objects.create(owner_id=owner_id, name=name, size=size, created_at=now)


def take_piece(*, owner_id: int, attachment_id: str, offset: int, piece: bytes) -> Attachment:
    """Takes the next piece; the last one completes the file.

    A piece at another place than where the upload stands is refused with `upload.offset` and changes nothing: ask
    where it stands and go on from there. A file that turns out to be something else is dropped.
    Raises Refused `upload.offset`, `upload.piece_size`, `attachment.…`; Attachment.DoesNotExist.
    """
    limit: int = settings.ATTACHMENT_LIMITS["chunk_bytes"]
    if not 0 < len(piece) <= limit:
        raise Refused("upload.piece_size", _("This piece of the file has the wrong size."), status=400)
    try:
        with transaction.atomic():
            return _take_locked(owner_id, attachment_id, offset, piece)
    except Refused as refused:
        if refused.code.startswith("attachment."):
            drop_upload(owner_id=owner_id, attachment_id=attachment_id)
        raise


def _take_locked(owner_id: int, attachment_id: str, offset: int, piece: bytes) -> Attachment:
    rows = Attachment.objects.select_for_update().filter(owner_id=owner_id, state=Attachment.State.UPLOADING)
    attachment = rows.get(pk=attachment_id)
    if offset != attachment.received or offset + len(piece) > attachment.size:
        raise Refused("upload.offset", _("The upload stands at another place; please go on from there."))
    kind = _require_kind(attachment.name)
    if offset == 0 and not content_fits(kind, piece[:PROBE]):
        raise _refused("attachment.lying_type", _("The content of this file is not what its name says."))
    _keep_piece(attachment.pk, offset, piece)
    attachment.received += len(piece)
    if attachment.received == attachment.size:
        with tempfile.TemporaryFile() as whole:
            _gather(attachment.pk, whole)
            _complete(attachment, kind, whole)
        _drop_pieces(attachment.pk)
    attachment.save()
    return attachment


def drop_upload(*, owner_id: int, attachment_id: str) -> None:
    """Forgets an upload that nothing has taken. Silent when it is gone or taken already."""
    with transaction.atomic():
        rows = Attachment.objects.select_for_update().filter(pk=attachment_id, owner_id=owner_id, ticket__isnull=True)
        for attachment in rows:
            _remove(attachment)


def drop_orphans(*, now: datetime, limit: int = 500) -> int:
    """Removes what was uploaded long ago and never sent; returns how many."""
    before = now - settings.ATTACHMENT_LIMITS["orphan_age"]
    dropped = 0
    for pk in list(Attachment.objects.orphans(before).order_by("created_at").values_list("pk", flat=True)[:limit]):
        with transaction.atomic():
            for attachment in Attachment.objects.orphans(before).select_for_update().filter(pk=pk):
                _remove(attachment)
                dropped += 1
    return dropped


def _remove(attachment: Attachment) -> None:
    stored = str(attachment.file.name or "")
    attachment_id = attachment.pk
    attachment.delete()
    if stored:
        transaction.on_commit(lambda: private_storage().delete(stored))
    transaction.on_commit(lambda: _drop_pieces(attachment_id))


def _piece_path(attachment_id: str, offset: int) -> str:
    return f"uploads/{attachment_id}/{offset:015d}"


def _keep_piece(attachment_id: str, offset: int, piece: bytes) -> None:
    storage, path = private_storage(), _piece_path(attachment_id, offset)
    storage.delete(path)  # of an attempt whose transaction did not end well
    storage.save(path, ContentFile(piece))


def _pieces(attachment_id: str) -> list[str]:
    try:
        _folders, names = private_storage().listdir(f"uploads/{attachment_id}")
    except FileNotFoundError:
        return []
    return [f"uploads/{attachment_id}/{name}" for name in sorted(names)]


def _gather(attachment_id: str, whole: IO[bytes]) -> None:
    for path in _pieces(attachment_id):
        with private_storage().open(path, "rb") as piece:
            whole.write(piece.read())
    whole.seek(0)


def _drop_pieces(attachment_id: str) -> None:
    storage = private_storage()
    paths = _pieces(attachment_id)
    for path in paths:
        storage.delete(path)
    if paths:
        storage.delete(f"uploads/{attachment_id}")


# --- what is taken ---------------------------------------------------------------------------------------------------


def _complete(attachment: Attachment, kind: FileKind, content: IO[bytes] | File[Any]) -> None:
    """Checks and cleans a whole file, and stores it under a name that says nothing."""
    content.seek(0)
    if not content_fits(kind, content.read(PROBE)):
        raise _refused("attachment.lying_type", _("The content of this file is not what its name says."))
    content.seek(0)
    if kind.is_picture:
        content = ContentFile(_redrawn(content.read(), kind))
    verdict = antivirus.scan(content)
    if verdict.is_infected:
        raise _refused("attachment.infected", _("This file holds harmful content and was not taken."))
    attachment.scan = Attachment.Scan.CLEAN if verdict.is_clean else Attachment.Scan.NOT_SCANNED
    attachment.sha256, attachment.size = _fingerprint(content)
    attachment.received = attachment.size
    attachment.content_type = kind.content_type
    attachment.move(Attachment.State.READY)
    content.seek(0)
    attachment.file.save(f"{new_key()}.{kind.extensions[0]}", File(content), save=False)


def _redrawn(raw: bytes, kind: FileKind) -> bytes:
    try:
        return redraw(raw, kind.name, into=kind.name)
    except BrokenPicture as error:
        raise _refused("attachment.broken", _("This picture cannot be read. Please take it again.")) from error


def _fingerprint(content: IO[bytes] | File[Any]) -> tuple[str, int]:
    content.seek(0)
    digest, size = hashlib.sha256(), 0
    while block := content.read(MEGABYTE):
        digest.update(block)
        size += len(block)
    return digest.hexdigest(), size


def _require_kind(name: str) -> FileKind:
    kind = kind_by_name(name)
    if kind is None:
        message = _("This kind of file is not taken. Send pictures, PDF, video, sound or plain text.")
        raise _refused("attachment.unknown_type", message)
    return kind


def _require_size(kind: FileKind, size: int) -> None:
    if size <= 0:
        raise _refused("attachment.empty", _("This file is empty."))
    limits = settings.ATTACHMENT_LIMITS
    limit: int = limits["recording_bytes"] if kind.is_recording else limits["bytes"]
    if size > limit:
        message = _("This file is too large; %(megabytes)s megabytes at most.")
        raise _refused("attachment.too_large", message % {"megabytes": persian_digits(str(limit // MEGABYTE))})


def _require_room(owner_id: int, size: int, *, now: datetime) -> None:
    """Buyers may send so much within some weeks; staff are not counted."""
    limits = settings.ATTACHMENT_LIMITS
    sent = Attachment.objects.filter(
        owner_id=owner_id, owner__buyer__isnull=False, created_at__gt=now - limits["buyer_window"]
    )
    used = sent.aggregate(used=Sum("size"))["used"] or 0
    if used + size > limits["buyer_bytes"]:
        raise _refused("attachment.no_room", _("Your room for files is full; please call us for large files."))


def _require_few_open(owner_id: int) -> None:
    """Nobody, staff neither, has more than so many uploads under way: locks the person, so that they are counted."""
    list(User.objects.select_for_update(no_key=True).filter(pk=owner_id).values_list("pk"))
    most: int = settings.ATTACHMENT_LIMITS["open_uploads"]
    under_way = Attachment.objects.filter(owner_id=owner_id, state=Attachment.State.UPLOADING)
    if under_way[:most].count() >= most:
        text = _(
            "%(number)s of your files are still on their way and more cannot begin. Let them arrive or remove some; "
            "what was broken off is forgotten after a day."
        )
        raise _refused("attachment.too_many_open", text % {"number": persian_digits(str(most))})


def require_few(number: int) -> None:
    """Raises Refused `attachment.too_many` for more files than one message may bring."""
    most: int = settings.ATTACHMENT_LIMITS["per_message"]
    if number > most:
        text = _("At most %(number)s files at a time.") % {"number": persian_digits(str(most))}
        raise _refused("attachment.too_many", text)


def bind_attachments(ids: Sequence[str], *, owner_id: int, ticket: Ticket, message: Message | None = None) -> None:
    """Step: gives uploads of this person to what he says. Refused: `attachment.too_many`, `attachment.unknown`."""
    wanted = set(ids)
    if not wanted:
        return
    require_few(len(wanted))
    free = Attachment.objects.unbound_of(owner_id).filter(pk__in=wanted)
    if free.update(ticket=ticket, message=message) != len(wanted):
        raise _refused("attachment.unknown", _("One of the files is not there (any more); please choose it again."))


def _refused(code: str, message: str) -> Refused:
    return Refused(code, message, status=400, field="attachments")
