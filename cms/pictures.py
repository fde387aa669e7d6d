"""Pictures in the sizes that pages and programs show.

The background worker cuts them ahead, so that no reader waits and no web worker swells. A reader who is faster than it
gets a small picture cut at once, and for a large one the words that describe it until the worker has been there.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import Q, QuerySet
from PIL import Image as Drawing
from wagtail.images import get_image_model
from wagtail.images.models import Filter, SourceImageIOError
from willow.image import JPEGImageFile
from willow.plugins.pillow import PillowImage

from cms.page_cache import content_changed
from cms.preload import SPECS

logger = logging.getLogger(__name__)

FOR_PROGRAMS = ("width-480", "width-960", "width-1600")
# So many pixels a web worker cuts itself: sixteen megabytes while it lasts.
SMALL = 4_000_000
BROKEN, BROKEN_RESTS = "cms.pictures.broken", timedelta(hours=1)
AT_ONCE = 10
ORIENTATION = 0x0112  # in EXIF


class NotCutYetError(Exception):
    """The picture is too large to be cut while somebody waits."""


def cuts_of(image: Any, specs: tuple[str, ...] = SPECS) -> list[Any]:
    """The cuts of a picture, the narrowest first, one for each width.

    Raises NotCutYetError; SourceImageIOError or OSError where the file is missing or broken.
    """
    filters = [Draft(spec) for spec in specs]
    found = image.find_existing_renditions(*filters)
    missing = [one for one in filters if one not in found]
    if missing and image.width * image.height > SMALL:
        raise NotCutYetError(f"picture {image.pk} has not been cut yet")
    cuts = [*found.values(), *_cut(image, missing)]
    return sorted({cut.width: cut for cut in cuts}.values(), key=lambda cut: cut.width)


def cut_ahead(*, limit: int = AT_ONCE) -> int:
    """Cuts pictures of which a size is missing, the newest first; returns how many.

    What cannot be cut is left alone for an hour.
    """
    broken: set[int] = cache.get(BROKEN) or set()
    known, done = len(broken), 0
    for image in _uncut().exclude(pk__in=broken).order_by("-pk")[:limit]:
        filters = [Draft(spec) for spec in (*SPECS, *FOR_PROGRAMS)]
        try:
            _cut(image, filters)
        except (SourceImageIOError, OSError) as error:
            logger.warning("picture %s cannot be cut: %s", image.pk, error)
            broken.add(image.pk)
        else:
            done += 1
    if len(broken) > known:
        cache.set(BROKEN, broken, BROKEN_RESTS.total_seconds())
    if done:
        content_changed()  # pages that were rendered without them
    return done


def _uncut() -> QuerySet[Any]:
    """Each set of sizes is cut in its order: where the last one is there, all are."""
    images = get_image_model()
    cuts = images.get_rendition_model().objects
    lacks = Q()
    for last in (SPECS[-1], FOR_PROGRAMS[-1]):
        lacks |= ~Q(pk__in=cuts.filter(filter_spec=last).values("image_id"))
    uncut: QuerySet[Any] = images.objects.filter(lacks)
    return uncut


def _cut(image: Any, filters: list[Draft]) -> list[Any]:
    """One after the other: Wagtail's `get_renditions` holds the whole picture three times at once."""
    return [image.get_rendition(one) for one in filters]


class Draft(Filter):
    """Reads a JPEG at a half, a quarter or an eighth of its size where the cut needs no more.

    A photo of 24 megapixels then takes six megabytes instead of 96, and a fraction of the time.
    """

    @contextmanager
    def get_willow_image(self, image: Any, source: Any = None) -> Iterator[Any]:
        with super().get_willow_image(image, source) as opened:
            yield _draft(opened, self._width()) if isinstance(opened, JPEGImageFile) else opened

    def _width(self) -> int:
        return int(self.spec.partition("|")[0].removeprefix("width-"))


def _draft(opened: JPEGImageFile, width: int) -> PillowImage:
    opened.f.seek(0)
    picture = Drawing.open(opened.f)
    lies_on_its_side = picture.getexif().get(ORIENTATION, 1) >= 5
    picture.draft(picture.mode, (1, width) if lies_on_its_side else (width, 1))
    picture.load()
    drawn = PillowImage(picture)
    drawn.format_name = opened.format_name
    return drawn
