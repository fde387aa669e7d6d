"""How the typeface for PDF is cut; see `portal.paper_font`. Only who cuts brings the library for it into memory."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from io import BytesIO
from typing import Any

from fontTools.otlLib.builder import buildCoverage, buildLookup, buildSingleSubstSubtable
from fontTools.ttLib import TTFont
from fontTools.ttLib.tables import otTables
from fontTools.ttLib.tables._g_l_y_f import Glyph

from portal.fonts import source

ZWNJ = 0x200C
LAMS = ("uniFEDF", "uniFEE0")
HAMZA = "uni0654"
HEHS = {("uni0647", HAMZA): "uni06C0", ("uniFEEA", HAMZA): "uniFBA5", ("uniFBAB", HAMZA): "uniFBA5"}


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
