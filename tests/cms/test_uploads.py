"""What editors upload is what its name says."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from wagtail.documents import get_document_model
from wagtail.images import get_image_model
from wagtailmedia.models import get_media_model

from cms.uploads import is_what_it_says
from customer.roles import Role
from tests.factories.content import make_document
from tests.factories.customer import make_staff

PDF = b"%PDF-1.7\n"
MP4 = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"
LYING = "محتوای این پرونده با نام آن نمی‌خواند."
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.fixture
def editor(client, db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    client.force_login(make_staff(Role.EDITOR))
    return client


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("a.pdf", PDF),
        ("a.PDF", PDF),
        ("a.docx", b"PK\x03\x04"),
        ("a.7z", b"7z\xbc\xaf\x27\x1c"),
        ("a.exe", b"MZ\x90"),
        ("a.txt", "سلام".encode()),
        ("a.csv", ("ی" * 300).encode()[:511]),
        ("a.txt", "سلام".encode("utf-16")),
        ("a.vtt", b"WEBVTT\n\n"),
        ("a.bin", b"\x01\x02"),
        ("a.mp4", MP4),
        ("a.m4v", MP4),
        ("a.webm", b"\x1a\x45\xdf\xa3"),
        ("a.mp3", b"ID3\x04"),
        ("a.webp", b"RIFF\0\0\0\0WEBPVP8 "),
    ],
)
def test_a_true_name(name, head):
    assert is_what_it_says(name, head)


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("a.pdf", b"MZ\x90"),
        ("a.pdf", b""),
        ("a.docx", PDF),
        ("a.exe", PDF),
        ("a.txt", b"MZ\x90\0\x03"),
        ("a.txt", b"\xff\xd8\xff\xe0"),
        ("a.txt", b" <HTML><script>"),
        ("a.csv", SVG),
        ("a.vtt", b"<script>"),
        ("a.bin", b"\x7fELF"),
        ("a.bin", SVG),
        ("a.mp4", b"\x1a\x45\xdf\xa3"),
        ("a.webp", b"RIFF\0\0\0\0WAVEfmt "),
        ("a.html", b"text"),
        ("a.svg", SVG),
        ("a", PDF),
    ],
)
def test_a_lying_one(name, head):
    assert not is_what_it_says(name, head)


def upload_document(editor, name, content):
    return editor.post(
        reverse("wagtaildocs:add"), {"title": "راهنما", "file": SimpleUploadedFile(name, content), "collection": 1}
    )


def test_a_document_comes_in(editor):
    assert upload_document(editor, "راهنما.pdf", PDF).status_code == 302
    assert get_document_model().objects.get().file_size == len(PDF)


def test_a_lying_document_is_refused_in_persian(editor):
    answer = upload_document(editor, "guide.pdf", b"MZ\x90 a program")
    assert answer.status_code == 200
    assert LYING in answer.content.decode()
    assert not get_document_model().objects.exists()


def test_an_unknown_ending_is_refused(editor):
    for name in ("page.html", "page.svg", "run.sh"):
        assert "file" in upload_document(editor, name, b"text").context["form"].errors
    assert not get_document_model().objects.exists()


def test_several_at_once_are_looked_at_too(editor):
    answer = editor.post(
        reverse("wagtaildocs:add_multiple"),
        {"files[]": SimpleUploadedFile("guide.pdf", b"MZ\x90 a program")},
        headers={"X-Requested-With": "XMLHttpRequest"},
    )
    assert not answer.json()["success"]
    assert not get_document_model().objects.exists()


def test_new_words_for_a_document_leave_its_file(editor):
    document = make_document()
    answer = editor.post(reverse("wagtaildocs:edit", args=[document.pk]), {"title": "تازه", "collection": 1})
    assert answer.status_code == 302
    document.refresh_from_db()
    assert (document.title, document.filename.startswith("guide")) == ("تازه", True)


def test_a_picture_with_scripts_is_refused(editor):
    answer = editor.post(
        reverse("wagtailimages:add"), {"title": "نقشه", "file": SimpleUploadedFile("a.svg", SVG), "collection": 1}
    )
    assert "file" in answer.context["form"].errors
    assert not get_image_model().objects.exists()


@pytest.fixture
def admin(client, db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    client.force_login(make_staff(is_superuser=True, is_staff=True))
    return client


def upload_video(admin, name, content, **more):
    data = {"title": "فیلم", "file": SimpleUploadedFile(name, content), "collection": 1, "duration": 10}
    return admin.post(reverse("wagtailmedia:add", args=["video"]), data | more)


def test_a_video_comes_in(admin):
    poster = SimpleUploadedFile("a.png", b"\x89PNG\r\n\x1a\n")
    assert upload_video(admin, "film.mp4", MP4, thumbnail=poster).status_code == 302
    assert get_media_model().objects.get().thumbnail


def test_a_lying_video_or_poster_is_refused(admin):
    assert LYING in upload_video(admin, "film.mp4", PDF).content.decode()
    lying = SimpleUploadedFile("a.png", SVG)
    assert LYING in upload_video(admin, "film.mp4", MP4, thumbnail=lying).content.decode()
    assert "file" in upload_video(admin, "film.avi", MP4).context["form"].errors
    assert not get_media_model().objects.exists()


def test_the_screens_of_a_video_link_to_where_it_can_be_had(admin):
    upload_video(admin, "film.mp4", MP4, thumbnail=SimpleUploadedFile("a.png", b"\x89PNG\r\n\x1a\n"))
    video = get_media_model().objects.get()
    screen = admin.get(reverse("wagtailmedia:edit", args=[video.pk])).content.decode()
    links = set(re.findall(r'href="(/media/[^"]+)"', screen))
    assert len(links) == 2
    for link in links:
        answer = admin.get(link)
        assert answer.status_code == 200
        assert b"".join(answer.streaming_content)
