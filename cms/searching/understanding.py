"""From what somebody typed to what to look for: known words, words of equal meaning, beginnings, misspellings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db import connection
from django.db.models import Q

from cms.models.search import SearchWord
from cms.searching.rules import Phrase, Rules, current_rules
from kernel.persian_search import SHORTEST_STEM, Token, distance, skeleton, tokens

LONGEST_QUERY = 200
MOST_TERMS = 12
MOST_COMPLETIONS = 12
MOST_CORRECTIONS = 3
NEAREST = 40
AS_TYPED, SAME_MEANING, COMPLETED, CORRECTED = 1.0, 0.85, 0.75, 0.6


@dataclass(slots=True)
class Term:
    """One thing looked for, and every phrase that stands for it with how well it does (1: as typed)."""

    text: str
    phrases: dict[Phrase, float] = field(default_factory=dict)
    pages: int = 0
    titles: int = 0
    correction: str = ""

    def add(self, phrase: Phrase, fit: float) -> None:
        self.phrases[phrase] = max(fit, self.phrases.get(phrase, 0))


@dataclass(slots=True)
class Understanding:
    """What is looked for; `unknown` words occur nowhere, in no spelling."""

    terms: list[Term]
    unknown: list[str]

    @property
    def forms(self) -> frozenset[str]:
        """All words that may be marked in a result."""
        return frozenset(word for term in self.terms for phrase in term.phrases for word in phrase)


Counts = dict[str, tuple[int, int]]


def understand(text: str, *, typing: bool = False) -> Understanding:
    """Reads a query, in three queries to the database at most. `typing`: the last word is not complete yet."""
    rules = current_rules()
    asked = _telling(tokens(text[:LONGEST_QUERY]), rules)[:MOST_TERMS]
    candidates = [list(_readings(index, asked, rules)) for index in range(len(asked))]
    known = _known({word for row in candidates for phrase, _fit in row for word in phrase})
    terms = [Term(token.word) for token in asked]
    for term, row in zip(terms, candidates, strict=True):
        for phrase, fit in row:
            if all(word in known for word in phrase):
                term.add(phrase, fit)
    if typing and terms:
        _complete(terms[-1], known)
    strange = [term for term in terms if not term.phrases]
    if strange:
        _correct(strange, known)
    for term in terms:
        _weigh(term, known)
    return Understanding([term for term in terms if term.phrases], [term.text for term in terms if not term.phrases])


def _telling(asked: Sequence[Token], rules: Rules) -> list[Token]:
    """The words without those that say nothing; all of them, if there are no others."""
    unique = list({token.word: token for token in asked}.values())
    return [token for token in unique if token.word not in rules.stop_words] or unique


def _readings(index: int, asked: Sequence[Token], rules: Rules) -> Iterable[tuple[Phrase, float]]:
    """Every phrase that the word at `index` may stand for, known or not."""
    token = asked[index]
    yield (token.word,), AS_TYPED
    if len(token.parts) > 1:
        yield token.parts, AS_TYPED
    for cut in range(SHORTEST_STEM - 1, len(token.word) - SHORTEST_STEM + 2):
        yield (token.word[:cut], token.word[cut:]), SAME_MEANING
    line = [other.word for other in asked]
    for start in range(max(0, index - 1), index + 1):
        if start + 1 < len(asked):
            yield (line[start] + line[start + 1],), AS_TYPED
    for length in range(1, rules.longest + 1):
        for start in range(max(0, index - length + 1), min(index, len(line) - length) + 1):
            for other in rules.synonyms.get(tuple(line[start : start + length]), ()):
                yield other, SAME_MEANING
    if len(token.parts) > 1:
        for other in rules.synonyms.get(token.parts, ()):
            yield other, SAME_MEANING


def _known(words: set[str]) -> Counts:
    rows = SearchWord.objects.filter(word__in=words, pages__gt=0).values_list("word", "pages", "titles")
    return {word: (pages, titles) for word, pages, titles in rows}


def _complete(term: Term, known: Counts) -> None:
    """Adds the words that begin with what has been typed so far, the most common ones."""
    if len(term.text) < 2:
        return
    rows = SearchWord.objects.filter(word__startswith=term.text, pages__gt=0).order_by("-pages", "word")
    for word, pages, titles in rows.values_list("word", "pages", "titles")[:MOST_COMPLETIONS]:
        known[word] = (pages, titles)
        term.add((word,), AS_TYPED if word == term.text else COMPLETED)


def _correct(terms: Sequence[Term], known: Counts) -> None:
    """For words that occur nowhere: what they may have been meant to be."""
    near = {word: (pages, titles) for word, pages, titles in _near([term.text for term in terms])}
    for term in terms:
        steps = {word: found for word in near if (found := _steps(term.text, word)) is not None}
        best = sorted((steps[word], -near[word][0], word) for word in steps)[:MOST_CORRECTIONS]
        for found, _pages, word in best:
            if found > best[0][0]:
                break
            known[word] = near[word]
            term.add((word,), CORRECTED)
            term.correction = term.correction or word


def _steps(typed: str, word: str) -> int | None:
    """How far a known word is from what was typed; None when too far. Beginnings and Latin spellings are near."""
    if len(typed) < SHORTEST_STEM:
        return None
    if word.startswith(typed):
        return 2
    # Another number is another thing: E12 is no misspelling of E13.
    allowed = 0 if _is_number(typed) or _is_number(word) else 1 if len(typed) < 8 else 2
    if allowed and (steps := distance(typed, word, allowed)) <= allowed:
        return steps
    consonants = skeleton(typed)
    if typed.isascii() != word.isascii() and len(consonants) > 1 and consonants == skeleton(word):
        return 1
    return None


def _is_number(word: str) -> bool:
    return any(letter.isdigit() for letter in word)


def _near(strange: list[str]) -> list[tuple[str, int, int]]:
    """Known words that may be near, in one query: by trigrams on PostgreSQL, elsewhere by the half that is unharmed."""
    if connection.vendor == "postgresql":
        return _near_by_trigrams(strange)
    likely = Q(pk__in=[])
    for typed in strange:
        half = (len(typed) - 1) // 2
        likely |= Q(word__startswith=typed[: max(1, half)]) | Q(word__endswith=typed[half + 1 :])
        likely |= _sounding(typed)
    return list(SearchWord.objects.filter(likely, pages__gt=0).values_list("word", "pages", "titles"))


def _sounding(typed: str) -> Q:
    consonants = skeleton(typed)
    return Q(skeleton=consonants) if len(consonants) > 1 else Q(pk__in=[])


_TRIGRAMS = """
SELECT near.word, near.pages, near.titles FROM unnest(%s::text[]) AS typed(word)
CROSS JOIN LATERAL (
    SELECT word, pages, titles FROM cms_searchword ORDER BY word <-> typed.word LIMIT %s
) AS near WHERE near.pages > 0
UNION SELECT word, pages, titles FROM cms_searchword WHERE skeleton = ANY(%s) AND pages > 0
"""


def _near_by_trigrams(strange: list[str]) -> list[tuple[str, int, int]]:
    sounds = [consonants for typed in strange if len(consonants := skeleton(typed)) > 1]
    with connection.cursor() as cursor:
        cursor.execute(_TRIGRAMS, [strange, NEAREST, sounds])
        rows: list[tuple[str, int, int]] = cursor.fetchall()
    return rows


def _weigh(term: Term, known: Counts) -> None:
    """On how many pages and in how many titles the term may occur, at most."""
    term.pages = sum(min(known[word][0] for word in phrase) for phrase in term.phrases)
    term.titles = sum(min(known[word][1] for word in phrase) for phrase in term.phrases)
