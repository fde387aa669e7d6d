"""How many parts a text message is sent (and paid) in.

GSM 03.38: a text of its own letters has 160 of seven bits, or 153 in each of several parts; the nine letters behind
the escape count twice and are not torn. Every other text, so every Persian one, goes as UCS-2: 70, or 67 in each of
several parts; what lies beyond the basic plane (emoji) counts twice and is not torn either.
"""

from __future__ import annotations

from dataclasses import dataclass

GSM_LETTERS = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_ESCAPED = frozenset("\f^{}\\[~]|€")
GSM_SINGLE, GSM_PART = 160, 153
UCS2_SINGLE, UCS2_PART = 70, 67


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsParts:
    """The size of a text: `units` used of its alphabet, `parts`, and `left` units before one more part begins."""

    is_gsm: bool
    units: int
    parts: int
    left: int


def count_parts(text: str) -> SmsParts:
    """The size of a text message; an empty text has no part."""
    is_gsm = set(text) <= GSM_LETTERS | GSM_ESCAPED
    sizes = [(1 if letter in GSM_LETTERS else 2) if is_gsm else (2 if ord(letter) > 0xFFFF else 1) for letter in text]
    single, part = (GSM_SINGLE, GSM_PART) if is_gsm else (UCS2_SINGLE, UCS2_PART)
    units = sum(sizes)
    if units <= single:
        return SmsParts(is_gsm=is_gsm, units=units, parts=min(units, 1), left=single - units)
    parts, used = 1, 0
    for size in sizes:
        if used + size > part:
            parts, used = parts + 1, 0
        used += size
    return SmsParts(is_gsm=is_gsm, units=units, parts=parts, left=part - used)
