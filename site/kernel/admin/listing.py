"""Lists: one count and one page of rows, whatever their number; only declared filters; sheets for Excel."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from wagtail_modeladmin.views import IndexView, WMABaseView

from kernel.admin.export import ExportColumn, as_xlsx
from kernel.persian import clean

LONGEST_QUERY = 100


class ListView(IndexView):
    """modeladmin's list without its liberties: an undeclared lookup in the address is ignored, not obeyed."""

    FORMATS = (IndexView.FORMAT_XLSX,)

    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        declared = {spec.parameter_name for spec in self.list_filter}
        given: dict[str, Any] = super().get_filters_params(params)
        return {name: value for name, value in given.items() if name in declared}

    def get_search_results(self, _request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> QuerySet[Any]:
        text = clean(search_term)[:LONGEST_QUERY]
        return self.model_admin.search(queryset, text) if text else queryset

    def as_spreadsheet(self, queryset: QuerySet[Any], _format: str) -> HttpResponseBase:
        columns = self.export_columns()
        if not columns:
            raise PermissionDenied
        self.model_admin.exported(self.request, columns)
        return as_xlsx(queryset, columns, filename=self.model_admin.export_filename)

    def export_columns(self) -> list[ExportColumn]:
        """The columns that this person may take along."""
        user = self.request.user
        return [c for c in self.model_admin.export_columns if not c.permission or user.has_perm(c.permission)]

    def get_buttons_for_obj(self, obj: Any) -> list[dict[str, Any]]:
        """In a list only the acts that need no look at the record, and no query for each row."""
        buttons: list[dict[str, Any]] = self.button_helper.act_buttons(obj, self.model_admin.row_acts)
        return buttons

    def breadcrumbs(self) -> list[dict[str, str]]:
        return [
            {"url": reverse("wagtailadmin_home"), "label": _("Home")},
            {"url": "", "label": self.verbose_name_plural},
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        paginator = Paginator(self.queryset, self.items_per_page)
        page = paginator.get_page(self.page_num or 1)
        context: dict[str, Any] = WMABaseView.get_context_data(self, **kwargs)
        return {
            **context,
            "title": self.get_page_title(),
            "paginator": paginator,
            "page_obj": page,
            "pages": paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1),
            "object_list": page.object_list,
            "is_narrowed": bool(self.query or any(spec.value() for spec in self.filter_specs)),
            "user_can_create": self.permission_helper.user_can_create(self.request.user),
            "can_export": bool(self.export_columns()),
        }
