"""The buyer's tickets, as search finds them."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Window
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from kernel.found import Asked, Group, Hit
from kernel.persian import persian_digits
from kernel.persian_search import marked
from support.models import Ticket


def tickets(user: Any, asked: Asked) -> Group:
    """The tickets of this person in which every word was said, or whose number or device it names. One query."""
    found = Ticket.objects.visible_to(user).matching(asked.text).with_names()
    found = found.defer("description", "search_text", "staff_text", "rating_note")
    rows = list(found.annotate(count_of_all=Window(Count("*"))).order_by("-last_message_at", "-pk")[: asked.limit])
    hits = [_hit(ticket, asked) for ticket in rows]
    count = rows[0].count_of_all if rows else 0
    return Group(name="tickets", label=_("Tickets"), icon="ticket", count=count, hits=hits)


def _hit(ticket: Any, asked: Asked) -> Hit:
    number = persian_digits(ticket.number)
    return Hit(
        pk=ticket.pk,
        title=ticket.title,
        url=reverse("ticket_detail", args=[ticket.number]),
        heading=marked(ticket.title, asked.forms),
        excerpt=marked(f"{number} · {ticket.device.model} · {ticket.device.identifier}", asked.forms),
    )
