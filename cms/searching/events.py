"""When the index has to look at a page again: whatever way it was changed, the admin, a script or a schedule."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_delete, post_save
from wagtail.signals import page_published, page_unpublished

from cms.models import ContentPage, SearchDocument
from cms.searching.index import forget_words, refresh_later


def listen() -> None:
    """Called once, when the app is ready."""
    for signal in (post_save, page_published, page_unpublished):
        signal.connect(_changed, dispatch_uid="cms.searching")
    post_delete.connect(_deleted, sender=SearchDocument, dispatch_uid="cms.searching")


def _changed(instance: Any, raw: bool = False, **_kwargs: Any) -> None:
    if isinstance(instance, ContentPage) and not raw:
        refresh_later(instance.pk)


def _deleted(instance: SearchDocument, **_kwargs: Any) -> None:
    forget_words(instance)
