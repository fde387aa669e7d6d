"""What editors have made private in the tree of pages or of collections."""

from __future__ import annotations

from typing import Any

from django.db.models import CharField, Exists, ExpressionWrapper, F, OuterRef
from wagtail.models import CollectionViewRestriction, PageViewRestriction
from wagtail.models.view_restrictions import BaseViewRestriction


def in_private_section(user: Any) -> Exists:
    """Whether a page, or a page above it, is private for this person."""
    return _private(PageViewRestriction, "page", OuterRef("path"), user)


def in_private_collection(user: Any, file: str = "") -> Exists:
    """Whether the collection of a file (`file`: the way to it, e.g. "image__"), or one above it, is private."""
    return _private(CollectionViewRestriction, "collection", OuterRef(f"{file}collection__path"), user)


def _private(kind: type[BaseViewRestriction], of: str, path: OuterRef, user: Any) -> Exists:
    """Private "for everybody who has signed in" lets buyers in; a shared password or groups mean staff only."""
    found = kind.objects.alias(below=ExpressionWrapper(path, CharField())).filter(below__startswith=F(f"{of}__path"))
    if user.is_authenticated:
        found = found.exclude(restriction_type=BaseViewRestriction.LOGIN)
    return Exists(found)
