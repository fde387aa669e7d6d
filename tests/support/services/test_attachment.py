"""Files: what is taken and what is not, piece by piece, and who may have them."""

import hashlib
import socket
import struct
import threading
from datetime import timedelta
from io import BytesIO

import pytest
from django.core.cache import cache
from django.core.files.storage import FileSystemStorage
from django.db import IntegrityError, transaction
from django.utils import timezone
from PIL import Image

from kernel.refused import Refused
from support.file_kinds import clean_name
from support.models import Attachment
from support.services import attachment as verbs
from support.services.attachment import (
    begin_upload,
    drop_orphans,
    drop_upload,
    store_upload,
    take_piece,
)
from support.services.conversation import undo_message
from tests.factories.customer import make_buyer
from tests.factories.support import actor_of, answer, make_agent, make_ticket, note, reply
from tests.support.files import BAD, GOOD, GPS, MP4, PDF, bomb, picture, upload

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def store(monkeypatch, tmp_path):
    cache.clear()
    storage = FileSystemStorage(location=tmp_path)
    monkeypatch.setattr(Attachment._meta.get_field("file"), "storage", storage)
    monkeypatch.setattr(verbs, "private_storage", lambda: storage)
    return tmp_path


@pytest.fixture
def owner(db) -> int:
    return make_buyer().user_id


def stored(owner, name, content) -> Attachment:
    return store_upload(owner_id=owner, upload=upload(name, content), now=timezone.now())


def refused(act) -> str:
    with pytest.raises(Refused) as caught:
        act()
    return caught.value.code


def files_in(folder) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(("name", "content", "content_type"), GOOD, ids=[row[0] for row in GOOD])
def test_what_is_taken_is_typed_by_content_and_named_at_random(owner, name, content, content_type):
    made = stored(owner, name, content)
    assert (made.content_type, made.state, made.scan) == (content_type, "ready", "not_scanned")
    with made.file.open() as kept:
        whole = kept.read()
    assert (made.size, made.sha256) == (len(whole), hashlib.sha256(whole).hexdigest())
    assert made.pk not in made.file.name
    assert len(made.file.name.rpartition("/")[2].partition(".")[0]) == 32
    assert len(made.pk) == 32


@pytest.mark.parametrize(("name", "content", "code"), BAD, ids=[row[0] for row in BAD])
def test_what_lies_or_harms_is_refused_and_leaves_nothing(owner, store, name, content, code):
    assert refused(lambda: stored(owner, name, content)) == code
    assert not Attachment.objects.exists()
    assert files_in(store) == []


def test_a_picture_does_not_say_where_it_was_taken(owner):
    made = stored(owner, "a.jpg", picture())
    with made.file.open() as kept:
        whole = kept.read()
    assert GPS.encode() not in whole
    assert not Image.open(BytesIO(whole)).getexif()


def test_size_and_room_are_limited(owner, settings):
    settings.ATTACHMENT_LIMITS = {**settings.ATTACHMENT_LIMITS, "bytes": 1000, "recording_bytes": 3000}
    assert refused(lambda: stored(owner, "a.txt", b"x" * 1001)) == "attachment.too_large"
    stored(owner, "a.mp4", MP4 + b"\x00" * 2000)
    settings.ATTACHMENT_LIMITS = {**settings.ATTACHMENT_LIMITS, "buyer_bytes": 2500}
    assert refused(lambda: stored(owner, "b.txt", b"x" * 500)) == "attachment.no_room"
    later = timezone.now() + timedelta(days=31)
    store_upload(owner_id=owner, upload=upload("b.txt", b"x" * 500), now=later)
    stored(make_agent().pk, "b.txt", b"x" * 500)  # staff are not counted


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\sara\\a.pdf", "a.pdf"),
        ("a\u202efdp.exe.pdf", "afdp.exe.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "a Set-Cookie: x.pdf"),
        ("ن" * 300 + ".jpg", "ن" * 146 + ".jpg"),
        ("a\x00.jpg", "a.jpg"),
    ],
)
def test_a_name_is_one_harmless_line(name, kept):
    assert clean_name(name) == kept


# --- piece by piece --------------------------------------------------------------------------------------------------


def in_pieces(owner, name, content, size) -> Attachment:
    made = begin_upload(owner_id=owner, name=name, size=len(content), now=timezone.now())
    for offset in range(0, len(content), size):
        piece = content[offset : offset + size]
        made = take_piece(owner_id=owner, attachment_id=made.pk, offset=offset, piece=piece)
    return made


