"""The outline of a text: its headings with their anchors, and how long it takes to read."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.html import strip_tags
from django.utils.text import slugify

WORDS_A_MINUTE = 180
LEVELS = {"heading": 2, "subheading": 3}
# Values of blocks that are keys of pictures and files, not words.
KEYS = {"image", "media", "document", "url", "id", "type"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A heading of level 2 or 3; `position` is that of its block in the text."""

    position: int
    level: int
    text: str
    anchor: str


def outline_of(raw: Iterable[Any]) -> list[Heading]:
    """The headings of a raw stream. Anchors are made from the words, so that a link to one outlives other changes."""
    headings: list[Heading] = []
    taken: dict[str, int] = {}
    for position, block in enumerate(raw):
        level = LEVELS.get(block["type"])
        if level is None or not block["value"]:
            continue
        name = slugify(block["value"], allow_unicode=True) or "part"
        taken[name] = taken.get(name, 0) + 1
        anchor = name if taken[name] == 1 else f"{name}-{taken[name]}"
        headings.append(Heading(position=position, level=level, text=block["value"], anchor=f"s-{anchor}"))
    return headings


def minutes_of(raw: Iterable[Any]) -> int:
    """Whole minutes that reading takes, one at least."""
    words = sum(len(text.split()) for block in raw for text in _texts(block["value"]))
    return max(1, math.ceil(words / WORDS_A_MINUTE))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield strip_tags(value)
    elif isinstance(value, dict):
        for name, part in value.items():
            if name not in KEYS:
                yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)
