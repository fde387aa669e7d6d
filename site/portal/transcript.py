"""The transcript of a ticket as PDF: what buyer and support said, never what staff noted among themselves."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from customer.views.access import BuyerRequest, buyer_only
from kernel.refused import Refused
from portal.context import current_brand
from portal.papers import engine_version, logo, set_page
from support.models import Ticket
from support.queries import conversation

logger = logging.getLogger(__name__)


@require_safe
@buyer_only
def ticket_transcript(request: BuyerRequest, number: str) -> HttpResponse:
    """The buyer's own ticket on paper."""
    tickets = Ticket.objects.visible_to(request.user).with_names().select_related("buyer")
    ticket = get_object_or_404(tickets.defer("search_text", "staff_text"), number=number)
    headers = {
        "Content-Disposition": f'attachment; filename="ticket-{ticket.number}.pdf"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    return HttpResponse(transcript(ticket, now=timezone.now()), content_type="application/pdf", headers=headers)


def transcript(ticket: Ticket, *, now: datetime) -> bytes:
    """The PDF. Raises Refused `paper.engine_missing`, `paper.failed`."""
    engine_version()
    html = render_to_string("papers/transcript.html", _context(ticket, now=now))
    try:
        return set_page(html)
    except Exception as error:  # whatever the engine fell over: the transcript can be asked for again
        logger.exception("transcript.failed ticket=%s", ticket.number)
        message = _("The PDF could not be made. You can print the page of the ticket instead.")
        raise Refused("paper.failed", message, status=503) from error


def _context(ticket: Ticket, *, now: datetime) -> dict[str, Any]:
    return {
        "brand": current_brand(),
        "logo": logo(),
        "ticket": ticket,
        "status": Ticket.Status(ticket.shown_status(now)).label,
        "bubbles": conversation(ticket, now=now),
        "now": now,
    }
