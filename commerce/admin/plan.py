"""Plans with dated prices as snippets. A price that has been in force is never changed: a new one begins later."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from modelcluster.forms import BaseChildFormSet
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.panels import FieldPanel, InlinePanel, MultiFieldPanel, ObjectList
from wagtail.admin.ui.tables import BooleanColumn, Column
from wagtail.snippets.views.snippets import InspectView

from commerce.admin.dated import FixedOnceInForce, is_in_force
from commerce.models import PlanPrice, ServicePlan
from customer.admin.catalogue import CatalogueViewSet, CreateView, DeleteView, EditView
from kernel.admin import columns
from kernel.fields import JalaliDateField, TomanField
from kernel.jalali import tehran_today


class PriceForm(FixedOnceInForce):
    """A price, typed in toman."""

    net_rial = TomanField(label=_("Net price, toman"))
    valid_from = JalaliDateField(label=_("Valid from"))


class PriceFormSet(BaseChildFormSet):
    """A price that has been in force cannot be taken away."""

    def clean(self) -> None:
        super().clean()
        if any(form.is_fixed for form in self.deleted_forms):
            raise ValidationError(_now("A price that has been in force stays; add a new one that begins later."))


class PricesPanel(InlinePanel):
    """The inline list with our form."""

    def get_form_options(self) -> dict[str, Any]:
        options: dict[str, Any] = super().get_form_options()
        options["formsets"][self.relation_name] |= {"form": PriceForm, "formset": PriceFormSet}
        return options


class PlanForm(WagtailAdminModelForm):
    """For one model or for a whole type, not both and not neither."""

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean()
        given = [name for name in ("device_model", "device_type") if data.get(name)]
        if len(given) != 1:
            self.add_error(None, _now("Choose either a device model or a device type."))
        elif data.get("years") and self._exists(given[0], data):
            self.add_error("years", _now("There is already a plan of this length for it."))
        return data

    def _exists(self, name: str, data: dict[str, Any]) -> bool:
        same = ServicePlan.objects.filter(**{name: data[name], "years": data["years"]})
        return bool(same.exclude(pk=self.instance.pk).exists())

    def _get_validation_exclusions(self) -> set[str]:
        """`clean` says what the table's constraints on these fields say, in words that help."""
        return {*super()._get_validation_exclusions(), "device_model", "device_type"}


class PriceNow(Column):
    """The price in force, in toman."""

    def get_value(self, instance: Any) -> str:
        return columns.toman(instance.price_now)


def price_list(plan: ServicePlan) -> str:
    """All prices of a plan, newest first."""
    prices = plan.prices.order_by("-valid_from")
    return "، ".join(
        _now("%(price)s from %(day)s") % {"price": columns.toman(p.net_rial), "day": columns.day(p.valid_from)}
        for p in prices
    )


class TracedPlan:
    """The trace of a plan holds its prices."""

    def traced_facts(self, saved: ServicePlan) -> dict[str, Any]:
        prices = {p.valid_from.isoformat(): p.net_rial for p in saved.prices.order_by("valid_from")}
        return {"plan": str(saved), "is_offered": saved.is_offered, "net_rial": prices}


class CreatePlan(TracedPlan, CreateView):
    pass


class EditPlan(TracedPlan, EditView):
    pass


class DeletePlan(DeleteView):
    def is_fixed(self) -> bool:
        return any(is_in_force(price) for price in self.object.prices.all())


class InspectPlan(InspectView):
    def get_prices_display_value(self) -> str:
        return price_list(self.object)

    def get_is_offered_display_value(self) -> str:
        return _now("yes") if self.object.is_offered else _now("no")


class ServicePlanViewSet(CatalogueViewSet):
    model = ServicePlan
    icon = "calendar-check"
    add_view_class = CreatePlan
    edit_view_class = EditPlan
    delete_view_class = DeletePlan
    inspect_view_class = InspectPlan
    inspect_view_fields = ["device_model", "device_type", "years", "is_offered", "prices"]
    list_display = [
        "__str__",
        PriceNow("price_now", label=_("Net price today")),
        BooleanColumn("is_offered", label=_("offered")),
    ]
    list_filter = ["years", "device_type", "is_offered"]
    edit_handler = ObjectList(
        [
            MultiFieldPanel(
                [FieldPanel("device_model"), FieldPanel("device_type"), FieldPanel("years"), FieldPanel("is_offered")],
                heading=_("What is offered"),
                help_text=_("A plan for a model comes before one for its whole type."),
            ),
            PricesPanel(
                "prices",
                panels=[FieldPanel("net_rial"), FieldPanel("valid_from")],
                heading=_("Net prices"),
                label=_("price"),
                help_text=_("Without VAT. A price that has been in force stays; a new one begins today or later."),
            ),
        ],
        base_form_class=PlanForm,
    )

    def get_queryset(self, _request: HttpRequest) -> Any:
        prices = PlanPrice.objects.filter(plan=OuterRef("pk"), valid_from__lte=tehran_today()).order_by("-valid_from")
        plans = ServicePlan.objects.select_related("device_model__brand", "device_type")
        return plans.annotate(price_now=Subquery(prices.values("net_rial")[:1]))
