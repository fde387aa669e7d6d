"""`?search=` over content."""

from __future__ import annotations

from functools import reduce
from operator import and_
from typing import Any

from django.db.models import Q, QuerySet

from kernel.persian import ascii_digits, clean, persian_digits


def matching(pages: QuerySet[Any], text: str) -> QuerySet[Any]:
    """Pages in whose title or summary every word occurs, however its digits are typed."""
    return pages.filter(reduce(and_, (_has(word) for word in clean(text).split()), Q()))


def _has(word: str) -> Q:
    found = Q()
    for spelling in {word, ascii_digits(word), persian_digits(word)}:
        found |= Q(title__icontains=spelling) | Q(summary__icontains=spelling)
    return found
