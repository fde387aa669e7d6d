"""What editors have made private in the tree of pages or of collections.

In SQL as written: this stands in every query for content, and building it in Python took longer than running it.
"""

from __future__ import annotations

from typing import Any

from django.db.models import BooleanField, F

from kernel.subselect import SubSelect

PAGES = """
EXISTS (SELECT 1 FROM wagtailcore_pageviewrestriction r JOIN wagtailcore_page p ON p.id = r.page_id
 WHERE substr({}, 1, length(p.path)) = p.path"""
COLLECTIONS = """
EXISTS (SELECT 1 FROM wagtailcore_collectionviewrestriction r JOIN wagtailcore_collection p ON p.id = r.collection_id
 WHERE substr({}, 1, length(p.path)) = p.path"""


def in_private_section(user: Any) -> SubSelect:
    """Whether a page, or a page above it, is private for this person."""
    return _private(PAGES, "path", user)


def in_private_collection(user: Any, file: str = "") -> SubSelect:
    """Whether the collection of a file (`file`: the way to it, e.g. "image__"), or one above it, is private."""
    return _private(COLLECTIONS, f"{file}collection__path", user)


def _private(restricted: str, path: str, user: Any) -> SubSelect:
    """Private "for everybody who has signed in" lets buyers in; a shared password or groups mean staff only."""
    ending = " AND r.restriction_type <> 'login')" if user.is_authenticated else ")"
    return SubSelect(restricted + ending, F(path), output_field=BooleanField())
