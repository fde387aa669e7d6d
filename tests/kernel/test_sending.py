"""Private files on their way out: whole, in ranges, again, or by the web server."""

import os
import resource

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.core.signals import request_finished
from django.db import close_old_connections
from django.db.models.fields.files import FieldFile
from django.http import Http404
from django.test import RequestFactory

from customer.models import SignOffPhoto
from kernel.sending import send_file

CONTENT = bytes(range(256)) * 4
SIZE = len(CONTENT)


@pytest.fixture
def storage(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    return FileSystemStorage(location=settings.MEDIA_ROOT)


@pytest.fixture
def kept(storage):
    """A file as a model's field has it."""

    def keep(content=CONTENT, name="folder/a file.bin"):
        field = SignOffPhoto._meta.get_field("file")
        file = FieldFile(SignOffPhoto(), field, storage.save(name, ContentFile(content)))
        file.storage = storage
        return file

    return keep


def ask(file, method="get", *, name="a.mp4", content_type="video/mp4", inline=True, **headers):
    request = getattr(RequestFactory(), method)("/", headers=headers)
    return send_file(request, file, name=name, content_type=content_type, inline=inline)


def body(answer) -> bytes:
    found = b"".join(answer.streaming_content) if answer.streaming else answer.content
    close(answer)
    return found


def close(answer) -> None:
    """As the test client does: the connection of another test may still be open."""
    request_finished.disconnect(close_old_connections)
    answer.close()
    request_finished.connect(close_old_connections)


def test_the_whole_file(kept):
    answer = ask(kept())
    assert (answer.status_code, body(answer)) == (200, CONTENT)
    assert answer.headers["Content-Length"] == str(SIZE)
    assert answer.headers["Content-Type"] == "video/mp4"
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].endswith("; sandbox")
    assert answer.headers["Last-Modified"]


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=0-99", 0, 99),
        ("bytes=100-", 100, SIZE - 1),
        ("bytes=-10", SIZE - 10, SIZE - 1),
        ("bytes=-99999", 0, SIZE - 1),
        (f"bytes=5-{10**30}", 5, SIZE - 1),
        ("bytes= 7 - 8", 7, 8),
    ],
)
def test_a_range_of_bytes(kept, asked, first, last):
    answer = ask(kept(), Range=asked)
    assert (answer.status_code, body(answer)) == (206, CONTENT[first : last + 1])
    assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{SIZE}"
    assert answer.headers["Content-Length"] == str(last - first + 1)
    assert answer.headers["Content-Type"] == "video/mp4"


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", f"bytes={SIZE + 5}-{SIZE + 9}", "bytes=-0", f"bytes={10**30}-"])
def test_a_range_that_is_not_there(kept, asked):
    answer = ask(kept(), Range=asked)
    assert (answer.status_code, answer.content) == (416, b"")
    assert answer.headers["Content-Range"] == f"bytes */{SIZE}"


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,5-6", "bytes=9-3", "bytes=-", "bytes=a-b", "bytes=۱-۲", "lines=0-1", "bytes", "bytes=--5", ""]
)
def test_what_is_no_single_range_gets_the_whole(kept, asked):
    answer = ask(kept(), Range=asked)
    assert (answer.status_code, body(answer)) == (200, CONTENT)


def test_an_empty_file(kept):
    file = kept(b"")
    assert ask(file, Range="bytes=0-").status_code == 416
    answer = ask(file)
    assert (answer.status_code, body(answer)) == (200, b"")


def test_if_range_goes_by_the_same_file(kept):
    file = kept()
    headers = ask(file, "head").headers
    for same in (headers["ETag"], headers["Last-Modified"]):
        assert ask(file, Range="bytes=0-1", **{"If-Range": same}).status_code == 206
    for other in ('"else"', f"W/{headers['ETag']}", "Sat, 01 Jan 2000 00:00:00 GMT"):
        answer = ask(file, Range="bytes=0-1", **{"If-Range": other})
        assert (answer.status_code, body(answer)) == (200, CONTENT)