@pytest.mark.parametrize("make", [make_buyer, make_agent], ids=["buyer", "agent"])
def test_so_many_files_and_no_more_are_under_way(make, settings):
    settings.ATTACHMENT_LIMITS = {**settings.ATTACHMENT_LIMITS, "open_uploads": 3}
    person, now = make(), timezone.now()
    owner = getattr(person, "user_id", person.pk)
    begun = [begin_upload(owner_id=owner, name="a.txt", size=5, now=now) for _ in range(3)]
    with pytest.raises(Refused) as caught:
        begin_upload(owner_id=owner, name="a.txt", size=5, now=now)
    assert (caught.value.code, caught.value.status) == ("attachment.too_many_open", 400)
    assert caught.value.message.startswith("۳ پروندهٔ شما")
    assert Attachment.objects.count() == 3
    stored(owner, "whole.txt", b"whole")  # which is never under way
    begin_upload(owner_id=make_buyer().user_id, name="a.txt", size=5, now=now)
    take_piece(owner_id=owner, attachment_id=begun[0].pk, offset=0, piece=b"hallo")
    begin_upload(owner_id=owner, name="a.txt", size=5, now=now)
    assert refused(lambda: begin_upload(owner_id=owner, name="a.txt", size=5, now=now)) == "attachment.too_many_open"
    drop_upload(owner_id=owner, attachment_id=begun[1].pk)
    begin_upload(owner_id=owner, name="a.txt", size=5, now=now)
    drop_orphans(now=now + settings.ATTACHMENT_LIMITS["orphan_age"])
    begin_upload(owner_id=owner, name="a.txt", size=5, now=now)


def test_twenty_files_may_be_under_way(owner):
    for _ in range(20):
        begin_upload(owner_id=owner, name="a.txt", size=5, now=timezone.now())
    assert refused(lambda: begin_upload(owner_id=owner, name="a.txt", size=5, now=timezone.now()))


def test_a_file_in_pieces_is_the_whole_file(owner, store):
    content = MP4 + bytes(range(256)) * 20
    made = in_pieces(owner, "a.mp4", content, 1000)
    assert (made.state, made.size, made.received) == ("ready", len(content), len(content))
    with made.file.open() as kept:
        assert kept.read() == content
    assert len(files_in(store)) == 1


def test_a_cut_upload_goes_on_where_it_stands(owner):
    made = begin_upload(owner_id=owner, name="a.txt", size=10, now=timezone.now())
    take_piece(owner_id=owner, attachment_id=made.pk, offset=0, piece=b"hello")
    for wrong in (0, 4, 6):
        with pytest.raises(Refused) as caught:
            take_piece(owner_id=owner, attachment_id=made.pk, offset=wrong, piece=b"world")
        assert (caught.value.code, caught.value.status) == ("upload.offset", 409)
    assert (
        refused(lambda: take_piece(owner_id=owner, attachment_id=made.pk, offset=5, piece=b"worlds")) == "upload.offset"
    )
    assert take_piece(owner_id=owner, attachment_id=made.pk, offset=5, piece=b"world").state == "ready"
    with pytest.raises(Attachment.DoesNotExist):
        take_piece(owner_id=owner, attachment_id=made.pk, offset=10, piece=b"!")


