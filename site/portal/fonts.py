"""The typeface of the pages: cut from its package to what Persian and Latin pages need.

No font lies in the repository. `django-persian-admin` brings Estedad (OFL) as TrueType; the browser gets a subset as
WOFF2, about 35 kB a weight.
"""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path

WEIGHTS = {"Regular": 400, "Medium": 500, "SemiBold": 600, "Bold": 700}

# Latin letters, digits and signs; Arabic letters, marks and both rows of digits; joiners, direction marks and isolates.
UNICODES = [
    *range(0x0020, 0x007F),
    *(0x00A0, 0x00A9, 0x00AB, 0x00AE, 0x00B0, 0x00B1, 0x00B7, 0x00BB, 0x00D7),
    *range(0x060C, 0x0670),
    *(0x0670, 0x067E, 0x0686, 0x0698, 0x06A9, 0x06AF, 0x06BE, 0x06C0, 0x06C1, 0x06C2, 0x06C3, 0x06CC, 0x06D0, 0x06D5),
    *range(0x06F0, 0x06FA),
    *range(0x200B, 0x2010),
    *(0x2013, 0x2014, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2026, 0x2030, 0x2039, 0x203A, 0x20AC, 0x2212),
    *range(0x2066, 0x206A),
]

# Joining and marks make Persian legible; `tnum` sets columns of figures. Small capitals and old-style figures go.
FEATURES = [
    "calt", "ccmp", "fina", "init", "isol", "kern", "liga", "locl", "mark", "medi", "mkmk", "rlig", "tnum",
]  # fmt: skip


def source(weight: str) -> Path:
    """The TrueType file of a weight (`"Regular"` …), in the package that brings it."""
    with as_file(files("persian_admin") / f"static/persian_admin/fonts/Estedad-{weight}.ttf") as path:
        return path


def build_fonts(target: Path) -> list[Path]:
    """Writes `estedad-400.woff2` … into the folder `target` and returns the four paths; what is up to date stays."""
    target.mkdir(parents=True, exist_ok=True)
    return [_build(source(weight), target / f"estedad-{number}.woff2") for weight, number in WEIGHTS.items()]


def _build(ttf: Path, woff2: Path) -> Path:
    recipe = max(ttf.stat().st_mtime, Path(__file__).stat().st_mtime)
    if woff2.exists() and woff2.stat().st_mtime > recipe:
        return woff2
    from fontTools import subset  # 8 MB that no web worker needs

    options = subset.Options()
    options.flavor = "woff2"
    options.layout_features = FEATURES
    options.name_IDs = [0, 1, 2, 4, 6, 13, 14]  # the licence travels with the font
    options.hinting = False
    # Another process may be reading the old file: the new one takes its place in one step.
    unfinished = woff2.with_suffix(".tmp")
    with subset.load_font(str(ttf), options) as font:
        cutter = subset.Subsetter(options)
        cutter.populate(unicodes=UNICODES)
        cutter.subset(font)
        subset.save_font(font, str(unfinished), options)
    unfinished.replace(woff2)
    return woff2
