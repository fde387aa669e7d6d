"""Whatever colour a company has, what is written in it or on it can be read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.palette import (
    DARK_SURFACE,
    ENOUGH,
    LIGHT_PAPER,
    brand_stylesheet,
    contrast,
    dark_shades,
    light_shades,
)

colours = st.integers(min_value=0, max_value=0xFFFFFF).map(lambda number: f"#{number:06x}")


def test_contrast_of_black_and_white_is_21() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#ffffff", "#000000") == pytest.approx(21)


@pytest.mark.parametrize("notation", ["", "teal", "#fff", "0b6e6e", "#0b6e6e;"])
def test_contrast_refuses_another_notation(notation: str) -> None:
    with pytest.raises(ValueError, match="#rrggbb"):
        contrast(notation, "#ffffff")


@given(colours)
def test_light_shades_can_be_read(colour: str) -> None:
    shades = light_shades(colour)
    for ground in (shades.wash, LIGHT_PAPER, shades.ink):
        assert contrast(shades.brand, ground) >= ENOUGH


@given(colours)
def test_dark_shades_can_be_read(colour: str) -> None:
    shades = dark_shades(colour)
    for ground in (shades.wash, DARK_SURFACE, shades.ink):
        assert contrast(shades.brand, ground) >= ENOUGH


def test_a_readable_colour_stays_what_it_is() -> None:
    assert light_shades("#0b6e6e").brand == "#0b6e6e"


def test_stylesheet_speaks_to_both_themes() -> None:
    sheet = brand_stylesheet("#0b6e6e")
    assert sheet.count("--brand:") == 2
    assert sheet.index("--brand: #0b6e6e") < sheet.index("prefers-color-scheme: dark")
