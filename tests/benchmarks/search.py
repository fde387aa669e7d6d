"""How long a search takes the database with many pages: `python -m tests.benchmarks.search [pages]`.

Needs DATABASE_URL, of a database that may be thrown away: it is filled with pages that talk of made-up subjects, with
the articles of the search corpus among them.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import sys
import time
from typing import Any

WORD_COUNT, TEXT_LENGTH = 6_000, 160
ROUNDS = 2


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings.test"
    sys.path.insert(0, "site")
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    user = fill(wanted)
    measure(user)


def fill(wanted: int) -> Any:
    """As many pages as wanted and the corpus, indexed; a buyer who owns one device of each model."""
    from django.contrib.contenttypes.models import ContentType
    from django.db import connection
    from wagtail.models import Page

    from cms.models import ArticlePage, ContentPage, KnowledgeIndexPage
    from cms.searching.index import rebuild
    from customer.models import Buyer
    from tests.cms.search_corpus import TEXTS
    from tests.factories.customer import make_buyer, make_device, make_model
    from tests.factories.search import make_page

    if buyer := Buyer.objects.filter(user__username="reader").first():
        return buyer.user
    buyer = make_buyer("reader")
    models = {text.device: make_model(name=text.device) for text in TEXTS if text.device}
    for model in models.values():
        make_device(buyer, model=model)
    foreign = [make_model() for _ in range(20)]
    for text in TEXTS:
        audience = [models[text.device]] if text.device else []
        make_page(title=text.title, slug=text.slug, summary=text.summary, body=text.body, device_models=audience)
    chance = random.Random(7)
    vocabulary = made_up_words(chance) + " ".join(f"{text.title} {text.body}" for text in TEXTS).split()
    weights = [1 / (rank + 10) for rank in range(len(vocabulary))]
    chance.shuffle(weights)
    shelf = KnowledgeIndexPage.objects.get()
    started = time.perf_counter()
    start = ArticlePage.objects.count()
    kind = ContentType.objects.get_for_model(ArticlePage)
    drawn = [chance.choices(vocabulary, weights, k=TEXT_LENGTH) for _ in range(wanted - start)]
    pages = Page.objects.bulk_create(
        Page(
            title=" ".join(words[:6]),
            slug=f"seed-{number}",
            content_type=kind,
            locale_id=shelf.locale_id,
            path=Page._get_path(shelf.path, shelf.depth + 1, start + number + 1),
            depth=shelf.depth + 1,
            url_path=f"{shelf.url_path}seed-{number}/",
        )
        for number, words in enumerate(drawn)
    )
    shelf.numchild = wanted
    shelf.save(update_fields=["numchild"])
    with connection.cursor() as cursor:
        rows = [
            (page.pk, " ".join(words[6:16]), json.dumps([{"type": "text", "value": f"<p>{' '.join(words[16:])}</p>"}]))
            for page, words in zip(pages, drawn, strict=True)
        ]
        columns = "page_ptr_id, summary, body, open_to_all"
        cursor.executemany(f"INSERT INTO cms_contentpage ({columns}) VALUES (%s, %s, %s, false)", rows)
        cursor.executemany("INSERT INTO cms_articlepage VALUES (%s)", [row[:1] for row in rows])
    through = ContentPage.device_models.through
    everybodys = [*models.values(), *foreign]
    through.objects.bulk_create(
        through(contentpage_id=page.pk, devicemodel_id=chance.choice(everybodys).pk) for page in pages if page.pk % 3
    )
    print(f"{wanted} pages written in {time.perf_counter() - started:.0f} s")
    started = time.perf_counter()
    print(f"{rebuild()} pages indexed in {time.perf_counter() - started:.0f} s")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return buyer.user


def made_up_words(chance: random.Random) -> list[str]:
    syllables = [a + b for a in "بپتجچخدرزسشفقکگلمن" for b in "اوی"]
    return ["".join(chance.choices(syllables, k=chance.randint(2, 4))) for _ in range(WORD_COUNT)]


def measure(user: Any) -> None:
    """The time that the database takes of each query of the corpus, and the whole time."""
    from django.db import connection

    from cms.searching import search
    from tests.cms.search_corpus import CORPUS

    spent: list[float] = []

    def timed(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            spent[-1] += time.perf_counter() - began

    whole, found = [], 0
    queries = [*CORPUS, *(("common", word, "") for word in ("دستگاه", "در کوره", "برنامه", "دستگاه برنامه کوره"))]
    for _ in range(ROUNDS):
        for _kind, query, pages in queries:
            spent.append(0.0)
            began = time.perf_counter()
            with connection.execute_wrapper(timed):
                answer = search(user, query, typing=True)
            whole.append(time.perf_counter() - began)
            hits = [hit.url.strip("/").rpartition("/")[2] for group in answer.groups for hit in group.hits]
            found += bool(set(pages.split()) & set(hits))
    ranks = sorted(zip(spent, whole, queries * ROUNDS, strict=True), reverse=True)
    for name, times in (("database", spent), ("whole", whole)):
        cuts = statistics.quantiles(times, n=100)
        print(f"{name}: p50 {cuts[49] * 1e3:.1f} ms, p95 {cuts[94] * 1e3:.1f} ms, most {max(times) * 1e3:.1f} ms")
    print(f"recall@5 among them {found / len(spent):.3f}")
    for db, all_of_it, query in ranks[:8]:
        print(f"  {db * 1e3:6.1f} {all_of_it * 1e3:6.1f} ms  {query[1]}")


if __name__ == "__main__":
    main()
