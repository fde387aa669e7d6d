"""Outbox handlers for papers: codes, sign-offs and transfers, to phones, dashboards and the CRM."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from customer.deliveries import save_note
from customer.models import Buyer, ConfirmationCode, InboxItem, SignOff, Transfer
from customer.papers import page_of_waiting
from customer.services import inbox
from customer.services.code import draw_code, is_newest
from customer.services.transfer import draw_accept_link
from integrations import sms, templates
from integrations.outbox import Delivery
from integrations.ports import Reject, Sms
from kernel.jalali import format_date
from kernel.persian import persian_digits


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a buyer is told of an event: on the dashboard, and by SMS in the same words."""

    title: str
    body: str
    url: str


def send_code(delivery: Delivery) -> str:
    """Makes the digits and sends them. Never repeated by itself: who got no code asks for another."""
    code = ConfirmationCode.objects.get(pk=delivery.payload["code_id"])
    if delivery.recover or code.expires_at <= timezone.now() or not is_newest(code):
        raise Reject("no certain delivery in time; the person can ask for another code")
    text = templates.render("code", "sms", {"digits": draw_code(code)})
    _provider, receipt = sms.send(Sms(phone=code.phone, text=text, local_id=delivery.message_id))
    return receipt.external_id


# --- sign-offs -----------------------------------------------------------------------------------------------------


def notify_sign_off_ready(delivery: Delivery) -> str:
    """The forms of a visit wait for the buyer. What was answered or withdrawn meanwhile is not spoken of."""
    prepared = _sign_off(delivery)
    rows = SignOff.objects.waiting().select_related("buyer", "device__model__brand")
    waiting = list(rows.filter(visit=prepared.visit).order_by("pk"))
    if not waiting:
        return ""
    title = _("Please confirm the installation of %(device)s")
    if len(waiting) > 1:
        title = _("Please confirm the installation of %(device)s and %(number)s more")
    told = _waiting(waiting[0], title, more=len(waiting) - 1)
    return _tell(delivery, prepared.buyer, told)


def notify_sign_off_reminder(delivery: Delivery) -> str:
    """A form still waits. One that was answered meanwhile is not spoken of."""
    sign_off = _sign_off(delivery)
    if sign_off.status != SignOff.Status.WAITING:
        return ""
    title = _("The installation of %(device)s still waits for your confirmation")
    return _tell(delivery, sign_off.buyer, _waiting(sign_off, title))


def _waiting(sign_off: SignOff, title: str, *, more: int = 0) -> Told:
    return Told(
        title=title % {"device": sign_off.device.model, "number": persian_digits(str(more))},
        body=_("Its service begins with your confirmation."),
        url=page_of_waiting(sign_off, more=more),
    )


def notify_sign_off_confirmed(delivery: Delivery) -> str:
    """The form was confirmed; the service has begun."""
    sign_off = _sign_off(delivery)
    period = getattr(sign_off, "period", None)
    body = _("The certificate is kept with the form.")
    if period is not None:
        until = _("Service until %(day)s.") % {"day": format_date(period.ends_on, "long")}
        body = f"{until} {body}"
    title = _("The installation of %(device)s was confirmed") % {"device": sign_off.device.model}
    return _tell(delivery, sign_off.buyer, Told(title=title, body=body, url=f"/sign-offs/{sign_off.pk}/"))


def tell_crm_of_sign_off(delivery: Delivery) -> str:
    """The CRM hears of a form: made, confirmed or declined."""
    sign_off = _sign_off(delivery)
    text = f"{sign_off.device} · {sign_off.get_status_display()}"
    if sign_off.decline_reason:
        text = f"{text}\n{sign_off.decline_reason}"
    key = f"sign_off:{sign_off.pk}:{sign_off.status}"
    return save_note(delivery, key, sign_off.buyer, title=_("Installation sign-off"), text=text)


def _sign_off(delivery: Delivery) -> SignOff:
    rows = SignOff.objects.select_related("buyer", "device__model__brand")
    return rows.get(pk=delivery.payload["sign_off_id"])


# --- transfers -----------------------------------------------------------------------------------------------------


def notify_transfer_submitted(delivery: Delivery) -> str:
    """The owner is told that the request is under review; the new owner gets the link to accept."""
    found = _transfer(delivery)
    _put_of_transfer(delivery, found, _("Your request to transfer %(device)s is under review"))
    return _send_link(delivery, found)


def notify_transfer_pending(delivery: Delivery) -> str:
    """Still under review: the owner is told, and the new owner gets a fresh link if he has not answered."""
    found = _transfer(delivery)
    if found.status != Transfer.Status.SUBMITTED:
        return ""
    _put_of_transfer(delivery, found, _("Your request to transfer %(device)s is still under review"))
    return _send_link(delivery, found)


