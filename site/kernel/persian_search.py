"""How search reads Persian: words cut out of a text, each brought to one form, whatever way it was typed.

`tokens` keeps the place of each word in the text, so that what was found can be marked in the original.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from kernel.persian import ZWNJ, fold

LONGEST_WORD = 48
SHORTEST_STEM = 3
_UNKNOWN_LATIN = 4
# What may stand inside a word without being one of its letters: half-space, vowel signs, bidi marks, soft hyphen.
_INSIDE = (
    "\u00ad\u0300-\u036f\u0610-\u061a\u061c\u064b-\u065f\u0670\u06d6-\u06ed"  # seen, but no letters
    "\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069"  # not seen
)
_RUN = re.compile(f"[^\\W_](?:[^\\W_]|[{_INSIDE}])*")
_JOINERS = re.compile("[-_./\u2010-\u2015\u2212\u066b]")
_SCRIPTS = re.compile("[a-z0-9]+|[^a-z0-9]+")
_LATIN = re.compile("[a-z0-9]+")
_LETTERS_OF_A_CODE = re.compile("[a-z]{1,2}")
_DIGITS = re.compile("[0-9]+")

# Endings of nouns, longest first; of verbs, none: too short to be told from the word.
_ENDINGS = sorted(
    ["هایمان", "هایتان", "هایشان", "هایی", "هایم", "هایت", "هایش", "های", "ها", "یی", "ات", "ی", "ه"],
    key=len,
    reverse=True,
)
# Endings that are letters of many words: only off a long one.
_POSSESSIVES = {"مان": 6, "تان": 6, "شان": 6, "م": 5, "ت": 6, "ش": 6}
# Behind a half-space or a space these belong to the word before them; these belong to the word behind.
_ENDING_WORDS = "ها های هایی هایم هایت هایش هایمان هایتان هایشان ای ی ام ات اش مان تان شان ایم اید اند یی"
_ENDING_SEGMENTS = frozenset(map(fold, _ENDING_WORDS.split(" ")))
_SPACED_ENDINGS = _ENDING_SEGMENTS - {"ی", "مان"}
_PREFIXES = frozenset({"می", "نمی"})

# Consonants that a Latin spelling of a Persian word gives away; vowels are nobody's agreement.
_CONSONANTS = dict(
    zip("سصثزذضظتطقغحهبپجچخدرژشفکگلمن", "ssszzzzttqqhhbpjcxdrjwfkglmn", strict=True),
)
_LATIN_PAIRS = {"kh": "x", "gh": "q", "ch": "c", "sh": "w", "zh": "j", "ph": "f", "tion": "wn", "ck": "k"}
_LATIN_CONSONANTS = {c: c for c in "bpjdrfgklmnszthxqcw"} | {"c": "k", "v": ""}


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a text: where it stands, its form, and the forms of its parts if it is a compound."""

    start: int
    end: int
    word: str
    parts: tuple[str, ...] = ()

    @property
    def forms(self) -> tuple[str, ...]:
        return (self.word, *self.parts)


def tokens(text: str) -> list[Token]:
    """The words of a text in their order, without those endings that were typed as words of their own."""
    return list(_joined(_pieces(text)))


def words(text: str) -> list[str]:
    """Every form that a text is found by, compounds whole and in parts; each once, in their order."""
    return list(dict.fromkeys(form for token in tokens(text) for form in token.forms))


def stem(word: str) -> str:
    """A folded word without its endings; the stem of a stem is itself."""
    if _LATIN.match(word):
        return word[:-1] if len(word) > _UNKNOWN_LATIN and word[-1] == "s" and word[-2] not in "s0123456789" else word
    while (shorter := _without_ending(word)) != word:
        word = shorter
    return word


def skeleton(word: str) -> str:
    """The consonants of a folded word in one alphabet: `kalibrasion` and `کالیبراسیون` have the same."""
    if _LATIN.match(word):
        for pair, letter in _LATIN_PAIRS.items():
            word = word.replace(pair, letter.upper())
        found = "".join(c.lower() if c.isupper() else _LATIN_CONSONANTS.get(c, "") for c in word)
        found = found.removesuffix("h") if word.endswith("h") else found
    else:
        found = "".join(_CONSONANTS.get(c, "") for c in word)
    return re.sub(r"(.)\1+", r"\1", found)


def distance(one: str, other: str, limit: int) -> int:
    """How many letters were typed wrongly, left out, doubled or swapped with their neighbour; `limit` + 1 at most."""
    if abs(len(one) - len(other)) > limit:
        return limit + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        last, before = before, row
        row = [i]
        for j, b in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if last and j > 1 and a == other[j - 2] and b == one[i - 2]:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return limit + 1
    return min(row[-1], limit + 1)


