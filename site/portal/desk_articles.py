"""Between the desk and the knowledge base, which do not know each other.

Answers before tickets, links into answers, answers into articles.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.html import linebreaks
from django.utils.translation import gettext as _

from cms.models import ArticlePage, KnowledgeIndexPage
from cms.searching import suggest
from customer.models import Buyer, Device
from customer.services import trace
from kernel.actor import Actor
from kernel.refused import Refused
from support.anonymous import names_in, what_was_said, without_personal_data
from support.models import Ticket
from support.suggestions import MOST, Suggestion

LINKS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The article that was begun; `url` leads to it, if this person may edit it."""

    title: str
    url: str


def search(text: str, ticket: Ticket) -> list[Suggestion]:
    """What this ticket's buyer may read on a text, about his device first; addresses as they stand in an answer."""
    found = _suggested(text, ticket.device, ticket.buyer, limit=LINKS)
    return [replace(one, url=f"{settings.PUBLIC_URL}{_path(one.url)}") for one in found]


def articles(text: str, device: Device | None, buyer: Buyer) -> list[Suggestion]:
    """What this buyer may read and what may answer a question that is being typed, best first."""
    return _suggested(text, device, buyer, limit=MOST)


def _suggested(text: str, device: Device | None, buyer: Buyer, *, limit: int) -> list[Suggestion]:
    found = suggest(buyer.user, text, device, limit=limit)
    return [Suggestion(key=str(page.pk), title=page.title, url=page.url, summary=page.summary) for page in found]


def _path(url: str) -> str:
    """Pages may know their host; the portal's own address is what a buyer is sent."""
    return f"/{url.split('/', 3)[3]}" if "://" in url else url


def draft(ticket: Ticket, user: Any) -> Draft:
    """An unpublished article from what was said. Raises Refused `article.no_shelf` without a knowledge base."""
    shelf = KnowledgeIndexPage.objects.first()
    if shelf is None:
        raise Refused("article.no_shelf", _("There is no knowledge base yet to put the article into."))
    title = without_personal_data(ticket.title, names_in(ticket, []))
    body = [("text", linebreaks(text, autoescape=True)) for _by_staff, text in what_was_said(ticket)]
    with transaction.atomic():
        article = shelf.add_child(instance=ArticlePage(title=title, live=False, owner=user, body=body))
        article.device_models = [ticket.device.model]
        article.save()
        article.save_revision(user=user, log_action="wagtail.create")
        trace.record(
            "ticket.article_drafted",
            f"ticket:{ticket.number}",
            actor=Actor(user_id=user.pk),
            now=timezone.now(),
            buyer_id=ticket.buyer_id,
            page=article.pk,
        )
    may_edit = article.permissions_for_user(user).can_edit()
    return Draft(title=title, url=reverse("wagtailadmin_pages:edit", args=[article.pk]) if may_edit else "")
