"""Answers before tickets: what the knowledge base has to say to a question that is being typed at the support desk."""

from __future__ import annotations

from cms.searching import suggest
from customer.models import Buyer, Device
from support.suggestions import MOST, Suggestion


def articles(text: str, device: Device | None, buyer: Buyer) -> list[Suggestion]:
    """Articles and tutorials that this buyer may read and that may hold the answer, best first."""
    found = suggest(buyer.user, text, device, limit=MOST)
    return [Suggestion(key=str(page.pk), title=page.title, url=page.url, summary=page.summary) for page in found]
