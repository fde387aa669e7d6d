"""Devices in the back office."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from customer.admin import forms
from customer.admin.sign_off_acts import PrepareSignOff
from customer.models import Buyer, Device
from customer.rules import ServiceStatus
from customer.services.device import DeviceData, activate_legacy, save_device
from kernel.admin import columns
from kernel.admin.acts import ActView
from kernel.admin.columns import column
from kernel.admin.export import ExportColumn
from kernel.admin.filters import ListFilter, by_choice
from kernel.admin.forms import VerbCreateView, VerbEditView
from kernel.admin.model_admin import EditPermissions, PortalAdmin
from kernel.admin.reading import Fact
from kernel.jalali import contract_end, format_date, tehran_today
from kernel.persian import clean_identifier

SOON = timedelta(days=30)
SOON_CHOICE = "ending_soon"
KINDS = {"active": "ok", "renewed": "ok", "expired": "late", "awaiting_sign_off": "warn"}
DATES = ("sold_on", "installed_on", "warranty_ends_on")


def identified(text: str, prefix: str = "") -> Q:
    """The device (behind `prefix`) that bears exactly this identifier."""
    kinds = list(Device.IdentifierKind)
    return Q(**{f"{prefix}identifier_kind__in": kinds, f"{prefix}identifier": clean_identifier(text)})


class ServiceFilter(ListFilter):
    title = _("Service")
    parameter_name = "service"
    options = (*ServiceStatus.choices, (SOON_CHOICE, _("ends within 30 days")))

    def apply(self, queryset: Any, value: str) -> QuerySet[Any]:
        today = tehran_today()
        if value == SOON_CHOICE:
            return queryset.ending_between(today, today + SOON)
        return queryset.in_status(value, today)


class CreateDevice(VerbCreateView):
    form_class = forms.NewDeviceForm

    def get_initial(self) -> dict[str, Any]:
        """The owner may be named by the page that leads here."""
        owner = self.request.GET.get("owner", "")
        return {"owner": Buyer.objects.filter(pk=owner).first()} if owner.isdecimal() else {}

    def save(self, data: dict[str, Any]) -> Device:
        return _save(data, owner_id=data["owner"].pk, form=self)


class EditDevice(VerbEditView):
    """Everything but the owner, who changes only through a transfer."""

    form_class = forms.DeviceForm

    def get_initial(self) -> dict[str, Any]:
        names = ("model", "identifier_kind", "identifier", *DATES)
        return {name: getattr(self.instance, name) for name in names}

    def save(self, data: dict[str, Any]) -> Device:
        return _save(data, owner_id=self.instance.owner_id, device_id=self.instance.pk, form=self)


def _save(data: dict[str, Any], *, owner_id: int, form: Any, device_id: int | None = None) -> Device:
    device = DeviceData(
        owner_id=owner_id,
        model_id=data["model"].pk,
        identifier_kind=data["identifier_kind"],
        identifier=data["identifier"],
        **{name: data[name] for name in DATES},
    )
    return save_device(data=device, actor=form.actor, now=timezone.now(), device_id=device_id)


class ActivateLegacy(ActView):
    """Puts a device of the old fleet into service, with a reason, for ever flagged."""

    name = "activate-legacy"
    label = _("Put into service without a sign-off")
    permission = "customer.activate_legacy"
    icon = "check"
    form_class = forms.LegacyForm
    lead = _("Only for devices that were installed before this portal. The reason stays on the device for ever.")

    @classmethod
    def is_offered(cls, obj: Any) -> bool:
        return not obj.periods.exists()

    def initial(self) -> dict[str, Any]:
        begun = self.instance.installed_on
        return {"starts_on": begun, "ends_on": contract_end(begun, 1)} if begun else {}

    def perform(self, data: dict[str, Any]) -> str:
        period = activate_legacy(
            device_id=self.instance.pk,
            starts_on=data["starts_on"],
            ends_on=data["ends_on"],
            reason=data["legacy_reason"],
            actor=self.actor,
            now=timezone.now(),
        )
        return _now("The device is in service until %(day)s.") % {"day": format_date(period.ends_on)}


class DeviceAdmin(PortalAdmin):
    model = Device
    menu_icon = "cogs"
    permission_helper_class = EditPermissions
    create_view_class = CreateDevice
    edit_view_class = EditDevice
    list_display = ("model_name", "identifier_shown", "owner_name", "service", "service_end", "warranty_end")
    list_filter = (ServiceFilter, by_choice("identifier_kind", _("Identifier"), Device.IdentifierKind.choices))
    list_select_related = ("owner", "model__brand")
    ordering = ("-pk",)
    search_hint = _("Serial, dongle, user ID, model, or the owner")
    acts = (PrepareSignOff, ActivateLegacy)
    export_filename = "devices"
    export_columns = (
        ExportColumn(label=_("Brand and model"), value=lambda device: str(device.model)),
        ExportColumn(label=_("Kind of identifier"), value=lambda device: device.get_identifier_kind_display()),
        ExportColumn(label=_("Identifier"), value=lambda device: device.identifier),
        ExportColumn(label=_("Owner"), value=lambda device: device.owner.full_name),
        ExportColumn(label=_("Installation date"), value=lambda device: columns.plain_day(device.installed_on)),
        ExportColumn(label=_("End of warranty"), value=lambda device: columns.plain_day(device.warranty_ends_on)),
        ExportColumn(
            label=_("End of service"), value=lambda device: columns.plain_day(device.standing.service_ends_on)
        ),
        ExportColumn(label=_("Service"), value=lambda device: str(device.standing.status.label)),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        queryset: Any = super().get_queryset(request)
        found: QuerySet[Any] = queryset.with_standing(tehran_today())
        return found

    def search(self, queryset: Any, text: str) -> QuerySet[Any]:
        """By the whole identifier (an index finds it); else by its parts, by brand, model and type, or by the owner."""
        exact = queryset.filter(identified(text))
        if exact.exists():
            return exact
        named = Device.objects.matching(text).order_by().values("pk")
        owned = Buyer.objects.matching(text).order_by().values("pk")
        return queryset.filter(Q(pk__in=named) | Q(owner__in=owned))

    @column(_("device"), order="model__name")
    def model_name(self, device: Device) -> str:
        return str(device.model)

    @column(_("identifier"), order="identifier")
    def identifier_shown(self, device: Device) -> str:
        return columns.code(device.identifier)

    @column(_("owner"), order="owner__last_name")
    def owner_name(self, device: Device) -> str:
        return columns.record(device.owner)

    @column(_("service"))
    def service(self, device: Device) -> str:
        return columns.pill(device.standing.status.label, KINDS[device.standing.status])

    @column(_("end of service"), order="last_ends_on")
    def service_end(self, device: Device) -> str:
        return columns.day(device.standing.service_ends_on)

    @column(_("end of warranty"), order="warranty_ends_on")
    def warranty_end(self, device: Device) -> str:
        return columns.day(device.warranty_ends_on)

    def _with_standing(self, device: Device) -> Device:
        return Device.objects.with_names().with_standing(tehran_today()).select_related("owner").get(pk=device.pk)

    def read_title(self, obj: Device) -> str:
        return str(obj)

    def states(self, obj: Device) -> list[Any]:
        standing = self._with_standing(obj).standing
        pills = [columns.pill(standing.status.label, KINDS[standing.status])]
        return [*pills, columns.pill(standing.mode.label)] if standing.is_expired else pills

    def facts(self, obj: Device, _request: HttpRequest) -> list[Fact]:
        device = self._with_standing(obj)
        return [
            Fact(label=_("Owner"), value=columns.record(device.owner)),
            Fact(label=_("Brand and model"), value=str(device.model)),
            Fact(label=_("Device type"), value=device.model.device_type),
            Fact(label=device.get_identifier_kind_display(), value=columns.code(device.identifier)),
            Fact(label=_("Date of sale"), value=columns.day(device.sold_on)),
            Fact(label=_("Installation date"), value=columns.day(device.installed_on)),
            Fact(label=_("End of warranty"), value=columns.day(device.warranty_ends_on)),
            Fact(label=_("End of service"), value=columns.day(device.standing.service_ends_on)),
        ]
