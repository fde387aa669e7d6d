"""The typeface is cut once, holds what Persian needs and stays small."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from portal import fonts, paper_font

PERSIAN = "آابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهیئءأؤۀ۰۱۲۳۴۵۶۷۸۹٪٫٬؟؛،«»"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return fonts.build_fonts(tmp_path_factory.mktemp("fonts"))


def test_four_weights_are_built(built: list[Path]) -> None:
    assert [path.name for path in built] == [f"estedad-{weight}.woff2" for weight in (400, 500, 600, 700)]
    assert all(path.stat().st_size < 40_000 for path in built)


def test_letters_digits_and_joining_are_kept(built: list[Path]) -> None:
    with TTFont(built[0]) as font:
        characters = font.getBestCmap()
        features = {record.FeatureTag for record in font["GSUB"].table.FeatureList.FeatureRecord}
    assert [sign for sign in PERSIAN + "\u200c\u200dAz09" if ord(sign) not in characters] == []
    assert {"init", "medi", "fina", "rlig", "tnum"} <= features


def test_what_is_up_to_date_stays(built: list[Path]) -> None:
    before = [path.stat().st_mtime_ns for path in built]
    fonts.build_fonts(built[0].parent)
    assert [path.stat().st_mtime_ns for path in built] == before


def test_what_is_older_than_its_source_is_built_again(built: list[Path]) -> None:
    os.utime(built[1], (0, 0))
    fonts.build_fonts(built[0].parent)
    assert built[1].stat().st_mtime > 0


@pytest.fixture
def ready(tmp_path, settings) -> Path:
    """The Regular for PDFs, laid ready where the papers look for it."""
    settings.PAPER_FONTS = tmp_path / "papers"
    paper_font.for_paper.cache_clear()
    yield paper_font.build_paper_fonts(settings.PAPER_FONTS, ["Regular"])[0]
    paper_font.for_paper.cache_clear()


def test_typeface_of_papers_is_taken_as_it_lies_ready(ready, monkeypatch) -> None:
    made = paper_font.cut("Regular")
    monkeypatch.setattr(paper_font, "cut", None)
    assert paper_font.for_paper("Regular") == ready.read_bytes() == made
    paper_font.build_paper_fonts(ready.parent, ["Regular"])  # nothing is cut again
    assert [path.name for path in ready.parent.iterdir()] == ["estedad-regular.ttf"]


def test_typeface_of_papers_that_is_old_is_not_taken(ready) -> None:
    ready.write_bytes(b"old")
    os.utime(ready, (0, 0))
    assert paper_font.for_paper("Regular") == paper_font.cut("Regular")
    assert paper_font.build_paper_fonts(ready.parent, ["Regular"])[0].read_bytes() == paper_font.cut("Regular")
