"""Answers that belong to no app."""

import pytest


@pytest.fixture
def media(settings, tmp_path):
    """A media folder with a cut picture, an original and a document."""
    settings.MEDIA_ROOT = tmp_path
    for folder, name in (
        ("images", "logo.height-96.png"),
        ("original_images", "logo.png"),
        ("documents", "secret.pdf"),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_bytes(b"\x89PNG")
    return tmp_path


def test_picture_is_shown_to_everybody_and_may_be_kept(client, media):
    answer = client.get("/media/images/logo.height-96.png")

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/png")
    assert b"".join(answer.streaming_content) == b"\x89PNG"
    assert answer.headers["Cache-Control"] == "public, max-age=2592000"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["none.png", "", "../documents/secret.pdf", "%2e%2e/documents/secret.pdf"])
def test_nothing_else_is(client, media, db, path):
    assert client.get(f"/media/images/{path}", follow=False).status_code == 404


@pytest.mark.parametrize("path", ["original_images/logo.png", "documents/secret.pdf"])
def test_originals_and_documents_are_not_served_from_their_folder(client, media, db, path):
    assert client.get(f"/media/{path}", follow=True).status_code == 404
