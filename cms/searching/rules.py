"""Which words mean the same and which say nothing: what editors keep, in the form search compares."""

from __future__ import annotations

from dataclasses import dataclass

from cms.models.search import RULES_KEY, SearchStopWords, SearchSynonyms
from kernel.persian_search import tokens
from kernel.remembered import remembered

RULES_SECONDS = 3600
Phrase = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """`synonyms`: phrase → the other phrases of its line."""

    stop_words: frozenset[str]
    synonyms: dict[Phrase, tuple[Phrase, ...]]

    @property
    def longest(self) -> int:
        return max(map(len, self.synonyms), default=1)


def current_rules() -> Rules:
    """The rules, remembered; two queries when they are not."""
    return remembered(RULES_KEY, _read, seconds=RULES_SECONDS)


def phrase_of(text: str) -> Phrase:
    return tuple(token.word for token in tokens(text))


def _read() -> Rules:
    stop_words = {
        word for line in SearchStopWords.objects.all() for entry in line.entries() for word in phrase_of(entry)
    }
    synonyms: dict[Phrase, tuple[Phrase, ...]] = {}
    for line in SearchSynonyms.objects.all():
        phrases = list(dict.fromkeys(phrase_of(entry) for entry in line.entries()))
        for phrase in phrases:
            others = (*synonyms.get(phrase, ()), *(other for other in phrases if other != phrase))
            synonyms[phrase] = tuple(dict.fromkeys(others))
    return Rules(frozenset(stop_words), synonyms)
