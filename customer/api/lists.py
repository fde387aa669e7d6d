"""Lists: `{count, next, previous, results}`, in pages, searched and put in order."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import F, Q, QuerySet, TextChoices
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.filters import BaseFilterBackend
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request
from rest_framework.views import APIView

from kernel.paging import LAST_PAGE, count_of
from kernel.persian import ascii_digits, clean, persian_digits

LONGEST_SEARCH = 100


class Pages(PageNumberPagination):
    """`?page=` from 1 on, `?page_size=` up to 100 (more means 100)."""

    page_size = 25
    page_size_query_param = "page_size"
    max_page_size = 100

    def paginate_queryset(
        self, queryset: QuerySet[Any] | Sequence[Any], request: Request, view: APIView | None = None
    ) -> list[Any]:
        """One query for the rows and their number. Raises ValidationError, and NotFound beyond the last page."""
        number, size = self.get_page_number(request, None), self.get_page_size(request)
        slot = slice((number - 1) * size, number * size)
        if isinstance(queryset, QuerySet):
            rows = list(queryset.annotate(count_of_all=count_of(queryset))[slot])
            count = rows[0].count_of_all if rows else 0
        else:
            rows, count = list(queryset[slot]), len(queryset)
        if not rows and number > 1:
            raise NotFound
        paginator = Paginator(rows, size)
        paginator.count = count
        self.request, self.page = request, Page(rows, number, paginator)
        return rows

    def get_page_number(self, request: Request, paginator: object) -> int:
        """Raises ValidationError."""
        return min(_positive(request, self.page_query_param) or 1, LAST_PAGE)

    def get_page_size(self, request: Request) -> int:
        """Raises ValidationError."""
        return min(_positive(request, "page_size") or self.page_size, self.max_page_size)

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        parameters = super().get_schema_operation_parameters(view)
        return [{**parameter, "schema": {**parameter["schema"], "minimum": 1}} for parameter in parameters]


class Search(BaseFilterBackend):
    """`?search=`: every word occurs in one of the view's `search_fields`, however its letters and digits are typed."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: APIView) -> QuerySet[Any]:
        """Raises ValidationError for an overlong text."""
        text = clean(request.query_params.get("search", ""))
        field = serializers.CharField(allow_blank=True, max_length=LONGEST_SEARCH)
        return self.matching(queryset, checked(field, "search", text), view)

    def matching(self, queryset: QuerySet[Any], text: str, view: APIView) -> QuerySet[Any]:
        fields: list[str] = getattr(view, "search_fields", [])
        for word in text.split():
            spellings = {word, ascii_digits(word), persian_digits(word)}
            queryset = queryset.filter(
                reduce(or_, (Q(**{f"{name}__icontains": spelling}) for name in fields for spelling in spellings))
            )
        return queryset

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        schema = {"type": "string", "maxLength": LONGEST_SEARCH}
        text = "Words that must all occur; Arabic letters, half-spaces and Persian digits do not matter."
        return [{"name": "search", "required": False, "in": "query", "description": text, "schema": schema}]


class Ordering(BaseFilterBackend):
    """`?ordering=`: a name of the view's `ordering_fields` (name → column), with `-` before it for the other way."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: APIView) -> QuerySet[Any]:
        """Raises ValidationError: a list in another order than the one asked for would be a wrong answer."""
        text = request.query_params.get("ordering")
        if text is None:
            return queryset
        way = checked(serializers.ChoiceField(self._ways(view)), "ordering", text)
        column = F(getattr(view, "ordering_fields", {})[way.removeprefix("-")])
        order = column.desc(nulls_last=True) if way.startswith("-") else column.asc(nulls_last=True)
        return queryset.order_by(order, "pk")

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        schema = {"type": "string", "enum": self._ways(view)}
        return [{"name": "ordering", "required": False, "in": "query", "schema": schema}]

    def _ways(self, view: APIView) -> list[str]:
        return [way for name in getattr(view, "ordering_fields", {}) for way in (name, f"-{name}")]


def _positive(request: Request, name: str) -> int | None:
    text = request.query_params.get(name)
    return None if text is None else checked(serializers.IntegerField(min_value=1), name, text)


def chosen(request: Request, name: str, choices: type[TextChoices]) -> str | None:
    """The word of an enum that the query asks for, None when it asks for none. Raises ValidationError."""
    text = request.query_params.get(name)
    return None if text is None else checked(serializers.ChoiceField(choices.choices), name, text)


def checked(field: serializers.Field[Any, Any, Any, Any], name: str, text: str) -> Any:
    """The value of a query parameter as the field reads it. Raises ValidationError naming the parameter."""
    try:
        return field.run_validation(text)
    except ValidationError as error:
        raise ValidationError({name: error.detail}) from error
