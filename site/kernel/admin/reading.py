"""The read page of a record: facts, tables, and what can be done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from wagtail_modeladmin.views import InspectView


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One line: what it is called and what it says."""

    label: str | Promise
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class PostButton:
    """A cell that acts: a button which posts to `url`."""

    label: str | Promise
    url: str
    is_post: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One table of a read page; `rows` hold a cell for each head. `url` leads to the whole list or a new record."""

    title: str | Promise
    heads: Sequence[str | Promise] = ()
    rows: Sequence[Sequence[Any]] = field(default_factory=list)
    empty: str | Promise = ""
    url: str = ""
    url_label: str | Promise = ""

    def labelled_rows(self) -> list[list[tuple[str, Any]]]:
        """The rows with the head of each cell, for narrow screens."""
        heads = [str(head) for head in self.heads]
        return [list(zip(heads, row, strict=True)) for row in self.rows]


class ReadView(InspectView):
    """What is known about one record."""

    def get_meta_title(self) -> str:
        return f"{self.verbose_name} · {self.model_admin.read_title(self.instance)}"

    def breadcrumbs(self) -> list[dict[str, str]]:
        return [
            {"url": reverse("wagtailadmin_home"), "label": _("Home")},
            {"url": self.index_url, "label": self.verbose_name_plural},
            {"url": "", "label": self.model_admin.read_title(self.instance)},
        ]

    def get_fields_dict(self) -> list[Any]:
        """Nothing by itself: the ModelAdmin names its facts."""
        return []

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        admin = self.model_admin
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return {
            **context,
            "title": admin.read_title(self.instance),
            "states": admin.states(self.instance),
            "facts": admin.facts(self.instance, self.request),
            "sections": admin.sections(self.instance, self.request),
            **kwargs,
        }