def marked(text: str, wanted: Iterable[str]) -> SafeString:
    """The text as HTML, everything escaped, with `<mark>` around the words of which a form is wanted."""
    forms, out, place = frozenset(wanted), [], 0
    for token in tokens(text):
        if forms.isdisjoint(token.forms) or token.start < place:  # one letter may fold into two words
            continue
        out += [escape(text[place : token.start]), "<mark>", escape(text[token.start : token.end]), "</mark>"]
        place = token.end
    return mark_safe("".join([*out, escape(text[place:])]))  # noqa: S308 - every piece of the text was escaped


def excerpt(text: str, wanted: Iterable[str], *, length: int = 180) -> SafeString:
    """About `length` letters of a text around the place where most wanted words stand close together, marked."""
    forms = frozenset(wanted)
    found = [token for token in tokens(text) if not forms.isdisjoint(token.forms)]
    if not found:
        return marked(_cut(text, 0, length), ())
    best = max(found, key=lambda token: (_near(found, token, length), -token.start))
    return marked(_cut(text, max(0, best.start - length // 4), length), forms)


def _near(found: list[Token], first: Token, length: int) -> int:
    inside = (token for token in found if first.start <= token.start < first.start + length * 3 // 4)
    return len({token.word for token in inside})


def _cut(text: str, start: int, length: int) -> str:
    """A window that neither begins nor ends inside a word, with dots where something is left out."""
    if start:
        start = text.find(" ", start) + 1 or start
    end = start + length
    if end < len(text):
        end = text.rfind(" ", start + 1, end) if " " in text[start + 1 : end] else end
    window = " ".join(text[start:end].split())
    return f"{'… ' if start else ''}{window}{' …' if end < len(text) else ''}"


def _pieces(text: str) -> Iterator[Token]:
    """Runs of letters; Latin runs that a dash or a dot joins are one piece."""
    code: list[re.Match[str]] = []
    for run in _RUN.finditer(text):
        if code and not (_is_code(run[0]) and _are_joined(text, code[-1].end(), run.start())):
            yield from _code(code)
            code = []
        if code or _is_code(run[0]):
            code.append(run)
        else:
            yield from (Token(run.start(), run.end(), *forms) for forms in _forms(run[0]) if forms[0])
    if code:
        yield from _code(code)


def _is_code(raw: str) -> bool:
    return bool(_LATIN.fullmatch(fold(raw)))


def _are_joined(text: str, end: int, start: int) -> bool:
    return start - end == 1 and bool(_JOINERS.match(text, end))


def _code(runs: list[re.Match[str]]) -> Iterator[Token]:
    """A part number, error code, version or plain Latin word: the whole, and the parts that say something alone."""
    start, end = runs[0].start(), runs[-1].end()
    parts = [fold(run[0])[:LONGEST_WORD] for run in runs]
    if len(parts) == 1:
        yield Token(start, end, stem(parts[0]))
        return
    # 2.1 is not 21.
    whole = ("d" if all(map(_DIGITS.fullmatch, parts)) else "").join(parts)[:LONGEST_WORD]
    telling = [stem(part) for part in parts if len(part) > 1]
    yield Token(start, end, whole, tuple(dict.fromkeys(telling)))


@lru_cache(maxsize=65_536)
def _forms(raw: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """(form, forms of the parts) of one run of letters; several where scripts meet."""
    segments = [folded for segment in raw.split(ZWNJ) if (folded := fold(segment))]
    while len(segments) > 1 and segments[-1] in _ENDING_SEGMENTS:
        segments.pop()
    whole = "".join(segments)
    scripts = _SCRIPTS.findall(whole)
    if len(scripts) > 1:
        return tuple((stem(part[:LONGEST_WORD]), ()) for part in scripts)
    parts = tuple(stem(part) for part in segments if part not in _PREFIXES and len(part) > 1)
    form = stem(whole[:LONGEST_WORD])
    return ((form, parts if len(segments) > 1 and segments[0] not in _PREFIXES else ()),)


def _joined(pieces: Iterable[Token]) -> Iterator[Token]:
    """Puts together what a space tore apart: `می شود`, `دستگاه ها`, `E 12`."""
    held: Token | None = None
    for piece in pieces:
        if held and held.word in _PREFIXES and not _LATIN.match(piece.word):
            held = Token(held.start, piece.end, stem(held.word + piece.word))
        elif held and piece.word in _SPACED_ENDINGS and not _LATIN.match(held.word):
            held = Token(held.start, piece.end, held.word, held.parts)
        elif held and _LETTERS_OF_A_CODE.fullmatch(held.word) and _DIGITS.match(piece.word) and not piece.parts:
            held = Token(held.start, piece.end, held.word + piece.word, (piece.word,))
        else:
            if held:
                yield held
            held = piece
    if held:
        yield held


def _without_ending(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= SHORTEST_STEM:
            return word.removesuffix(ending)
    for ending, shortest in _POSSESSIVES.items():
        if word.endswith(ending) and len(word) - len(ending) >= shortest:
            return word.removesuffix(ending)
    return word
