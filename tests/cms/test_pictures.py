"""Pictures are cut by the worker ahead; whoever comes before it waits little, and no process swells."""

from __future__ import annotations

from io import BytesIO

import pytest
from django.core.cache import cache
from django.core.files.images import ImageFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image as Drawing
from rest_framework.test import APIClient
from wagtail.images import get_image_model
from wagtail.images.models import SourceImageIOError

from cms import pictures
from cms.pictures import FOR_PROGRAMS, SMALL, NotCutYetError, cut_ahead, cuts_of
from cms.preload import SPECS
from cms.tasks import cut_pictures
from tests.factories.customer import make_buyer, make_staff
from tests.factories.reading import block, make_article, make_image

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_remembered():
    cache.clear()


def photo(width: int, height: int, *, orientation: int = 1):
    """A JPEG, as a camera writes it: black, but for a white left edge."""
    drawing = Drawing.new("RGB", (width, height))
    drawing.paste((255, 255, 255), (0, 0, width // 4, height))
    exif = Drawing.Exif()
    exif[0x0112] = orientation
    data = BytesIO()
    drawing.save(data, "JPEG", exif=exif)
    file = ImageFile(BytesIO(data.getvalue()), name=f"photo-{width}-{orientation}.jpg")
    return get_image_model().objects.create(title="عکس", file=file)


def specs_of(image) -> set[str]:
    return set(image.renditions.values_list("filter_spec", flat=True))


def figure(image) -> dict:
    return block("figure", {"image": image.pk, "alt": "پشت دستگاه", "caption": ""})


def test_worker_cuts_every_size_once():
    first, second = make_image(), make_image()
    assert cut_pictures() == 2
    assert specs_of(first) == specs_of(second) == {*SPECS, *FOR_PROGRAMS}
    assert cut_pictures() == 0


def test_picture_that_pages_have_cut_already_gets_the_other_sizes():
    image = make_image()
    cuts_of(image)
    assert specs_of(image) == set(SPECS)
    assert cut_ahead() == 1
    assert specs_of(image) == {*SPECS, *FOR_PROGRAMS}


def test_worker_takes_the_newest_first_and_few_at_once():
    old, new = make_image(), make_image()
    assert cut_ahead(limit=1) == 1
    assert (specs_of(old), len(specs_of(new))) == (set(), 6)


def test_broken_picture_does_not_stop_the_others():
    good, gone = make_image(), make_image()
    gone.file.storage.delete(gone.file.name)
    assert cut_ahead(limit=1) == 0
    assert cut_ahead(limit=1) == 1
    assert specs_of(good)
    cache.delete(pictures.BROKEN)  # an hour later
    assert cut_ahead() == 0


def test_reader_before_the_worker_gets_a_small_picture():
    page = make_article(open_to_all=True, body=[figure(make_image())])
    assert "srcset=" in Client().get(page.url).content.decode()


def test_reader_before_the_worker_gets_the_words_of_a_large_picture_and_then_the_picture():
    image = make_image(width=2600, height=1600)
    assert image.width * image.height > SMALL
    page = make_article(open_to_all=True, body=[figure(image)])
    before = Client().get(page.url).content.decode()
    assert '<span class="pic-missing">پشت دستگاه</span>' in before
    assert specs_of(image) == set()
    cut_ahead()
    assert "srcset=" in Client().get(page.url).content.decode()


def test_program_before_the_worker_gets_the_rest_of_the_page():
    image = make_image(width=2600, height=1600)
    page = make_article(open_to_all=True, body=[figure(image)])
    program = APIClient()
    program.force_authenticate(make_buyer().user)
    address = f"/api/v1/content/articles/{page.pk}/"
    shown = program.get(address).json()["body"][0]["value"]["image"]
    assert (shown["alt"], shown["renditions"]) == ("پشت دستگاه", [])
    cut_ahead()
    widths = [cut["width"] for cut in program.get(address).json()["body"][0]["value"]["image"]["renditions"]]
    assert widths == [480, 960, 1600]


def test_large_picture_is_refused_while_somebody_waits():
    with pytest.raises(NotCutYetError):
        cuts_of(make_image(width=2600, height=1600))


def test_missing_file_is_told_apart():
    image = make_image()
    image.file.storage.delete(image.file.name)
    with pytest.raises(SourceImageIOError):
        cuts_of(image)


def test_picture_that_is_smaller_than_a_cut_has_one_cut():
    assert [(cut.width, cut.height) for cut in cuts_of(make_image(width=300, height=200))] == [(300, 200)]


@pytest.mark.parametrize(("orientation", "size"), [(1, (1400, 700)), (6, (1400, 2800))])
def test_photo_is_read_small_and_cut_as_it_stands(orientation, size, monkeypatch):
    opened = []
    draft = pictures._draft
    monkeypatch.setattr(pictures, "_draft", lambda *a: opened.append(draft(*a)) or opened[-1])
    image = photo(6000, 3000, orientation=orientation)
    cut_ahead()
    smaller = 8 if orientation == 1 else 4
    assert opened[0].get_size() == (6000 // smaller, 3000 // smaller)
    assert max(picture.get_size() for picture in opened) == ((3000, 1500) if orientation == 1 else (6000, 3000))
    cut = image.renditions.get(filter_spec=SPECS[-1])
    assert (cut.width, cut.height) == size
    with cut.file.open() as file:
        drawn = Drawing.open(file).convert("L")
        corners = [drawn.getpixel(at) for at in ((5, 5), (drawn.width - 5, 5), (5, drawn.height - 5))]
    white = [corner > 200 for corner in corners]
    assert white == ([True, False, True] if orientation == 1 else [True, True, False])


def test_picture_with_too_many_pixels_is_refused_at_the_door(client, settings):
    client.force_login(make_staff(is_superuser=True))
    data = BytesIO()
    Drawing.new("RGB", (200, 100)).save(data, "PNG")
    for size, kept in ((10_000, 0), (20_000, 1)):
        settings.WAGTAILIMAGES_MAX_IMAGE_PIXELS = size
        file = SimpleUploadedFile("large.png", data.getvalue(), content_type="image/png")
        typed = {"title": "بزرگ", "description": "یک برگ سیاه", "collection": 1}
        client.post("/admin/images/add/", typed | {"file": file})
        assert get_image_model().objects.filter(title="بزرگ").count() == kept
