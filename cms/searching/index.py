"""Keeping the index: what a page is found by, and which words are known."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from wagtail.search import index as wagtail_index
from wagtail.search.backends import get_search_backends

from cms.models import ContentPage
from cms.models.search import SearchDocument, SearchWord
from kernel.persian_search import skeleton, words

BATCH = 200


def refresh_later(page_id: int) -> None:
    """Takes a page up as it stands after the running transaction, topics and devices included.

    A page that cannot be indexed is published all the same; `refresh_search` takes it up later.
    """
    transaction.on_commit(partial(refresh, page_id), robust=True)


@transaction.atomic
def refresh(page_id: int) -> None:
    """Makes the index say of this page what is published, or nothing if it is not."""
    locked = ContentPage.objects.select_for_update(of=("self",)).filter(pk=page_id).first()
    page = locked and locked.specific
    before = SearchDocument.objects.filter(page_id=page_id).first()
    if page is None or not page.live:
        if before:
            before.delete()  # the words are discounted by `forget_words`
        return
    after = document_of(page)
    if before and _columns(before) == _columns(after):
        return
    after.save(force_insert=before is None, force_update=before is not None)
    _recount(before, after)
    wagtail_index.insert_or_update_object(page)


def forget_words(document: SearchDocument) -> None:
    """The document has gone: its words occur once less."""
    _recount(document, None)


def document_of(page: ContentPage) -> SearchDocument:
    """What a page is found by."""
    return SearchDocument(
        page_id=page.pk,
        title_words=" ".join(words(page.title)),
        head_words=page.search_head,
        body_words=page.search_body,
        text=page.plain_text(),
    )


def rebuild() -> int:
    """Makes the whole index anew, a batch at a time; the number of pages. Search goes on meanwhile."""
    SearchDocument.objects.exclude(page__live=True).delete()
    pages = ContentPage.objects.filter(live=True).order_by("pk")
    done, last = 0, 0
    while batch := list(pages.filter(pk__gt=last).specific()[:BATCH]):
        with transaction.atomic():
            documents = [document_of(page) for page in batch]
            SearchDocument.objects.filter(page__in=batch)._raw_delete(using="default")
            SearchDocument.objects.bulk_create(documents)
        _hand_over(batch)
        done, last = done + len(batch), batch[-1].pk
    recount_words()
    return done


def _hand_over(batch: list[ContentPage]) -> None:
    """Gives a batch to Wagtail's search backends, by class."""
    by_class: dict[type[ContentPage], list[ContentPage]] = {}
    for page in batch:
        by_class.setdefault(type(page), []).append(page)
    for backend in get_search_backends():
        for model, pages in by_class.items():
            backend.add_bulk(model, pages)


@transaction.atomic
def recount_words() -> None:
    """Counts all known words anew from the documents."""
    pages: dict[str, int] = {}
    titles: dict[str, int] = {}
    for document in SearchDocument.objects.defer("text").iterator(chunk_size=BATCH):
        for word in document.all_words:
            pages[word] = pages.get(word, 0) + 1
        for word in set(document.title_words.split()):
            titles[word] = titles.get(word, 0) + 1
    SearchWord.objects.all()._raw_delete(using="default")
    rows = (_known(word, pages=count, titles=titles.get(word, 0)) for word, count in sorted(pages.items()))
    SearchWord.objects.bulk_create(rows, batch_size=BATCH * 10)


def _known(word: str, *, pages: int = 0, titles: int = 0) -> SearchWord:
    return SearchWord(word=word, pages=pages, titles=titles, skeleton=skeleton(word))


def _columns(document: SearchDocument) -> tuple[Any, ...]:
    return document.title_words, document.head_words, document.body_words, document.text


def _recount(before: SearchDocument | None, after: SearchDocument | None) -> None:
    """Moves the counts of words from one document to the next, in the order of words: no two editors lock crosswise."""
    old, new = (document.all_words if document else set() for document in (before, after))
    old_titles, new_titles = (set(d.title_words.split()) if d else set() for d in (before, after))
    touched = sorted((old ^ new) | (old_titles ^ new_titles))
    SearchWord.objects.bulk_create((_known(word) for word in touched), ignore_conflicts=True, batch_size=BATCH)
    if connection.features.has_select_for_update:
        list(SearchWord.objects.select_for_update().filter(word__in=touched).order_by("word").values_list("word"))
    _add(new - old, "pages", 1)
    _add(old - new, "pages", -1)
    _add(new_titles - old_titles, "titles", 1)
    _add(old_titles - new_titles, "titles", -1)


def _add(these: Iterable[str], column: str, step: int) -> None:
    # A count never falls below zero, even where the table was emptied between two steps.
    known = SearchWord.objects.filter(word__in=list(these))
    if step < 0:
        known = known.filter(**{f"{column}__gt": 0})
    known.update(**{column: F(column) + step})
