"""The tables under a buyer, a device, a choice; `settings.ADMIN_SECTIONS` says where each stands."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from customer.admin.correction import KINDS as CORRECTION_KINDS
from customer.admin.correction import value
from customer.admin.device import KINDS
from customer.admin.trace import act_name, actor_name
from customer.models import Buyer, CorrectionRequest, Device, ServiceChoice, ServicePeriod, Trace
from integrations.admin import messages_section
from integrations.models import OutboxMessage
from kernel.admin import columns
from kernel.admin.reading import Section
from kernel.jalali import tehran_today

FEW = 10
MANY = 50


def devices_of_buyer(buyer: Buyer, request: HttpRequest) -> Section | None:
    """What the buyer owns, and where its service stands."""
    if not request.user.has_perm("customer.view_device"):
        return None
    devices = Device.objects.filter(owner=buyer).with_names().with_standing(tehran_today()).order_by("pk")
    add_url = f"{reverse('customer_device_modeladmin_create')}?{urlencode({'owner': buyer.pk})}"
    can_add = request.user.has_perm("customer.add_device")
    return Section(
        title=_("Devices"),
        heads=(_("device"), _("identifier"), _("service"), _("end of service"), _("end of warranty")),
        rows=[
            [
                columns.link(columns.read_url(Device, device.pk), device.model),
                columns.code(device.identifier),
                columns.pill(device.standing.status.label, KINDS[device.standing.status]),
                columns.day(device.standing.service_ends_on),
                columns.day(device.warranty_ends_on),
            ]
            for device in devices[:MANY]
        ],
        empty=_("No device has been registered for this buyer yet."),
        url=add_url if can_add else "",
        url_label=_("Register a device"),
    )


def periods_of_device(device: Device, request: HttpRequest) -> Section | None:
    """The days on which the device had, has and will have service."""
    if not request.user.has_perm("customer.view_serviceperiod"):
        return None
    return Section(
        title=_("Service periods"),
        heads=(_("begins on"), _("ends on"), _("origin"), _("reason")),
        rows=[
            [
                columns.link(columns.read_url(ServicePeriod, period.pk), columns.day(period.starts_on)),
                columns.day(period.ends_on),
                period.get_origin_display(),
                period.legacy_reason or columns.NOTHING,
            ]
            for period in device.periods.order_by("-starts_on")[:MANY]
        ],
        empty=_("This device has not been put into service yet."),
    )


def choices_of_buyer(buyer: Buyer, request: HttpRequest) -> Section | None:
    return _choices(ServiceChoice.objects.filter(buyer=buyer), request)


def choices_of_device(device: Device, request: HttpRequest) -> Section | None:
    return _choices(ServiceChoice.objects.filter(device=device), request)


def _choices(choices: Any, request: HttpRequest) -> Section | None:
    if not request.user.has_perm("customer.view_servicechoice"):
        return None
    return Section(
        title=_("Service choices"),
        heads=(_("device"), _("choice"), _("years"), _("made at")),
        rows=[
            [
                columns.link(columns.read_url(ServiceChoice, made.pk), made.device),
                made.get_choice_display(),
                columns.count(made.years),
                columns.moment(made.made_at),
            ]
            for made in choices.select_related("device__model__brand")[:FEW]
        ],
        empty=_("Nothing has been chosen yet."),
    )


def corrections_of_buyer(buyer: Buyer, request: HttpRequest) -> Section | None:
    """What the buyer wants corrected."""
    if not request.user.has_perm("customer.view_correctionrequest"):
        return None
    return Section(
        title=_("Correction requests"),
        heads=(_("field"), _("proposed"), _("state"), _("filed at")),
        rows=[
            [
                columns.link(columns.read_url(CorrectionRequest, wish.pk), wish.get_field_display()),
                value(wish, wish.proposed),
                columns.pill(wish.get_status_display(), CORRECTION_KINDS[CorrectionRequest.Status(wish.status)]),
                columns.moment(wish.created_at),
            ]
            for wish in buyer.corrections.all()[:FEW]
        ],
        empty=_("The buyer has asked for no correction."),
    )


def messages_about_buyer(buyer: Buyer, request: HttpRequest) -> Section | None:
    """What the CRM heard of the buyer, his choices and orders."""
    return messages_section(OutboxMessage.objects.filter(stream=f"crm:{buyer.pk}")[:FEW], request)


def messages_about_choice(made: ServiceChoice, request: HttpRequest) -> Section | None:
    """What the CRM heard of this choice."""
    return messages_section(OutboxMessage.objects.filter(dedupe_key=f"crm.choice:{made.pk}"), request)


def traces_of_buyer(buyer: Buyer, request: HttpRequest) -> Section | None:
    return traces_about(Trace.objects.filter(buyer=buyer), request)


def traces_of_device(device: Device, request: HttpRequest) -> Section | None:
    return traces_about(Trace.objects.filter(subject=f"device:{device.pk}"), request)


def traces_about(traces: Any, request: HttpRequest) -> Section | None:
    """The last of these acts; None for who may not see the trail."""
    if not request.user.has_perm("customer.view_trace"):
        return None
    return Section(
        title=_("Trail of acts"),
        heads=(_("act"), _("who"), _("reason"), _("when")),
        rows=[
            [
                columns.link(columns.read_url(Trace, trace.pk), act_name(trace.verb)),
                actor_name(trace),
                trace.data.get("reason") or columns.NOTHING,
                columns.moment(trace.at),
            ]
            for trace in traces.select_related("actor")[:FEW]
        ],
        empty=_("Nothing has happened yet."),
    )
