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
from copy import deepcopy
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from django.conf import settings
from fontTools.otlLib.builder import buildCoverage, buildLookup, buildSingleSubstSubtable
from fontTools.ttLib import TTFont
from fontTools.ttLib.tables import otTables
from fontTools.ttLib.tables._g_l_y_f import Glyph

from portal.fonts import source

ZWNJ = 0x200C
LAMS = ("uniFEDF", "uniFEE0")
HAMZA = "uni0654"
HEHS = {("uni0647", HAMZA): "uni06C0", ("uniFEEA", HAMZA): "uniFBA5", ("uniFBAB", HAMZA): "uniFBA5"}


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
    recipe = max(source(weight).stat().st_mtime, Path(__file__).stat().st_mtime)
    return ready.exists() and ready.stat().st_mtime > recipe


def cut(weight: str) -> bytes:
    """The TrueType file of a weight, made anew."""
    font = TTFont(source(weight), recalcTimestamp=False)
    lookups = font["GSUB"].table.LookupList.Lookup
    for number, lookup in enumerate(list(lookups)):
        pairs = _pairs(lookup)
        if any(first in LAMS for first, _second in pairs):
            lookups[number] = _apart(font, pairs, flags=lookup.LookupFlag)
    _attach(font, "rlig", _apart(font, HEHS, flags=0))
    joiner = font.getBestCmap()[ZWNJ]
    font["glyf"][joiner], font["hmtx"][joiner] = Glyph(), (0, 0)
    _attach(font, "liga", buildLookup([buildSingleSubstSubtable({joiner: joiner})]))
    font.save(made := BytesIO())
    return made.getvalue()


def _pairs(lookup: Any) -> dict[tuple[str, str], str]:
    """The ligatures of two glyphs in a lookup: (first, second) → drawing of both."""
    tables = [getattr(table, "ExtSubTable", table) for table in lookup.SubTable]
    return {
        (first, ligature.Component[0]): ligature.LigGlyph
        for table in tables
        if table.LookupType == 4
        for first, ligatures in table.ligatures.items()
        for ligature in ligatures
        if len(ligature.Component) == 1
    }


def _apart(font: TTFont, pairs: dict[tuple[str, str], str], *, flags: int) -> Any:
    """A lookup that gives the first glyph of each pair the drawing of both, and the second an empty one."""
    steps: list[Any] = []
    whole: list[str] = []
    for second in sorted({second for _first, second in pairs}):
        drawn = {a: _copy(font, both, f"{both}.whole") for (a, b), both in pairs.items() if b == second}
        whole += drawn.values()
        steps.append(_step(font, at=drawn, after=[second]))
    empty = {second: _empty(font, f"{second}.empty") for _first, second in pairs}
    steps.append(_step(font, at=empty, before=whole))
    lookup = buildLookup(steps)
    lookup.LookupFlag = flags
    return lookup


def _step(font: TTFont, *, at: dict[str, str], before: Iterable[str] = (), after: Iterable[str] = ()) -> Any:
    """Replaces glyphs where they stand before or after others."""
    order = font.getReverseGlyphMap(rebuild=True)
    step = otTables.ChainContextSubst()
    step.Format = 3
    for name, glyphs in (("Backtrack", before), ("Input", at), ("LookAhead", after)):
        covered = [buildCoverage(glyphs, order)] if glyphs else []
        setattr(step, f"{name}Coverage", covered)
        setattr(step, f"{name}GlyphCount", len(covered))
    record = otTables.SubstLookupRecord()
    record.SequenceIndex, record.LookupListIndex = 0, _append(font, buildLookup([buildSingleSubstSubtable(at)]))
    step.SubstLookupRecord, step.SubstCount = [record], 1
    return step


def _copy(font: TTFont, drawing: str, name: str) -> str:
    if name not in font["glyf"].glyphs:
        font["glyf"][name], font["hmtx"][name] = deepcopy(font["glyf"][drawing]), font["hmtx"][drawing]
    return name


def _empty(font: TTFont, name: str) -> str:
    font["glyf"][name], font["hmtx"][name] = Glyph(), (0, 0)
    return name


def _append(font: TTFont, lookup: Any) -> int:
    lookups = font["GSUB"].table.LookupList
    lookups.Lookup.append(lookup)
    lookups.LookupCount = len(lookups.Lookup)
    return int(lookups.LookupCount) - 1


def _attach(font: TTFont, feature: str, lookup: Any) -> None:
    """Makes a lookup the last one of a feature."""
    number = _append(font, lookup)
    for record in font["GSUB"].table.FeatureList.FeatureRecord:
        if record.FeatureTag == feature:
            record.Feature.LookupListIndex.append(number)
            record.Feature.LookupCount += 1
