"""Links with which an editor shows a draft to another front end: signed, short-lived, and bound to who made them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core import signing
from django.utils.dateparse import parse_datetime
from wagtail.models import Page, Revision

from cms.models import ContentPage
from customer.models import User

SALT = "cms.preview"


def preview_token(*, page: Page, user: Any, now: datetime) -> str:
    """A token for the newest draft of a page, good for `PREVIEW_LIFETIME` while this editor may edit the page."""
    ends_at = now + settings.PREVIEW_LIFETIME
    content = {"page": page.pk, "revision": page.latest_revision_id, "user": user.pk, "until": ends_at.isoformat()}
    return signing.dumps(content, salt=SALT, compress=True)


def previewed(token: str, *, now: datetime) -> tuple[ContentPage, User] | None:
    """The draft and its editor; None when the token is forged or over, or the editor may not edit the page any more."""
    try:
        content = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        return None
    ends_at = parse_datetime(content["until"])
    editor = User.objects.filter(pk=content["user"], is_active=True).first()
    page = Page.objects.filter(pk=content["page"]).first()
    if ends_at is None or ends_at <= now or editor is None or page is None or not may_preview(page, editor):
        return None
    draft = _draft(page, content["revision"])
    return (draft, editor) if isinstance(draft, ContentPage) else None


def may_preview(page: Page, user: Any) -> bool:
    """Whether this person may make such links: who may edit the page."""
    enters = user.has_perm("wagtailadmin.access_admin")
    return bool(enters and page.permissions_for_user(user).can_edit())


def _draft(page: Page, revision_id: int | None) -> Page | None:
    if revision_id is None:
        return page.specific
    revision = Revision.objects.for_instance(page.specific).filter(pk=revision_id).first()
    found: Page | None = revision.as_object() if revision else None
    return found