def notify_transfer_answered(delivery: Delivery) -> str:
    """The owner is told what the new owner answered."""
    found = _transfer(delivery)
    title = {
        Transfer.Acceptance.ACCEPTED: _("The new owner of %(device)s has accepted"),
        Transfer.Acceptance.DECLINED: _("The new owner of %(device)s has declined"),
    }[Transfer.Acceptance(found.acceptance)]
    _put_of_transfer(delivery, found, title)
    return ""


def notify_transfer_cancelled(delivery: Delivery) -> str:
    """The owner's own cancellation, for his papers."""
    found = _transfer(delivery)
    _put_of_transfer(delivery, found, _("Your request to transfer %(device)s was cancelled"))
    return ""


def notify_transfer_refused(delivery: Delivery) -> str:
    """The owner is told why."""
    found = _transfer(delivery)
    title = _("Your request to transfer %(device)s was not accepted") % {"device": found.device.model}
    return _tell(delivery, found.owner, Told(title=title, body=found.decision_reason, url="/transfers/"))


def notify_transfer_executed(delivery: Delivery) -> str:
    """Both sides are told, each in his own words."""
    found = _transfer(delivery)
    if found.new_owner is None:
        raise Reject("the transfer names no new owner")
    gone = Told(
        title=_("%(device)s was handed over") % {"device": found.device.model},
        body=_("Your ownership has ended. The deed is kept with the request."),
        url="/transfers/",
    )
    come = Told(
        title=_("%(device)s is yours now") % {"device": found.device.model},
        body=_("Sign in as %(username)s. If you have no password yet, please call us.")
        % {"username": found.new_owner.user.username},
        url=f"/devices/{found.device_id}/",
    )
    _put_into_inbox(delivery, found.new_owner, come)
    _put_into_inbox(delivery, found.owner, gone)
    _send(delivery, found.new_owner.phone, come, half=1)
    return _send(delivery, found.owner.phone, gone)


def tell_crm_of_transfer(delivery: Delivery) -> str:
    """The CRM hears of a request and of its outcome."""
    found = _transfer(delivery)
    text = f"{found.device} · {found.get_status_display()} · {found.new_owner_name}"
    key = f"transfer:{found.pk}:{found.status}"
    return save_note(delivery, key, found.owner, title=_("Transfer of ownership"), text=text)


def _transfer(delivery: Delivery) -> Transfer:
    rows = Transfer.objects.select_related("owner", "new_owner__user", "device__model__brand")
    return rows.get(pk=delivery.payload["transfer_id"])


def _send_link(delivery: Delivery, found: Transfer) -> str:
    """The new owner's link, while he may answer. Made anew at each sending; an older one dies with it.

    So after an uncertain attempt none is sent: the first may have arrived and would be dead. The reminder sends one.
    """
    token = "" if delivery.recover else draw_accept_link(found.pk)
    if not token:
        return ""
    link = f"{settings.PUBLIC_URL}/transfers/accept/{token}/"
    values = {"owner": found.owner.full_name, "device": str(found.device.model), "link": link}
    text = templates.render("transfer_accept", "sms", values)
    _provider, receipt = sms.send(Sms(phone=found.new_phone, text=text, local_id=_local_id(delivery, half=1)))
    return receipt.external_id


# --- the steps that all share --------------------------------------------------------------------------------------


def _tell(delivery: Delivery, buyer: Buyer, told: Told) -> str:
    _put_into_inbox(delivery, buyer, told)
    return _send(delivery, buyer.phone, told)


def _put_of_transfer(delivery: Delivery, found: Transfer, title: str) -> None:
    told = Told(title=title % {"device": found.device.model}, body="", url="/transfers/")
    _put_into_inbox(delivery, found.owner, told)


def _put_into_inbox(delivery: Delivery, buyer: Buyer, told: Told) -> None:
    message = inbox.Message(
        kind=InboxItem.Kind.SERVICE,
        title=told.title,
        body=told.body,
        dedupe_key=delivery.dedupe_key,
        url=told.url,
    )
    inbox.tell(buyer.pk, message, now=timezone.now())


def _send(delivery: Delivery, phone: str, told: Told, *, half: int = 0) -> str:
    text = f"{told.title}. {told.body}".strip()
    message = Sms(phone=phone, text=text, local_id=_local_id(delivery, half=half))
    _provider, receipt = sms.send(message, recover=delivery.recover)
    return receipt.external_id


def _local_id(delivery: Delivery, *, half: int) -> int:
    """Our number for each of the (at most two) texts of one message, the same at every attempt."""
    return 10**12 * half + delivery.message_id
