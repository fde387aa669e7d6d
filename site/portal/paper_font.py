"""The typeface for PDF: the same drawing, cut so that every letter of a text keeps a glyph of its own.

What a reader copies out of a PDF is what each glyph says it stands for. Three habits of Persian shaping spoil that, and
are undone here, without a visible difference:

- The zero-width non-joiner is dropped from a line. What a font has substituted itself is not dropped, so the last of
  the features puts the (emptied) joiner in its own place.
- Lam and alef become one glyph that stands for two letters, which some readers give out in the wrong order. Here lam
  takes the whole drawing, and alef an empty one.
- The hamza on heh is set as a raised line of its own. Here heh takes the drawing of both.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from django.conf import settings

from portal.fonts import source


@cache
def for_paper(weight: str) -> bytes:
    """The TrueType file of a weight (`"Regular"` …) for PDF; the same bytes at every call.

    Cutting one takes a quarter of a second, so `build_fonts` lays them ready; what is missing or older is cut here.
    """
    ready = _ready(settings.PAPER_FONTS, weight)
    return ready.read_bytes() if _is_fresh(ready, weight) else cut(weight)


def build_paper_fonts(target: Path, weights: Iterable[str]) -> list[Path]:
    """Lays the files of the weights ready in the folder `target`; what is up to date stays."""
    target.mkdir(parents=True, exist_ok=True)
    for weight in weights:
        if not _is_fresh(ready := _ready(target, weight), weight):
            # Another process may be reading the old file: the new one takes its place in one step.
            (unfinished := ready.with_suffix(".tmp")).write_bytes(cut(weight))
            unfinished.replace(ready)
    return [_ready(target, weight) for weight in weights]


def _ready(folder: Path, weight: str) -> Path:
    return folder / f"estedad-{weight.lower()}.ttf"


def _is_fresh(ready: Path, weight: str) -> bool:
    recipe = max(path.stat().st_mtime for path in (source(weight), Path(__file__).with_name("paper_glyphs.py")))
    return ready.exists() and ready.stat().st_mtime > recipe


def cut(weight: str) -> bytes:
    """The TrueType file of a weight, made anew."""
    from portal.paper_glyphs import cut

    return cut(weight)
