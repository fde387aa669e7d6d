"""The tables about papers: under a form, a transfer, a buyer, a device (`settings.ADMIN_SECTIONS`)."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from customer.admin.sections import FEW, MANY, periods_of_device, traces_about
from customer.admin.sign_off import standing_pill
from customer.admin.transfer import KINDS
from customer.models import Buyer, ConfirmationCode, Device, Ownership, SignedRecord, SignOff, Trace, Transfer
from customer.services import sign_off as sign_offs
from customer.services import transfer as transfers
from integrations.admin import messages_section, state_pill
from integrations.models import OutboxMessage
from kernel.admin import columns
from kernel.admin.reading import Section
from kernel.identity import mask_mobile

POLICIES = {"blocks": (_("blocks"), "late"), "warns": (_("to know"), "warn")}


# --- under a form --------------------------------------------------------------------------------------------------


def items_of_sign_off(form: SignOff, _request: HttpRequest) -> Section:
    """The items as the buyer reads them, with their notes and photos."""
    photos: dict[str, list[int]] = {}
    for photo in form.photos.all():
        photos.setdefault(photo.item_code, []).append(photo.pk)
    rows = [
        [item["label"], columns.lines(item["note"]), _photo_links(form, photos.get(item["code"], []))]
        for item in form.items
    ]
    return Section(
        title=_("Items"),
        heads=(_("item"), _("note"), _("photos")),
        rows=[*rows, [form.all_done_label, columns.NOTHING, columns.NOTHING]],
    )


def _photo_links(form: SignOff, photos: list[int]) -> str:
    if not photos:
        return columns.NOTHING
    url = reverse("customer_signoff_modeladmin_photo", args=[form.pk])
    picture = '<a href="{0}?photo={1}"><img class="admin-photo" src="{0}?photo={1}" alt="{2}" loading="lazy"></a>'
    return format_html_join(" ", picture, ((url, pk, _now("Photo")) for pk in photos))


def record_of_sign_off(form: SignOff, _request: HttpRequest) -> Section | None:
    return _record(form.record, "sign_off_certificate", "sign_off_record", form.pk)


def _record(record: SignedRecord | None, paper: str, file: str, pk: int) -> Section | None:
    """Where the record stands in the chain, and its papers."""
    if record is None:
        return None
    papers = [
        (reverse(paper, args=[pk]), _now("PDF")),
        (reverse(file, args=[pk]), _now("Record as JSON")),
        (reverse("verify", args=[record.code]), _now("Public verification page")),
    ]
    return Section(
        title=_("Signed record"),
        heads=(_("code"), _("position in the chain"), _("signed at"), _("signed with"), _("fingerprint"), _("papers")),
        rows=[
            [
                columns.code(record.code),
                columns.count(record.sequence),
                columns.moment(record.signed_at),
                columns.code(record.key.key_id),
                format_html('<bdi dir="ltr" class="code admin-breaks">{}</bdi>', record.sha256),
                format_html_join(format_html("{}", " · "), '<a href="{}">{}</a>', papers),
            ]
        ],
    )


def codes_of_sign_off(form: SignOff, _request: HttpRequest) -> Section:
    return _codes([sign_offs.purpose_of(form)])


def _codes(purposes: list[str]) -> Section:
    """The codes that were asked for, and whether each reached the phone; why not, if it did not."""
    codes = list(ConfirmationCode.objects.filter(purpose__in=purposes)[:FEW])
    sent = OutboxMessage.objects.in_bulk([f"sms.code:{code.pk}" for code in codes], field_name="dedupe_key")
    return Section(
        title=_("Codes by SMS"),
        heads=(_("asked for at"), _("phone"), _("tries"), _("used at"), _("message"), _("last error")),
        rows=[_code_row(code, sent.get(f"sms.code:{code.pk}")) for code in codes],
        empty=_("No code has been asked for yet."),
    )


def _code_row(code: ConfirmationCode, message: OutboxMessage | None) -> list[Any]:
    return [
        columns.moment(code.created_at),
        columns.code(mask_mobile(code.phone)),
        columns.count(code.tries),
        columns.moment(code.used_at),
        state_pill(message) if message else columns.NOTHING,
        columns.code(message.last_error[:120] if message else ""),
    ]


def messages_about_sign_off(form: SignOff, request: HttpRequest) -> Section | None:
    return messages_section(OutboxMessage.objects.filter(_told_of([form], []))[:FEW], request)


def traces_of_sign_off(form: SignOff, request: HttpRequest) -> Section | None:
    return traces_about(Trace.objects.filter(subject=f"sign_off:{form.pk}"), request)


# --- under a transfer ----------------------------------------------------------------------------------------------


def blockers_of_transfer(transfer: Transfer, _request: HttpRequest) -> Section | None:
    """What stands in the way, or should be known; for a request that is still open."""
    if transfer.status not in Transfer.UNDER_WAY:
        return None
    return Section(
        title=_("Before the decision"),
        heads=(_("policy"), _("what")),
        rows=[
            [columns.pill(*POLICIES.get(found.policy, (found.policy, ""))), found.message]
            for found in transfers.blockers(transfer.device)
        ],
        empty=_("Nothing stands in the way."),
    )


def periods_of_transfer(transfer: Transfer, request: HttpRequest) -> Section | None:
    """The service that goes along with the device."""
    return periods_of_device(transfer.device, request)


def ownerships_of_transfer(transfer: Transfer, request: HttpRequest) -> Section | None:
    return ownerships_of_device(transfer.device, request)


def record_of_transfer(transfer: Transfer, _request: HttpRequest) -> Section | None:
    return _record(transfer.record, "transfer_deed", "transfer_record", transfer.pk)


def codes_of_transfer(transfer: Transfer, _request: HttpRequest) -> Section:
    return _codes([transfers.purpose_of(transfer), transfers.purpose_of(transfer, "new_owner")])


def messages_about_transfer(transfer: Transfer, request: HttpRequest) -> Section | None:
    return messages_section(OutboxMessage.objects.filter(_told_of([], [transfer]))[:FEW], request)


def traces_of_transfer(transfer: Transfer, request: HttpRequest) -> Section | None:
    return traces_about(Trace.objects.filter(subject=f"transfer:{transfer.pk}"), request)


# --- under a buyer and a device ------------------------------------------------------------------------------------


def sign_offs_of_buyer(buyer: Buyer, request: HttpRequest) -> Section | None:
    return _sign_offs(SignOff.objects.filter(buyer=buyer), request)


def sign_offs_of_device(device: Device, request: HttpRequest) -> Section | None:
    return _sign_offs(SignOff.objects.filter(device=device), request)


def _sign_offs(forms: Any, request: HttpRequest) -> Section | None:
    if not request.user.has_perm("customer.view_signoff"):
        return None
    return Section(
        title=_("Installation sign-offs"),
        heads=(_("device"), _("installation date"), _("state"), _("prepared at"), _("confirmed at"), _("code")),
        rows=[
            [
                columns.record_named(form, form.device),
                columns.day(form.installed_on),
                standing_pill(form),
                columns.moment(form.prepared_at),
                columns.moment(form.confirmed_at),
                columns.code(form.record.code if form.record else ""),
            ]
            for form in forms.with_names().select_related("record")[:MANY]
        ],
        empty=_("No form has been prepared yet."),
    )


def transfers_of_buyer(buyer: Buyer, request: HttpRequest) -> Section | None:
    """The requests that the buyer filed, and those by which he received a device."""
    return _transfers(Transfer.objects.filter(Q(owner=buyer) | Q(new_owner=buyer)), request)


def transfers_of_device(device: Device, request: HttpRequest) -> Section | None:
    return _transfers(Transfer.objects.filter(device=device), request)


def _transfers(found: Any, request: HttpRequest) -> Section | None:
    if not request.user.has_perm("customer.view_transfer"):
        return None
    return Section(
        title=_("Transfers of ownership"),
        heads=(_("device"), _("owner"), _("new owner"), _("state"), _("filed at")),
        rows=[
            [
                columns.record_named(transfer, transfer.device),
                transfer.owner.full_name,
                transfer.new_owner_name,
                columns.pill(transfer.get_status_display(), KINDS[Transfer.Status(transfer.status)]),
                columns.moment(transfer.created_at),
            ]
            for transfer in found.select_related("device__model__brand", "owner")[:MANY]
        ],
        empty=_("Nobody has asked for a transfer."),
    )


def ownerships_of_buyer(buyer: Buyer, request: HttpRequest) -> Section | None:
    """What the buyer has owned, and since when."""
    return _ownerships(Ownership.objects.filter(owner=buyer), request)


def ownerships_of_device(device: Device, request: HttpRequest) -> Section | None:
    """Who has owned the device, newest first."""
    return _ownerships(Ownership.objects.filter(device=device), request)


def _ownerships(found: Any, request: HttpRequest) -> Section | None:
    if not request.user.has_perm("customer.view_ownership"):
        return None
    return Section(
        title=_("History of ownership"),
        heads=(_("device"), _("owner"), _("began at"), _("ended at"), _("by transfer")),
        rows=[
            [
                ownership.device,
                columns.record(ownership.owner),
                columns.moment(ownership.began_at),
                columns.moment(ownership.ended_at),
                columns.record_named(ownership.transfer, _now("transfer")) if ownership.transfer else columns.NOTHING,
            ]
            for ownership in found.select_related("device__model__brand", "owner", "transfer")[:MANY]
        ],
        empty=_("Nothing has been written about owners yet."),
    )


def paper_messages_about_buyer(buyer: Buyer, request: HttpRequest) -> Section | None:
    """What the buyer's phone and dashboard heard of his forms and transfers."""
    forms, found = list(buyer.sign_offs.all()[:FEW]), list(buyer.transfers.all()[:FEW])
    return messages_section(OutboxMessage.objects.filter(_told_of(forms, found))[:FEW], request)


def _told_of(forms: list[SignOff], found: list[Transfer]) -> Q:
    """The messages about these papers, by their keys."""
    steps = sign_offs.REMIND_AFTER_DAYS
    keys = [f"notify.sign_off_ready:{form.visit}" for form in forms]
    keys += [f"notify.sign_off_reminder:{form.pk}:{step}" for form in forms for step in steps]
    keys += [f"notify.sign_off_confirmed:{form.pk}" for form in forms]
    keys += [f"crm.sign_off:{form.pk}:{status}" for form in forms for status in SignOff.Status.values]
    events = ("submitted", "accepted", "declined", "cancelled", "refused", "executed")
    keys += [f"notify.transfer_{event}:{transfer.pk}" for transfer in found for event in events]
    steps = transfers.REMIND_AFTER_DAYS
    keys += [f"notify.transfer_pending:{transfer.pk}:{step}" for transfer in found for step in steps]
    keys += [f"crm.transfer:{transfer.pk}:{status}" for transfer in found for status in Transfer.Status.values]
    return Q(dedupe_key__in=keys)
