"""Filters of a list: each is one select, and only what a list declares can be asked of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise


class ListFilter(SimpleListFilter):
    """A filter with fixed choices. Subclasses name `title`, `parameter_name`, `options` and, if need be, `apply`."""

    options: ClassVar[Iterable[tuple[str, str | Promise]]] = ()

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, str]]:
        return [(str(value), str(label)) for value, label in self.options]

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The chosen rows; an unknown choice is none."""
        value = self.value()
        known = {str(option) for option, _label in self.options}
        return self.apply(queryset, value) if value in known else queryset

    def apply(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        """By default the field of the same name equals the choice."""
        return queryset.filter(**{str(self.parameter_name): value})


def by_choice(field: str, title: str | Promise, options: Iterable[tuple[str, str | Promise]]) -> type[ListFilter]:
    """A filter on a field with choices."""
    values = {"title": title, "parameter_name": field, "options": tuple(options)}
    return type("ChoiceFilter", (ListFilter,), values)
