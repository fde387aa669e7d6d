"""What a search answers with, whoever contributes to it: groups of hits, ready to be shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.safestring import SafeString


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a person looks for: the text as typed, the forms of its words, and how many hits to show of a group."""

    text: str
    forms: frozenset[str]
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One thing that was found. `heading` and `excerpt` are HTML: escaped text with `<mark>` around what was found."""

    pk: int
    title: str
    url: str
    heading: SafeString
    excerpt: SafeString
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The hits of one kind; `count` is all of them, `hits` the first. `is_more`: there are more than were counted.
    `is_read_here`: pages of ours, of which it is counted which ones people open."""

    name: str
    label: str | Promise
    icon: str
    count: int
    hits: Sequence[Hit]
    is_more: bool = False
    is_read_here: bool = False


# A setting names further sources by their dotted path; who asks sees only what is theirs.
Source = Callable[[Any, Asked], Group]
