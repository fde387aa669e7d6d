"""What people look for in vain, so that an editor can write it: counted by what was asked, not by who asked."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F

from cms.models import SearchMiss
from kernel.persian import ascii_digits, clean
from kernel.persian_search import tokens
from kernel.refused import Throttled
from kernel.throttle import pace

LONGEST_TEXT, LONGEST_KEY = 120, 200
SWEPT_AT_ONCE = 200
# A telephone, a national code, a card or an address of mail: nobody's business but that of who typed it.
_PERSONAL = re.compile(r"@|(?:\d[\s\-._/]?){7,}")


def note_search(user_id: int, text: str, *, found: int, now: datetime) -> None:
    """Counts one search. The same person counts once an hour for the same words, and for sixty different ones."""
    key = _key(text)
    if key is None or not _in_pace(user_id, f"asked {key}"):
        return
    fruitless = 0 if found else 1
    rows = SearchMiss.objects.filter(key=key)
    if rows.update(asked=F("asked") + 1, fruitless=F("fruitless") + fruitless, last_at=now):
        return
    _make_room()
    row = SearchMiss(key=key, text=clean(text)[:LONGEST_TEXT], asked=1, fruitless=fruitless, last_at=now)
    SearchMiss.objects.bulk_create([row], ignore_conflicts=True)


def note_opened(user_id: int, text: str) -> None:
    """Counts that somebody opened a page which this search had found."""
    key = _key(text)
    if key is not None and _in_pace(user_id, f"opened {key}"):
        SearchMiss.objects.filter(key=key).update(opened=F("opened") + 1)


def dismiss(pk: int, *, now: datetime) -> None:
    """Sets a search aside: it needs no article."""
    SearchMiss.objects.filter(pk=pk, dismissed_at__isnull=True).update(dismissed_at=now)


def _key(text: str) -> str | None:
    """The words in one spelling; None where there are none, or where they may say who somebody is."""
    if _PERSONAL.search(ascii_digits(text)) or len(text) > LONGEST_TEXT:
        return None
    return " ".join(token.word for token in tokens(text))[:LONGEST_KEY] or None


def _in_pace(user_id: int, what: str) -> bool:
    try:
        pace("search.log", f"{user_id} {what}", limit=1, window=timedelta(hours=1))
        pace("search.log.person", str(user_id), limit=60, window=timedelta(hours=1))
    except Throttled:
        return False
    return True


def _make_room() -> None:
    """The table never grows beyond its limit: what was asked for longest ago goes."""
    if SearchMiss.objects.count() < settings.SEARCHES_KEPT:
        return
    oldest = SearchMiss.objects.order_by("last_at").values_list("pk", flat=True)[:SWEPT_AT_ONCE]
    SearchMiss.objects.filter(pk__in=list(oldest)).delete()
