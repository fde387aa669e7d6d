"""Choosers of pictures, files and videos that take what a page has read beforehand, all kinds of block in one go."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from wagtail.documents.blocks import DocumentChooserBlock
from wagtail.images.blocks import ImageChooserBlock
from wagtailmedia.blocks import VideoChooserBlock

from cms import preload


class Preloaded:
    """Looks on the page's shelf first; what is not there is read as Wagtail does."""

    kind: str

    def to_python(self, value: Any) -> Any:
        shelf = preload.shelf()
        return super().to_python(value) if shelf is None else self._from(shelf, [value])[0]  # type: ignore[misc]

    def bulk_to_python(self, values: Sequence[Any]) -> list[Any]:
        shelf = preload.shelf()
        if shelf is None:
            return super().bulk_to_python(values)  # type: ignore[misc]
        return self._from(shelf, values)

    def _from(self, shelf: preload.Shelf, values: Sequence[Any]) -> list[Any]:
        """A copy for each place, as Wagtail gives; None for what has been deleted."""
        found: dict[Any, Any] = getattr(shelf, self.kind)
        return [copy.copy(found.get(value)) for value in values]


class PictureBlock(Preloaded, ImageChooserBlock):
    kind = "images"


class DocumentBlock(Preloaded, DocumentChooserBlock):
    kind = "documents"


class VideoFileBlock(Preloaded, VideoChooserBlock):
    kind = "media"
