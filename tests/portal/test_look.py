"""The rules of the design system that a reader of one file cannot see."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template import engines
from django.template.loader import render_to_string

TEMPLATES = settings.ROOT / "templates"
STATIC = settings.ROOT / "site" / "static"
# Papers are made into PDF, where a style sheet stands inside the document and no browser reads it.
PAGES = sorted(path for path in TEMPLATES.rglob("*.html") if path.parent.name != "papers")
COMPONENTS = sorted((TEMPLATES / "components").glob("*.html"))
SHEETS = sorted((STATIC / "css").glob("*.css"))


def named(paths: list[Path]) -> list[object]:
    return [pytest.param(path, id=path.name) for path in paths]


@pytest.mark.parametrize("path", named(PAGES))
def test_a_template_compiles_and_carries_no_inline_style_or_script(path: Path) -> None:
    source = path.read_text()
    engines["django"].from_string(source)
    assert re.findall(r"\sstyle=|\son[a-z]+=|<style|<script(?![^>]*\ssrc=)|javascript:", source) == []


@pytest.mark.parametrize("path", named(COMPONENTS))
def test_a_component_says_what_it_takes(path: Path) -> None:
    assert path.read_text().startswith("{% comment %}")


@pytest.mark.parametrize("path", named(PAGES))
def test_every_icon_is_drawn(path: Path) -> None:
    drawn = set(re.findall(r'<symbol id="(\w+)"', (STATIC / "icons.svg").read_text()))
    source = path.read_text()
    if "wagtailadmin" in path.parts:
        pytest.skip("Wagtail's own icons")
    used = set(re.findall(r"{% icon \"(\w+)\"", source)) | set(re.findall(r"\b(?:action_)?icon=\"(\w+)\"", source))
    assert used - drawn == set()


@pytest.mark.parametrize("path", named(SHEETS))
def test_a_sheet_knows_no_left_and_right(path: Path) -> None:
    physical = r"(?:margin|padding|border)-(?:left|right|top|bottom)|(?<![\w-])(?:left|right|top|bottom)\s*:"
    assert re.findall(physical + r"|text-align:\s*(?:left|right)|float:", path.read_text()) == []


@pytest.mark.parametrize(
    "path", named([path for path in SHEETS if path.name in {"base.css", "frame.css", "components.css"}])
)
def test_colours_are_written_in_the_tokens_only(path: Path) -> None:
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b|rgb\(|hsl\(", path.read_text()) == []


def test_the_page_of_a_broken_server_needs_nothing() -> None:
    page = render_to_string("500.html")
    assert "خطایی پیش آمد" in page
    assert all((STATIC / sheet).is_file() for sheet in re.findall(r'href="/static/([^"]+)"', page))
