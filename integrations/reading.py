"""Careful reading of what providers send: their lists, numbers and texts come in every shape."""

from __future__ import annotations

import re
from typing import Any

_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,20}")


def mapping(value: Any) -> dict[str, Any]:
    """The object itself, or the only object of a list; anything else counts as empty."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value if isinstance(value, dict) else {}


def rows(value: Any) -> list[dict[str, Any]]:
    """The objects of a list; one bare object counts as a list of one."""
    if isinstance(value, dict):
        return [value]
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def integer(value: Any) -> int | None:
    """A whole number, also when written as text; never a float, never true or false."""
    if isinstance(value, str):
        return int(value) if _WHOLE_NUMBER.fullmatch(value.strip()) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def text(value: Any, limit: int = 300) -> str:
    """A text or a number as text, cut at `limit`; anything else counts as empty."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value).strip()[:limit]
