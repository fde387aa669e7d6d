"""Choosing one buyer among thousands: a searchable list in a dialog."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.choosers import BaseFilterForm
from wagtail.admin.ui.tables import Column
from wagtail.admin.views.generic import chooser
from wagtail.admin.viewsets.chooser import ChooserViewSet
from wagtail.admin.widgets.chooser import BaseChooser

from customer.models import Buyer
from kernel.admin import columns
from kernel.identity import local_mobile
from kernel.persian import clean


class BuyersOnly:
    """Wagtail opens choosers to everybody in the admin; this one is for who may view buyers."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.has_perm("customer.view_buyer"):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]


class BuyerSearchForm(BaseFilterForm):
    q = forms.CharField(
        label=_("Name, phone, national code or username"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"placeholder": _("Name, phone, national code or username")}),
    )

    def filter(self, objects: Any) -> Any:
        text = clean(self.cleaned_data.get("q", ""))
        if not text:
            return objects
        self.is_searching, self.search_query = True, text
        return objects.matching(text)


class ListMixin(BuyersOnly):
    filter_form_class = BuyerSearchForm

    def get_object_list(self) -> Any:
        return Buyer.objects.select_related("user")

    @property
    def columns(self) -> list[Column]:
        return [
            self.title_column,  # type: ignore[attr-defined]
            Column("phone", label=_("phone"), accessor=lambda buyer: columns.code(local_mobile(buyer.phone))),
            Column("city", label=_("city"), accessor="city"),
        ]


class ChooseView(ListMixin, chooser.ChooseView):
    pass


class ChooseResultsView(ListMixin, chooser.ChooseResultsView):
    pass


class ChosenView(BuyersOnly, chooser.ChosenView):
    pass


class BuyerChooser(BaseChooser):
    """The field itself; a key that nobody could have is nobody."""

    show_edit_link = False

    def get_instance(self, value: Any) -> Buyer | None:
        known = isinstance(value, (Buyer, int)) or str(value).isdecimal()
        buyer: Buyer | None = super().get_instance(value) if known else None
        return buyer


class BuyerChooserViewSet(ChooserViewSet):
    model = Buyer
    icon = "user"
    choose_one_text = _("Choose the buyer")
    choose_another_text = _("Choose another buyer")
    choose_view_class = ChooseView
    choose_results_view_class = ChooseResultsView
    chosen_view_class = ChosenView
    base_widget_class = BuyerChooser
    register_widget = False
    per_page = 10

    def get_urlpatterns(self) -> list[URLPattern]:
        """Only what choosing one needs; buyers are made on their own screen."""
        return [
            path("", self.choose_view, name="choose"),
            path("results/", self.choose_results_view, name="choose_results"),
            path("chosen/<str:pk>/", self.chosen_view, name="chosen"),
        ]


buyer_chooser = BuyerChooserViewSet("buyer_chooser")
