"""What readers send back: whether a page helped, and how far they have come in a video."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from cms.models import ArticlePage, ArticleVote, ContentPage, TutorialPage, WatchPosition
from customer.models import Buyer
from customer.services import trace
from kernel.actor import Actor
from kernel.persian import clean
from kernel.refused import Refused

LONGEST = 24 * 3600
REASON = 500


def vote(*, buyer: Buyer, page: ContentPage, helpful: bool, reason: str, actor: Actor, now: datetime) -> ArticleVote:
    """Notes whether a page helped; a second vote of the same buyer takes the place of the first."""
    reason = "" if helpful else clean(reason)[:REASON]
    said = {"helpful": helpful, "reason": reason, "created_at": now}
    with transaction.atomic():
        made, is_new = ArticleVote.objects.select_for_update().get_or_create(buyer=buyer, page=page, defaults=said)
        if is_new or (made.helpful, made.reason) != (helpful, reason):
            made.helpful, made.reason, made.created_at = helpful, reason, now
            made.save(update_fields=list(said))
            subject = f"page:{page.pk}"
            trace.record("page.voted", subject, actor=actor, now=now, buyer_id=buyer.pk, helpful=helpful)
    return made


def note_position(*, buyer: Buyer, page: TutorialPage, seconds: int, duration: int, now: datetime) -> None:
    """Keeps the place in a video: one statement. Raises Refused `tutorial.no_such_position`."""
    known = int(page.media.duration) if page.media_id and page.media else 0
    duration = known or duration
    if not 0 < duration <= LONGEST or not 0 <= seconds <= LONGEST:
        raise Refused("tutorial.no_such_position", _("There is no such place in this video."), status=400)
    row = WatchPosition(buyer=buyer, page=page, seconds=min(seconds, duration), duration=duration, updated_at=now)
    WatchPosition.objects.bulk_create(
        [row],
        update_conflicts=True,
        unique_fields=["buyer", "page"],
        update_fields=["seconds", "duration", "updated_at"],
    )


def voted_page(user: Any, pk: int) -> ContentPage:
    """The article or tutorial to vote on. Raises ContentPage.DoesNotExist for what this person may not read."""
    kinds = [ArticlePage, TutorialPage]
    pages = ContentPage.objects.visible_to(user).filter(pk=pk)
    found: ContentPage = pages.get()
    if found.specific_class not in kinds:
        raise ContentPage.DoesNotExist
    return found
