"""Checklists of installation as snippets. Each saving is a new version; forms keep the text they were made with."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Count
from django.http import HttpRequest
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.panels import FieldPanel, InlinePanel, ObjectList
from wagtail.admin.ui.tables import Column
from wagtail.snippets.views.snippets import InspectView

from customer.admin.catalogue import CatalogueViewSet, CreateView, EditView
from customer.models import ChecklistItem, ChecklistTemplate
from kernel.admin import columns
from kernel.persian import clean, clean_lines


class ItemForm(WagtailAdminModelForm):
    """An item; its code is given once and stays."""

    class Meta:
        model = ChecklistItem
        fields = ["label"]

    def clean_label(self) -> str:
        return clean(self.cleaned_data["label"])


class ItemsPanel(InlinePanel):
    """The inline list with our form."""

    def get_form_options(self) -> dict[str, Any]:
        options: dict[str, Any] = super().get_form_options()
        options["formsets"][self.relation_name] |= {"form": ItemForm}
        return options


class TemplateForm(WagtailAdminModelForm):
    """One template per model, and one for all others."""

    def clean_statement(self) -> str:
        return clean_lines(self.cleaned_data["statement"])

    def clean_all_done_label(self) -> str:
        return clean(self.cleaned_data["all_done_label"])

    def clean_device_model(self) -> Any:
        chosen = self.cleaned_data["device_model"]
        same = ChecklistTemplate.objects.filter(device_model=chosen).exclude(pk=self.instance.pk)
        if chosen is None and same.exists():
            raise forms.ValidationError(_now("There is already a checklist of all other models."))
        return chosen

    def save(self, commit: bool = True) -> Any:
        """Gives new items their codes before they are written."""
        items = self.formsets["items"]
        taken = {form.instance.code for form in items.forms}
        for form in items.forms:
            if not form.instance.code:
                form.instance.code = free_code(taken)
                taken.add(form.instance.code)
        return super().save(commit)


def free_code(taken: set[str]) -> str:
    """The first of `item_1`, `item_2`… that no item bears."""
    number = 1
    while f"item_{number}" in taken:
        number += 1
    return f"item_{number}"


class TracedChecklist:
    """The trace of a template holds its text and items."""

    def traced_facts(self, saved: ChecklistTemplate) -> dict[str, Any]:
        items = {item.code: item.label for item in saved.items.all()}
        return {"checklist": str(saved), "statement": saved.statement, "items": items}


class CreateChecklist(TracedChecklist, CreateView):
    pass


class EditChecklist(TracedChecklist, EditView):
    pass


class InspectChecklist(InspectView):
    def get_device_model_display_value(self) -> str:
        return str(self.object)

    def get_statement_display_value(self) -> str:
        return columns.lines(self.object.statement)

    def get_items_display_value(self) -> str:
        return "، ".join(item.label for item in self.object.items.all())


class ChecklistViewSet(CatalogueViewSet):
    model = ChecklistTemplate
    icon = "list-ul"
    add_view_class = CreateChecklist
    edit_view_class = EditChecklist
    inspect_view_class = InspectChecklist
    inspect_view_fields = ["device_model", "statement", "items", "all_done_label"]
    list_display = [
        "__str__",
        Column("item_count", label=_("items"), accessor=lambda template: columns.count(template.item_count)),
    ]
    edit_handler = ObjectList(
        [
            FieldPanel("device_model"),
            FieldPanel("statement", help_text=_("The buyer reads and confirms exactly this text.")),
            ItemsPanel(
                "items",
                panels=[FieldPanel("label")],
                heading=_("Items"),
                label=_("item"),
                min_num=1,
                help_text=_("Each saving is a new version. Forms that were prepared before keep their text."),
            ),
            FieldPanel("all_done_label"),
        ],
        base_form_class=TemplateForm,
    )

    def get_queryset(self, _request: HttpRequest) -> Any:
        templates = ChecklistTemplate.objects.select_related("device_model__brand")
        return templates.annotate(item_count=Count("items"))