def test_a_piece_that_was_written_before_the_crash_is_written_again(owner, monkeypatch):
    made = begin_upload(owner_id=owner, name="a.txt", size=5, now=timezone.now())
    real = verbs._gather
    monkeypatch.setattr(verbs, "_gather", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        take_piece(owner_id=owner, attachment_id=made.pk, offset=0, piece=b"first")
    monkeypatch.setattr(verbs, "_gather", real)
    done = take_piece(owner_id=owner, attachment_id=made.pk, offset=0, piece=b"again")
    with done.file.open() as kept:
        assert kept.read() == b"again"


def test_a_lie_is_found_with_the_first_piece_and_dropped(owner, store, django_capture_on_commit_callbacks):
    made = begin_upload(owner_id=owner, name="a.pdf", size=100, now=timezone.now())
    with django_capture_on_commit_callbacks(execute=True):
        assert (
            refused(lambda: take_piece(owner_id=owner, attachment_id=made.pk, offset=0, piece=b"<html>"))
            == "attachment.lying_type"
        )
    assert not Attachment.objects.exists()
    assert files_in(store) == []


def test_a_bomb_in_pieces_is_dropped(owner, store, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        assert refused(lambda: in_pieces(owner, "a.png", bomb(), 50)) == "attachment.broken"
    assert not Attachment.objects.exists()
    assert files_in(store) == []


@pytest.mark.parametrize("piece", [b"", b"x" * (1024 * 1024 + 1)])
def test_a_piece_has_a_size(owner, piece):
    made = begin_upload(owner_id=owner, name="a.txt", size=5, now=timezone.now())
    assert (
        refused(lambda: take_piece(owner_id=owner, attachment_id=made.pk, offset=0, piece=piece)) == "upload.piece_size"
    )


def test_a_foreign_upload_does_not_exist(owner):
    made = begin_upload(owner_id=owner, name="a.txt", size=5, now=timezone.now())
    stranger = make_buyer().user_id
    with pytest.raises(Attachment.DoesNotExist):
        take_piece(owner_id=stranger, attachment_id=made.pk, offset=0, piece=b"hello")
    drop_upload(owner_id=stranger, attachment_id=made.pk)
    assert Attachment.objects.filter(pk=made.pk).exists()


# --- binding and cleaning --------------------------------------------------------------------------------------------


def test_files_belong_to_what_is_said_and_to_nobody_else():
    ticket, agent, stranger = make_ticket(), make_agent(), make_buyer()
    now = timezone.now()
    mine = stored(ticket.buyer.user_id, "a.pdf", PDF)
    foreign = stored(stranger.user_id, "b.pdf", PDF)

    def send(*ids):
        return reply(ticket, attachment_ids=ids)

    assert refused(lambda: send(mine.pk, foreign.pk)) == "attachment.unknown"
    send(mine.pk)
    assert refused(lambda: send(mine.pk)) == "attachment.unknown"  # taken already
    assert ticket.messages.count() == 1  # a refused file takes its message with it
    note(ticket, agent, attachment_ids=[stored(agent.pk, "c.pdf", PDF).pk])
    early = stored(agent.pk, "d.pdf", PDF)
    answer(ticket, agent, now=now, attachment_ids=[early.pk])
    assert set(Attachment.objects.visible_to(ticket.buyer.user, now)) == {mine}
    later = now + timedelta(seconds=10)
    assert set(Attachment.objects.visible_to(ticket.buyer.user, later)) == {mine, early}
    assert set(Attachment.objects.visible_to(stranger.user, later)) == {foreign}
    assert not Attachment.objects.visible_to(agent, later).exists()


def test_six_files_are_too_many():
    ticket = make_ticket()
    ids = [stored(ticket.buyer.user_id, f"{n}.pdf", PDF).pk for n in range(6)]
    assert (
        refused(lambda: verbs.bind_attachments(ids, owner_id=ticket.buyer.user_id, ticket=ticket))
        == "attachment.too_many"
    )


def test_files_of_an_answer_taken_back_are_free_again():
    ticket, agent, now = make_ticket(), make_agent(), timezone.now()
    made = stored(agent.pk, "a.pdf", PDF)
    message = answer(ticket, agent, now=now, attachment_ids=[made.pk])
    undo_message(message_id=message.pk, actor=actor_of(agent), now=now)
    made.refresh_from_db()
    assert (made.ticket_id, made.message_id) == (None, None)


def test_orphans_go_after_a_day_and_the_others_stay(owner, store, django_capture_on_commit_callbacks):
    ticket, now = make_ticket(), timezone.now()
    bound = stored(ticket.buyer.user_id, "a.pdf", PDF)
    verbs.bind_attachments([bound.pk], owner_id=ticket.buyer.user_id, ticket=ticket)
    stored(owner, "b.pdf", PDF)
    begun = begin_upload(owner_id=owner, name="c.txt", size=10, now=now)
    take_piece(owner_id=owner, attachment_id=begun.pk, offset=0, piece=b"hello")
    assert drop_orphans(now=now + timedelta(hours=23)) == 0
    with django_capture_on_commit_callbacks(execute=True):
        assert drop_orphans(now=now + timedelta(hours=25)) == 2
    assert list(Attachment.objects.all()) == [bound]
    assert len(files_in(store)) == 1


def test_the_database_refuses_half_a_file(owner):
    made = begin_upload(owner_id=owner, name="a.txt", size=5, now=timezone.now())
    for wrong in ({"state": "ready"}, {"ticket": make_ticket()}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Attachment.objects.filter(pk=made.pk).update(**wrong)


# --- the scanner -----------------------------------------------------------------------------------------------------


@pytest.fixture
def clamd(settings):
    """A real socket that speaks INSTREAM and finds EICAR."""
    server = socket.create_server(("127.0.0.1", 0))
    settings.CLAMAV_SOCKET = f"127.0.0.1:{server.getsockname()[1]}"

    def answer_one():
        line, _address = server.accept()
        with line, line.makefile("rb") as stream:
            assert stream.read(10) == b"zINSTREAM\0"
            content = b""
            while size := struct.unpack("!L", stream.read(4))[0]:
                content += stream.read(size)
            line.sendall(b"stream: Eicar FOUND\0" if b"EICAR" in content else b"stream: OK\0")

    thread = threading.Thread(target=answer_one)
    thread.start()
    yield server
    thread.join(5)
    server.close()


def test_a_clean_file_is_marked_so(owner, clamd):
    assert stored(owner, "a.pdf", PDF).scan == "clean"


def test_a_harmful_file_is_refused(owner, clamd):
    assert refused(lambda: stored(owner, "a.txt", b"X5O!P EICAR")) == "attachment.infected"
    assert not Attachment.objects.exists()


def test_a_silent_scanner_keeps_files_out(owner, settings):
    settings.CLAMAV_SOCKET = "127.0.0.1:9"
    assert refused(lambda: stored(owner, "a.pdf", PDF)) == "attachment.scan_failed"