def test_head_tells_the_same_without_the_bytes(kept):
    answer = ask(kept(), "head", Range="bytes=0-1")
    assert (answer.status_code, answer.content, answer.headers["Content-Length"]) == (200, b"", str(SIZE))


def test_what_the_browser_has_is_not_sent_again(kept):
    file = kept()
    headers = ask(file, "head").headers
    again = ask(file, **{"If-None-Match": headers["ETag"]})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", headers["ETag"])
    assert ask(file, **{"If-Modified-Since": headers["Last-Modified"]}).status_code == 304
    assert ask(file, **{"If-None-Match": '"else"'}, Range="bytes=0-1").status_code == 206
    assert ask(file, **{"If-Match": '"else"'}).status_code == 412


@pytest.mark.parametrize(
    ("content_type", "shown"),
    [
        ("application/pdf", True),
        ("image/png", True),
        ("video/mp4", True),
        ("audio/mpeg", True),
        ("image/svg+xml", False),
        ("text/html", False),
        ("text/vtt", False),
        ("application/zip", False),
        ("application/octet-stream", False),
    ],
)
def test_only_what_cannot_harm_is_shown_by_the_browser(kept, content_type, shown):
    file = kept()
    for inline in (True, False):
        answer = ask(file, "head", content_type=content_type, inline=inline)
        kind = "inline" if shown and inline else "attachment"
        assert answer.headers["Content-Disposition"].startswith(kind)


def test_a_persian_name_is_written_as_rfc_5987_has_it(kept):
    answer = ask(kept(), "head", name='راهنمای "نصب"\r\n.pdf', inline=False)
    told = answer.headers["Content-Disposition"]
    assert told.startswith("attachment; filename*=utf-8''%D8%B1")
    assert "\r" not in told
    assert told.isascii()


def test_a_file_that_is_gone_is_not_found(kept, storage):
    file = kept()
    storage.delete(file.name)
    with pytest.raises(Http404):
        ask(file)
    file.name = ""
    with pytest.raises(Http404):
        ask(file)


def test_a_storage_without_a_disk_is_read_through(kept):
    answer = ask(ContentFile(CONTENT, name="x"), Range="bytes=1-2")
    assert (answer.status_code, body(answer)) == (206, CONTENT[1:3])
    assert "ETag" not in answer.headers


def test_the_web_server_sends_it(kept, settings):
    settings.X_ACCEL_PREFIX = "/private-files/"
    answer = ask(kept(name="folder/نقشه ۱.pdf"), content_type="application/pdf", Range="bytes=0-1")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["X-Accel-Redirect"].startswith("/private-files/media/folder/%D9%86")
    assert answer.headers["X-Accel-Redirect"].isascii()
    assert answer.headers["Content-Disposition"].startswith("inline")
    assert not {"ETag", "Content-Range"} & answer.headers.keys()


def test_the_web_server_gets_no_file_from_elsewhere(kept, settings, tmp_path):
    file = kept()
    settings.X_ACCEL_PREFIX = "/private-files/"
    settings.MEDIA_ROOT = tmp_path / "another"
    answer = ask(file)
    assert "X-Accel-Redirect" not in answer.headers
    assert body(answer) == CONTENT


def test_two_gigabytes_are_not_held_in_memory(kept, storage):
    file = kept()
    size = 2 * 1024**3 + 5
    os.truncate(storage.path(file.name), size)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answer = ask(file, Range=f"bytes={size - 3}-")
    assert (answer.status_code, body(answer)) == (206, b"\0\0\0")
    whole = ask(file)
    pieces = iter(whole.streaming_content)
    assert sum(len(next(pieces)) for _ in range(256)) >= 32 * 1024**2
    assert whole.headers["Content-Length"] == str(size)
    close(whole)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 16 * 1024  # KiB
