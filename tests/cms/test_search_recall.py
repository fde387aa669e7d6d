"""How often the page that somebody means is among the first five."""

from __future__ import annotations

from collections import Counter

import pytest
from django.core.cache import cache
from django.db import connection

from cms.searching import search
from tests.cms.search_corpus import CORPUS, TEXTS
from tests.factories.customer import make_buyer, make_device, make_model
from tests.factories.search import make_page

LEAST = {"postgresql": 0.95, "sqlite": 0.85}

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader():
    """A buyer who owns one of each device; every article of the corpus is published."""
    cache.clear()
    buyer = make_buyer()
    models = {}
    for name in {text.device for text in TEXTS if text.device}:
        models[name] = make_model(name=name)
        make_device(buyer, model=models[name])
    for text in TEXTS:
        audience = [models[text.device]] if text.device else []
        make_page(title=text.title, slug=text.slug, summary=text.summary, body=text.body, device_models=audience)
    return buyer.user


def first_five(user, query: str) -> list[str]:
    found = search(user, query, kinds=["articles"], limit=5, typing=True)
    return [hit.url.strip("/").rpartition("/")[2] for group in found.groups for hit in group.hits]


def test_what_is_meant_is_among_the_first_five(reader):
    asked, found, missed = Counter(), Counter(), []
    for kind, query, pages in CORPUS:
        asked[kind] += 1
        if set(pages.split()) & set(first_five(reader, query)):
            found[kind] += 1
        else:
            missed.append((kind, query, pages))
    for kind in asked:
        print(f"{kind:20} {found[kind]:3} of {asked[kind]:3}")
    recall = found.total() / asked.total()
    print(f"recall@5 {recall:.3f} on {connection.vendor}; missed: {missed}")
    assert asked.total() >= 200
    assert recall >= LEAST[connection.vendor], missed


def test_corpus_has_no_query_twice():
    assert len(set(CORPUS)) >= 200
