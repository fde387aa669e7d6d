"""Outgoing messages in the back office: what is waiting, what went out, what needs a person."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from integrations import outbox
from integrations.models import OutboxMessage
from kernel.admin import columns
from kernel.admin.acts import ActView
from kernel.admin.columns import column
from kernel.admin.filters import by_choice
from kernel.admin.model_admin import PortalAdmin
from kernel.admin.reading import Fact, PostButton, Section

Status = OutboxMessage.Status
WAITING = (Status.QUEUED, Status.UNKNOWN, Status.PARKED)
KINDS = {Status.DELIVERED: "ok", Status.PARKED: "late", Status.UNKNOWN: "warn", Status.SENDING: "new"}
TOPICS: dict[str, str | Promise] = {
    "crm.buyer": _("CRM: buyer"),
    "crm.choice": _("CRM: service choice"),
    "crm.order": _("CRM: order"),
    "notify.renewal_paid": _("SMS: renewal paid"),
    "notify.credit_noted": _("SMS: credit on the account"),
    "sms.code": _("SMS: code"),
    "sms.low_credit": _("SMS: credit is low"),
    "notify.sign_off_ready": _("SMS: installation to confirm"),
    "notify.sign_off_reminder": _("SMS: reminder of an installation"),
    "notify.sign_off_confirmed": _("SMS: installation confirmed"),
    "notify.transfer_submitted": _("SMS: transfer under review"),
    "notify.transfer_pending": _("SMS: transfer still under review"),
    "notify.transfer_accepted": _("Dashboard: new owner has accepted"),
    "notify.transfer_declined": _("Dashboard: new owner has declined"),
    "notify.transfer_cancelled": _("Dashboard: transfer cancelled"),
    "notify.transfer_refused": _("SMS: transfer refused"),
    "notify.transfer_executed": _("SMS: transfer carried out"),
    "crm.sign_off": _("CRM: installation sign-off"),
    "crm.transfer": _("CRM: transfer of ownership"),
    "sms.notice_test": _("SMS: trial of a notice"),
    "cache.content": _("Cache: content that changed"),
    "crm.ticket": _("CRM: support ticket"),
    "notify.ticket_opened": _("Desk: new ticket"),
    "notify.ticket_replied": _("Desk: the buyer has written"),
    "notify.ticket_assigned": _("Desk: ticket assigned"),
    "notify.ticket_overdue": _("Desk: ticket overdue"),
    "sms.ticket_overdue": _("SMS: ticket overdue"),
    "notify.ticket_answered": _("SMS: ticket answered"),
    "whatsapp.ticket_answered": _("WhatsApp: ticket answered"),
    "notify.ticket_warned": _("SMS: ticket will be closed soon"),
    "notify.ticket_closed": _("Dashboard: ticket closed"),
}


def topic_name(topic: str) -> str:
    """What a topic is called; one without a name is shown as it is."""
    return str(TOPICS.get(topic, topic))


class SendAgain(ActView):
    """Another try at once."""

    name = "send-again"
    label = _("Send again")
    permission = "integrations.send_again"
    icon = "rotate"

    @classmethod
    def is_offered(cls, obj: Any) -> bool:
        return obj.status in WAITING

    def perform(self, data: dict[str, Any]) -> str:
        outbox.send_again(message_id=self.instance.pk, by_id=self.request.user.pk, now=timezone.now())
        return _now("The message is sent again in a moment.")


class OutboxAdmin(PortalAdmin):
    model = OutboxMessage
    menu_label = _("Outgoing messages")
    menu_icon = "mail"
    menu_order = 330
    list_display = ("about", "state", "attempts_made", "made_at", "next_at", "error")
    list_filter = (
        by_choice("status", _("State"), Status.choices),
        by_choice("topic", _("Topic"), TOPICS.items()),
    )
    search_hint = _("Key or their id")
    ordering = ("-pk",)
    acts = (SendAgain,)
    row_acts = (SendAgain,)

    def search(self, queryset: Any, text: str) -> QuerySet[Any]:
        return queryset.filter(Q(dedupe_key__icontains=text) | Q(external_id=text))

    @column(_("topic"), order="topic")
    def about(self, message: OutboxMessage) -> str:
        return topic_name(message.topic)

    @column(_("state"), order="status")
    def state(self, message: OutboxMessage) -> str:
        return state_pill(message)

    @column(_("attempts"), order="attempts")
    def attempts_made(self, message: OutboxMessage) -> str:
        return columns.count(message.attempts)

    @column(_("created at"), order="created_at")
    def made_at(self, message: OutboxMessage) -> str:
        return columns.moment(message.created_at)

    @column(_("next attempt"), order="next_attempt_at")
    def next_at(self, message: OutboxMessage) -> str:
        waits = message.status in {Status.QUEUED, Status.UNKNOWN}
        return columns.moment(message.next_attempt_at) if waits else columns.NOTHING

    @column(_("last error"))
    def error(self, message: OutboxMessage) -> str:
        return columns.code(message.last_error[:80])

    def read_title(self, obj: OutboxMessage) -> str:
        return topic_name(obj.topic)

    def states(self, obj: OutboxMessage) -> list[Any]:
        return [state_pill(obj)]

    def facts(self, obj: OutboxMessage, _request: HttpRequest) -> list[Fact]:
        content = "، ".join(f"{name}: {value}" for name, value in obj.payload.items())
        return [
            Fact(label=_("Key"), value=columns.code(obj.dedupe_key)),
            Fact(label=_("Content"), value=columns.code(content)),
            Fact(label=_("Made at"), value=columns.moment(obj.created_at)),
            Fact(label=_("Attempts"), value=columns.count(obj.attempts)),
            Fact(label=_("Next attempt"), value=self.next_at(obj)),
            Fact(label=_("Delivered at"), value=columns.moment(obj.delivered_at)),
            Fact(label=_("Their id"), value=columns.code(obj.external_id)),
            Fact(label=_("Last error"), value=columns.code(obj.last_error)),
            Fact(label=_("Sent again by"), value=obj.requeued_by or columns.NOTHING),
            Fact(label=_("Sent again at"), value=columns.moment(obj.requeued_at)),
        ]


def state_pill(message: OutboxMessage) -> str:
    """queued / sending / delivered / unknown / parked, in its colour."""
    return columns.pill(message.get_status_display(), KINDS.get(Status(message.status), ""))


def messages_section(messages: Iterable[OutboxMessage], request: HttpRequest) -> Section | None:
    """What the outside world heard of a record; None for who may not see messages."""
    if not request.user.has_perm("integrations.view_outboxmessage"):
        return None
    can_send = request.user.has_perm(SendAgain.permission)
    return Section(
        title=_("Outgoing messages"),
        heads=(_("topic"), _("state"), _("created at"), _("their id"), _("last error"), ""),
        rows=[_row(message, can_send=can_send) for message in messages],
        empty=_("Nothing has been sent about this yet."),
    )


def _row(message: OutboxMessage, *, can_send: bool) -> list[Any]:
    url = reverse(f"integrations_outboxmessage_modeladmin_{SendAgain.name}", args=[message.pk])
    offered = can_send and SendAgain.is_offered(message)
    return [
        columns.link(columns.read_url(OutboxMessage, message.pk), topic_name(message.topic)),
        state_pill(message),
        columns.moment(message.created_at),
        columns.code(message.external_id),
        columns.code(message.last_error[:80]),
        PostButton(label=SendAgain.label, url=url) if offered else "",
    ]
