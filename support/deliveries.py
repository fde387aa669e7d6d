"""Outbox handlers of this app: what the CRM, the buyer and the staff hear of tickets; never what was said."""

from __future__ import annotations

from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customer.deliveries import save_note
from customer.models import InboxItem
from customer.services import inbox
from integrations import sms, templates, whatsapp
from integrations.outbox import Delivery
from integrations.ports import Sms
from kernel.persian import left_to_right, persian_digits
from support.models import Message, Ticket

EVENTS = {
    "opened": gettext_lazy("opened"),
    "in_review": gettext_lazy("in review"),
    "review_ended": gettext_lazy("not in review any more"),
    "answered": gettext_lazy("answered"),
    "replied": gettext_lazy("the buyer replied"),
    "closed": gettext_lazy("closed"),
    "reopened": gettext_lazy("opened again"),
    "rated": gettext_lazy("rated"),
}


def tell_crm_of_ticket(delivery: Delivery) -> str:
    """One note at the contact for each thing that happened to a ticket. An answer taken back is not spoken of."""
    event, ticket = delivery.payload["event"], _ticket(delivery)
    if event == "answered" and not _is_still_there(delivery):
        return ""
    text = "\n".join(
        [
            f"{ticket.number} · {EVENTS[event]}",
            ticket.title,
            str(ticket.device),
            f"{ticket.get_importance_display()} · {ticket.get_status_display()}",
        ]
    )
    key = f"ticket:{ticket.number}:{event}:{delivery.payload['key']}"
    return save_note(delivery, key, ticket.buyer, title=_("Support ticket"), text=text)


# --- the buyer -------------------------------------------------------------------------------------------------------


def notify_answered(delivery: Delivery) -> str:
    """The buyer is told on the dashboard and by SMS, with a link to the very answer."""
    ticket = _ticket(delivery)
    if not _is_still_there(delivery):
        return ""
    url = f"/tickets/{ticket.number}/#m{delivery.payload['key']}"
    title = _("Your ticket %(number)s has been answered") % {"number": _shown(ticket)}
    _put_into_inbox(delivery, ticket, title, url)
    return _send_sms(delivery, ticket.buyer.phone, "ticket_answered", _words(ticket, url))


def whatsapp_answered(delivery: Delivery) -> str:
    """As by SMS, where the installation has WhatsApp and an approved template for it. Never tried twice."""
    ticket, port = _ticket(delivery), whatsapp.provider()
    if port is None or delivery.recover or not _is_still_there(delivery):
        return ""
    values = _words(ticket, f"/tickets/{ticket.number}/#m{delivery.payload['key']}")
    reference = f"ticket:{ticket.pk}:{delivery.payload['key']}"
    message = templates.whatsapp_template("ticket_answered", values, phone=ticket.buyer.phone, callback_data=reference)
    return port.send_template(message).external_id if message else ""


def _words(ticket: Ticket, url: str) -> dict[str, str]:
    return {
        "name": ticket.buyer.full_name,
        "number": left_to_right(ticket.number),
        "link": f"{settings.PUBLIC_URL}{url}",
    }


def _shown(ticket: Ticket) -> str:
    """The number as pages show it."""
    return left_to_right(persian_digits(ticket.number))


def notify_warned(delivery: Delivery) -> str:
    """Reminds a buyer who has not replied that the ticket will be closed. A ticket that went on is not spoken of."""
    ticket = _ticket(delivery)
    if not ticket.waits_for_buyer or ticket.warned_at is None:
        return ""
    title = _("Ticket %(number)s waits for your reply and will be closed soon") % {"number": _shown(ticket)}
    url = f"/tickets/{ticket.number}/"
    _put_into_inbox(delivery, ticket, title, url)
    return _send_sms(delivery, ticket.buyer.phone, "ticket_warned", _words(ticket, url))


def notify_closed(delivery: Delivery) -> str:
    """The buyer is told, on the dashboard only, that his ticket was closed and can be rated."""
    ticket = _ticket(delivery)
    title = _("Ticket %(number)s was closed") % {"number": _shown(ticket)}
    _put_into_inbox(delivery, ticket, title, f"/tickets/{ticket.number}/")
    return ""


def _send_sms(delivery: Delivery, phone: str, key: str, values: dict[str, str]) -> str:
    message = Sms(phone=phone, text=templates.render(key, "sms", values), local_id=delivery.message_id)
    _provider, receipt = sms.send(message, recover=delivery.recover)
    return receipt.external_id


def _put_into_inbox(delivery: Delivery, ticket: Ticket, title: str, url: str) -> None:
    message = inbox.Message(
        kind=InboxItem.Kind.SUPPORT, title=title, body=ticket.title, dedupe_key=delivery.dedupe_key, url=url
    )
    inbox.tell(ticket.buyer_id, message, now=timezone.now())


# --- the staff -------------------------------------------------------------------------------------------------------


def notify_opened(delivery: Delivery) -> str:
    return _tell_staff("opened", delivery)


def notify_replied(delivery: Delivery) -> str:
    return _tell_staff("replied", delivery)


def notify_assigned(delivery: Delivery) -> str:
    return _tell_staff("assigned", delivery)


def notify_overdue(delivery: Delivery) -> str:
    return _tell_staff("overdue", delivery)


def _tell_staff(event: str, delivery: Delivery) -> str:
    """Through every channel that the installation has: the badges of the admin need none."""
    ticket = _ticket(delivery)
    for path in settings.TICKET_STAFF_CHANNELS:
        import_string(path)(event, ticket)
    return ""


def sms_overdue(delivery: Delivery) -> str:
    """A manager's phone: which promise was not kept. A ticket answered or closed meanwhile is not spoken of."""
    ticket = _ticket(delivery)
    if not ticket.is_overdue(timezone.now()):
        return ""
    values = {
        "number": left_to_right(ticket.number),
        "importance": str(ticket.get_importance_display()),
        "assignee": ticket.assignee.get_full_name() if ticket.assignee else _("nobody"),
    }
    return _send_sms(delivery, delivery.payload["phone"], "ticket_overdue", values)


def _ticket(delivery: Delivery) -> Ticket:
    rows = Ticket.objects.select_related("buyer", "assignee", "device__model__brand")
    return rows.get(pk=delivery.payload["ticket_id"])


def _is_still_there(delivery: Delivery) -> bool:
    """Whether the answer was not taken back; when merged meanwhile, it is told of where it was written."""
    return Message.objects.filter(pk=delivery.payload["key"], is_internal=False).exists()
