"""Asking Wagtail's search backend for the pages that may be meant, and weighing them.

The database backends take the guard of `visible_to` into their one query; of an engine outside (OpenSearch,
Elasticsearch) come the numbers of pages, and the same guard decides which of them this person sees.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.db import connection
from django.db.models import BooleanField, Exists, F, OuterRef, Q, QuerySet, Value
from wagtail.search.backends import get_search_backend
from wagtail.search.query import And, Or, PlainText, SearchQuery

from cms.models import ContentPage
from cms.models.content import TITLE_MARK
from cms.searching.rules import Phrase
from cms.searching.understanding import Term, Understanding
from customer.models import Device
from customer.models.buyer import buyer_behind

MOST = 300  # candidates of one query
COMMON = 300  # a word on more pages than this says little; it must stand in the title
ENOUGH = 5  # with fewer pages that have all words, pages with some of them are looked at too
WEIGHT_IN_TITLE, WEIGHT_IN_HEAD, WEIGHT_IN_BODY = 3.0, 1.6, 1.0
OWN_DEVICE = 1.3
WHOLE_TITLE = 1.25
LEAST_COVER = 0.4  # of the weight of all words
LEAST_OF_BEST = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A page that this person may read, with what it takes to weigh it."""

    pk: int
    content_type_id: int
    is_own: bool
    title: str
    head: str
    body: str


def ranked(pages: QuerySet[ContentPage], user: Any, asked: Understanding) -> list[Candidate]:
    """The pages that answer best, best first. One query, two where few pages have all words."""
    if not asked.terms:
        return []
    found = {page.pk: page for page in _matching(pages, user, _all_of(asked.terms))}
    if len(found) < ENOUGH and len(asked.terms) > 1:
        found |= {page.pk: page for page in _matching(pages, user, _some_of(asked.terms))}
    return weighed(found.values(), asked)


def weighed(pages: Iterable[Candidate], asked: Understanding) -> list[Candidate]:
    """Puts pages in order, and leaves out those that have too little of what was asked for."""
    weights = [1 / (1 + math.log1p(term.pages)) for term in asked.terms]
    scores: dict[int, float] = {}
    kept: dict[int, tuple[Candidate, bool]] = {}
    for page in pages:
        fits = [_fit(term, page) for term in asked.terms]
        cover = sum(weight for weight, fit in zip(weights, fits, strict=True) if fit) / sum(weights)
        if cover < LEAST_COVER:
            continue
        score = cover * sum(weight * fit for weight, fit in zip(weights, fits, strict=True))
        scores[page.pk] = score * (WHOLE_TITLE if all(fit >= WEIGHT_IN_HEAD for fit in fits) else 1)
        kept[page.pk] = (page, all(fits))
    # What has every word answers, however far down it says so; of what has some, only what is nearly as good.
    least = LEAST_OF_BEST * max(scores.values(), default=0)
    found = [page for page, has_all in kept.values() if has_all or scores[page.pk] >= least]
    return sorted(found, key=lambda page: (-scores[page.pk] * (OWN_DEVICE if page.is_own else 1), -page.pk))


def _fit(term: Term, page: Candidate) -> float:
    return max((fit * _place(phrase, page) for phrase, fit in term.phrases.items()), default=0)


def _place(phrase: Phrase, page: Candidate) -> float:
    """How prominent a phrase is: where the least prominent of its words stands; 0 if one is missing."""
    return min(
        WEIGHT_IN_TITLE
        if f" {word} " in page.title
        else WEIGHT_IN_HEAD
        if f" {word} " in page.head
        else WEIGHT_IN_BODY
        if f" {word} " in page.body
        else 0
        for word in phrase
    )


def _all_of(terms: Sequence[Term]) -> SearchQuery:
    """Every term; where all of them are common, at least the rarest must stand in the title."""
    rarest = min(terms, key=lambda term: term.pages)
    if rarest.pages <= COMMON or not any(term.titles for term in terms):
        return And([_any_of(term) for term in terms])
    titled = min((term for term in terms if term.titles), key=lambda term: term.titles)
    return And([_any_of(term, in_title=term is titled) for term in terms])


def _some_of(terms: Sequence[Term]) -> SearchQuery:
    """One of the rare terms, or a common one that stands in the title."""
    return Or([_any_of(term, in_title=term.pages > COMMON and term.titles > 0) for term in terms])


def _any_of(term: Term, *, in_title: bool = False) -> SearchQuery:
    mark = TITLE_MARK if in_title else ""
    # Each word a query of its own: only so does the SQLite backend put brackets around alternatives.
    return Or([And([PlainText(mark + word) for word in phrase]) for phrase in term.phrases])


def _matching(pages: QuerySet[ContentPage], user: Any, query: SearchQuery) -> list[Candidate]:
    """Pages that match and that this person may read."""
    is_sqlite = connection.vendor == "sqlite"
    # SQLite's backend ranks by a subquery for each page, and wrongly where terms are joined by "and": no use here.
    results = get_search_backend().search(
        query, ContentPage.objects.filter(live=True), order_by_relevance=not is_sqlite
    )
    if hasattr(results, "get_queryset"):
        found = results.get_queryset()
    else:
        found = ContentPage.objects.filter(pk__in=[page.pk for page in results[:MOST]])
    wanted = pages.order_by().values("pk") if pages.query.where else None
    found = found.visible_to(user)
    if wanted is not None:
        found = found.filter(pk__in=wanted)
    rows = found.annotate(
        is_own=_about_own_device(user),
        title_words=F("search_document__title_words"),
        head_words=F("search_document__head_words"),
        body_words=F("search_document__body_words"),
    ).values_list("pk", "content_type_id", "is_own", "title_words", "head_words", "body_words")[:MOST]
    return [
        Candidate(pk=pk, content_type_id=kind, is_own=own, title=f" {title} ", head=f" {head} ", body=f" {body} ")
        for pk, kind, own, title, head, body in rows
        if title is not None
    ]


def _about_own_device(user: Any) -> Any:
    """Whether the page is for a type or a model of which this person owns a device."""
    buyer = buyer_behind(user) if user.is_authenticated else None
    if buyer is None:
        return Value(False, output_field=BooleanField())
    owned = Device.objects.filter(owner=buyer)
    types = ContentPage.device_types.through.objects.filter(contentpage_id=OuterRef("pk"))
    models = ContentPage.device_models.through.objects.filter(contentpage_id=OuterRef("pk"))
    of_mine = [
        Q(Exists(types.filter(devicetype_id__in=owned.values("model__device_type_id")))),
        Q(Exists(models.filter(devicemodel_id__in=owned.values("model_id")))),
    ]
    return reduce(or_, of_mine)
