"""Makers of notices and of their sendings; each call makes another one."""

from __future__ import annotations

from itertools import count

from django.contrib.auth.models import Group
from django.utils import timezone

from cms.audience import Audience
from cms.models import Campaign, NoticeIndexPage, NoticePage
from cms.services import campaign as verbs
from cms.services.campaign import Wording
from customer.models import User
from customer.roles import Role
from kernel.actor import Actor
from tests.factories.content import make_home
from tests.factories.customer import make_staff

_serial = count(1)


def make_notice(*, device_models=(), **values) -> NoticePage:
    """A published notice under `/notices/`."""
    n = next(_serial)
    index = NoticeIndexPage.objects.first()
    if index is None:
        index = make_home().add_child(instance=NoticeIndexPage(title="اطلاعیه‌ها", slug="notices"))
    text = {"kind": NoticePage.Kind.LEGAL, "must_acknowledge": True, "summary": "شرایط تازه از اول دی اجرا می‌شود."}
    page = NoticePage(title=f"اطلاعیهٔ {n}", slug=f"notice-{n}", **text | values)
    index.add_child(instance=page)
    page.device_models.set(device_models)
    page.save()
    page.save_revision().publish()
    return NoticePage.objects.get(pk=page.pk)


def editor() -> User:
    return _somebody("first-person", Role.EDITOR)


def administrator() -> User:
    return _somebody("second-person", Role.ADMINISTRATOR)


def _somebody(username: str, role: Role) -> User:
    """The same one at each call, in his group where the migrations' groups are still there."""
    has_group = Group.objects.filter(name=role).exists()
    return User.objects.filter(username=username).first() or make_staff(
        role if has_group else None, username=username, first_name="کاوه", last_name="مهرجو", is_staff=True
    )


def actor(user: User) -> Actor:
    return Actor(user_id=user.pk)


def wording(campaign: Campaign, **changes) -> Wording:
    """What a draft says already, with changes."""
    values = {
        "channels": campaign.channels,
        "inbox_title": campaign.inbox_title,
        "inbox_body": campaign.inbox_body,
        "audience": Audience.of(campaign.audience),
        "sms_text": campaign.sms_text,
        "whatsapp_template": campaign.whatsapp_template,
        "whatsapp_variables": campaign.whatsapp_variables,
        "throttle_per_minute": campaign.throttle_per_minute,
        "must_acknowledge": campaign.must_acknowledge,
        # Whatever the hour at which the tests run.
        "ignores_quiet_hours": campaign.is_legal,
        "scheduled_for": campaign.scheduled_for,
    }
    return Wording(**values | changes)


def make_draft(page: NoticePage | None = None, *, now=None, **changes) -> Campaign:
    """Written by the editor."""
    now = now or timezone.now()
    campaign = verbs.compose(page_id=(page or make_notice()).pk, actor=actor(editor()), now=now)
    return verbs.revise(campaign_id=campaign.pk, wording=wording(campaign, **changes), actor=actor(editor()), now=now)


def make_approved(page: NoticePage | None = None, *, now=None, **changes) -> Campaign:
    """Approved by the administrator."""
    now = now or timezone.now()
    campaign = make_draft(page, now=now, **changes)
    verbs.submit(campaign_id=campaign.pk, actor=actor(editor()), now=now)
    return verbs.approve(campaign_id=campaign.pk, actor=actor(administrator()), now=now)


def make_running(page: NoticePage | None = None, *, now=None, **changes) -> Campaign:
    """Started by the administrator; the worker has not been there yet."""
    now = now or timezone.now()
    campaign = make_approved(page, now=now, **changes)
    return verbs.start(campaign_id=campaign.pk, actor=actor(administrator()), now=now)
