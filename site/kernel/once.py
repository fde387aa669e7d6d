"""A form that a browser sends twice, because the first answer was lost, takes effect once.

The form carries a key of its own (`FormKeyField`), and what it makes keeps `form_key(request)`, unique per person: the
key is spent by the INSERT itself. Whoever sends the form again is led to what was made first. The REST face has
`customer.api.idempotency` instead.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable
from typing import Any, TypeVar

from django import forms
from django.db import IntegrityError, models
from django.db.models import QuerySet
from django.http import HttpRequest

from kernel.refused import Refused

FIELD = "form_key"
LENGTH = 64
# Not by the person: a page that comes back from the browser's memory may bring others.
NOT_TYPED = {"csrfmiddlewaretoken", "last_seen"}

Row = TypeVar("Row", bound=models.Model)


def new_key() -> str:
    """A key for one showing of a form."""
    return secrets.token_urlsafe(16)


class FormKeyField(forms.CharField):
    """The hidden key of a form. Shown again with what is wrong, the form keeps it."""

    def __init__(self) -> None:
        super().__init__(required=False, widget=forms.HiddenInput, initial=new_key)


def form_key(request: HttpRequest) -> str:
    """What names this sending of a form: its key, its address and all that was entered. Empty for a page without a key.

    Who goes back in the browser and writes something else into the same form says something else: it is not lost.
    """
    if not request.POST.get(FIELD):
        return ""
    typed = sorted((name, values) for name, values in request.POST.lists() if name not in NOT_TYPED)
    files = sorted((name, [(file.name, file.size) for file in some]) for name, some in request.FILES.lists())
    return hashlib.sha256(json.dumps([request.path, typed, files]).encode()).hexdigest()


def made_before(rows: QuerySet[Row], key: str) -> Row | None:
    """What this sending has made already. `rows` are the person's own."""
    return rows.filter(**{FIELD: key}).first() if key else None


def made_once(rows: QuerySet[Row], key: str, make: Callable[[], Row]) -> Row:
    """What `make` makes; or, where the same was sent at this very moment and was first, what that one made."""
    try:
        return make()
    except (IntegrityError, Refused):
        first = made_before(rows, key)
        if first is None:
            raise
        return first


def key_column() -> models.CharField[Any, Any]:
    """The column for it. The database has a default too: programs of an older version go on while this one arrives."""
    return models.CharField(max_length=LENGTH, editable=False, default="", db_default="")


def key_once(person: str, name: str) -> models.UniqueConstraint:
    """The constraint: a person's key makes one row."""
    return models.UniqueConstraint(fields=[person, FIELD], condition=~models.Q(**{FIELD: ""}), name=name)
