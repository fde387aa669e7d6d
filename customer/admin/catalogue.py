"""Reference data as snippets: brands, device types, device models; the base serves prices as well.

Wagtail's forms save these rows themselves; here is seen to it that texts are normalised, acts leave a trace, and what
is in use cannot be deleted.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.db.models import Model, ProtectedError
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from wagtail.admin import messages
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.panels import FieldPanel, ObjectList
from wagtail.admin.ui.tables import BulkActionsCheckboxColumn, Column
from wagtail.snippets.views import snippets

from customer.models import Brand, DeviceModel, DeviceType
from customer.services import trace
from kernel.actor import Actor
from kernel.admin import columns
from kernel.persian import clean


class CleanTextForm(WagtailAdminModelForm):
    """Texts come in one spelling."""

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean()
        texts = {name: value for name, value in data.items() if isinstance(value, str)}
        return data | {name: clean(value) for name, value in texts.items()}


def facts_of(instance: Model) -> dict[str, Any]:
    """The row's own values, for the trace."""
    return {field.attname: str(getattr(instance, field.attname)) for field in instance._meta.concrete_fields}


class Traced:
    """Saving and deleting leave a trace, inside the view's transaction."""

    def save_instance(self) -> Any:
        saved = super().save_instance()  # type: ignore[misc]
        self.leave_trace("saved", saved, **self.traced_facts(saved))
        return saved

    def traced_facts(self, saved: Any) -> dict[str, Any]:
        return facts_of(saved)

    def leave_trace(self, act: str, instance: Any, **data: Any) -> None:
        noun = instance._meta.model_name
        actor = Actor.of(self.request)  # type: ignore[attr-defined]
        trace.record(f"{noun}.{act}", f"{noun}:{instance.pk}", actor=actor, now=timezone.now(), **data)


class ListView(snippets.IndexView):
    """Without ticking many at once: what is in use must not be deleted by the dozen."""

    @cached_property
    def columns(self) -> list[Any]:
        return [column for column in super().columns if not isinstance(column, BulkActionsCheckboxColumn)]

    @cached_property
    def search_query(self) -> str:
        return clean(super().search_query or "")


class CreateView(Traced, snippets.CreateView):
    pass


class EditView(Traced, snippets.EditView):
    pass


class DeleteView(Traced, snippets.DeleteView):
    """What is in use stays; the person is told."""

    def is_fixed(self) -> bool:
        """Whether the row may not go for a reason of its own, or because another app means it."""
        return any(import_string(source)(self.object) for source in settings.CATALOGUE_USES)

    def form_valid(self, form: forms.Form) -> HttpResponse:
        kept = _now("“%(object)s” is in use and cannot be deleted.") % {"object": self.object}
        if self.is_fixed():
            messages.error(self.request, kept)
            return redirect(self.get_success_url())
        facts, gone = facts_of(self.object), self.object.pk
        try:
            response: HttpResponse = super().form_valid(form)
        except ProtectedError:
            messages.error(self.request, kept)
            return redirect(self.get_success_url())
        self.object.pk = gone
        self.leave_trace("deleted", self.object, **facts)
        return response


class CatalogueViewSet(snippets.SnippetViewSet):
    """Lists for who may view, forms for who may change; no copies, no sheets in CSV."""

    index_view_class = ListView
    add_view_class = CreateView
    edit_view_class = EditView
    delete_view_class = DeleteView
    inspect_view_enabled = True
    copy_view_enabled = False
    list_per_page = 50


class BrandViewSet(CatalogueViewSet):
    model = Brand
    icon = "tag"
    list_display = ["name"]
    search_fields = ["name"]
    inspect_view_fields = ["name"]
    edit_handler = ObjectList([FieldPanel("name")], base_form_class=CleanTextForm)


class DeviceTypeViewSet(CatalogueViewSet):
    model = DeviceType
    icon = "grid"
    list_display = ["name", "slug"]
    search_fields = ["name"]
    inspect_view_fields = ["name", "slug"]
    edit_handler = ObjectList(
        [FieldPanel("name"), FieldPanel("slug", help_text=_("Latin letters and dashes, for addresses: milling."))],
        base_form_class=CleanTextForm,
    )


class DeviceModelViewSet(CatalogueViewSet):
    model = DeviceModel
    icon = "cogs"
    list_display = [
        "__str__",
        "device_type",
        Column(
            "warranty_months", label=_("warranty, months"), accessor=lambda model: columns.count(model.warranty_months)
        ),
        Column(
            "service_months",
            label=_("included service, months"),
            accessor=lambda model: columns.count(model.service_months),
        ),
    ]
    list_filter = ["brand", "device_type"]
    search_fields = ["name", "brand__name"]
    inspect_view_fields = ["brand", "device_type", "name", "warranty_months", "service_months"]
    edit_handler = ObjectList(
        [
            FieldPanel("brand"),
            FieldPanel("device_type"),
            FieldPanel("name"),
            FieldPanel("warranty_months"),
            FieldPanel("service_months"),
        ],
        base_form_class=CleanTextForm,
    )

    def get_queryset(self, _request: Any) -> Any:
        return DeviceModel.objects.select_related("brand", "device_type")
