"""What lies in the media folder has no address of its own."""

import pytest


@pytest.fixture
def media(settings, tmp_path):
    """A media folder with a cut picture, an original and a document, of which no row tells."""
    settings.MEDIA_ROOT = tmp_path
    for folder, name in (
        ("images", "logo.height-96.png"),
        ("original_images", "logo.png"),
        ("documents", "secret.pdf"),
        ("media", "film.mp4"),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_bytes(b"\x89PNG")
    return tmp_path


@pytest.mark.parametrize(
    "path",
    [
        "images/logo.height-96.png",
        "images/none.png",
        "images/",
        "images/../documents/secret.pdf",
        "images/%2e%2e/documents/secret.pdf",
        "images/%2e%2e%2fdocuments%2fsecret.pdf",
        "original_images/logo.png",
        "documents/secret.pdf",
        "media/film.mp4",
        "media/%2e%2e%2fdocuments%2fsecret.pdf",
    ],
)
def test_a_file_is_not_served_by_its_place(client, media, db, path):
    assert client.get(f"/media/{path}", follow=True).status_code == 404
