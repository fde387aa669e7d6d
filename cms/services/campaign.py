"""Writing, approving and steering the sending of a notice. What leaves the house is sent by `drain`."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from cms import message_text
from cms.audience import Audience
from cms.models import Campaign, CampaignDelivery, Channel, DeliveryAttempt, NoticePage
from customer.services import trace
from integrations import outbox
from kernel.actor import Actor
from kernel.identity import IdentityError, clean_mobile, mask_mobile
from kernel.jalali import tehran_today
from kernel.persian import clean, clean_lines
from kernel.refused import Refused
from kernel.verify_record import canonical

Status, State = Campaign.Status, CampaignDelivery.Status
AT_WORK = (Status.RUNNING, Status.PAUSED, Status.SCHEDULED, Status.APPROVED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What is to be sent, to whom, by which ways and when."""

    channels: list[str]
    inbox_title: str
    inbox_body: str
    audience: Audience
    sms_text: str = ""
    whatsapp_template: str = ""
    whatsapp_variables: list[str]
    throttle_per_minute: int
    must_acknowledge: bool = False
    ignores_quiet_hours: bool = False
    scheduled_for: datetime | None = None


def compose(*, page_id: int, actor: Actor, now: datetime) -> Campaign:
    """A draft from a published notice. Raises Refused `campaign.not_published`, `campaign.already_exists`."""
    page = NoticePage.objects.get(pk=page_id)
    if not page.live:
        raise Refused("campaign.not_published", _("Publish the notice first; then it can be sent."))
    audience = Audience(
        device_types=tuple(page.device_types.values_list("pk", flat=True)),
        device_models=tuple(page.device_models.values_list("pk", flat=True)),
    )
    campaign = Campaign(
        page=page,
        revision_number=page.live_revision_id or 0,
        kind=page.kind,
        must_acknowledge=page.must_acknowledge,
        channels=[Channel.INBOX, Channel.SMS],
        inbox_title=page.title[:200],
        inbox_body=body_of(page),
        sms_text=_("{title}\nRead it here: {link}").replace("{title}", page.title),
        audience=audience.stored(),
        throttle_per_minute=settings.NOTICE_THROTTLE_PER_MINUTE,
        written_by_id=actor.person_id,
        created_at=now,
    )
    try:
        with transaction.atomic():
            campaign.save(force_insert=True)
            _trace("campaign.composed", campaign, actor, now)
    except IntegrityError:
        raise _exists_already(campaign) from None
    return campaign


def body_of(page: NoticePage) -> str:
    """The text of the page as the inbox shows it: plain, paragraph by paragraph, a table row by row."""
    pieces = [page.summary]
    for block in page.body:
        if block.block_type == "table":
            pieces.append(_table_in_words(block.value))
        else:
            pieces += map(str, block.block.get_searchable_content(block.value))
    return clean_lines("\n\n".join(pieces))


def _table_in_words(table: Any) -> str:
    names = [column["heading"] for column in table.columns]
    lines = [
        "؛ ".join(f"{name}: {cell.value}" if name else str(cell.value) for name, cell in zip(names, row, strict=True))
        for row in table.rows
    ]
    return "\n".join([table.caption, *lines] if table.caption else lines)


def _exists_already(campaign: Campaign) -> Refused:
    message = _("This version of the notice is being sent already, or has been. Publish a new version to send again.")
    same = Campaign.objects.filter(page_id=campaign.page_id, revision_number=campaign.revision_number)
    first = same.exclude(status=Status.CANCELLED).first()
    url = reverse("cms_campaign_modeladmin_inspect", args=[first.pk]) if first else ""
    return Refused("campaign.already_exists", message, next_label=_("See it"), next_url=url)


def revise(*, campaign_id: int, wording: Wording, actor: Actor, now: datetime) -> Campaign:
    """Rewrites a draft. Raises Refused on the field at fault."""
    with transaction.atomic():
        campaign = _locked(campaign_id)
        if campaign.status != Status.DRAFT:
            raise Refused("campaign.not_a_draft", _("Only a draft can be changed. Take it back first."))
        for name, value in _stored(wording).items():
            setattr(campaign, name, value)
        _check(campaign)
        campaign.written_by_id = actor.person_id
        campaign.save()
        _trace("campaign.revised", campaign, actor, now)
    return campaign


def _stored(wording: Wording) -> dict[str, Any]:
    return {
        "channels": [channel for channel in Campaign.CHANNELS if channel in wording.channels],
        "inbox_title": clean(wording.inbox_title)[:200],
        "inbox_body": clean_lines(wording.inbox_body),
        "sms_text": clean_lines(wording.sms_text),
        "whatsapp_template": clean(wording.whatsapp_template),
        "whatsapp_variables": [clean(variable) for variable in wording.whatsapp_variables],
        "audience": wording.audience.stored(),
        "throttle_per_minute": wording.throttle_per_minute,
        "must_acknowledge": wording.must_acknowledge,
        "ignores_quiet_hours": wording.ignores_quiet_hours,
        "scheduled_for": wording.scheduled_for,
    }


def _check(campaign: Campaign) -> None:
    if not campaign.channels:
        raise Refused("campaign.no_channel", _("Choose at least one channel."), status=400, field="channels")
    if not campaign.inbox_title or not campaign.inbox_body:
        raise Refused("campaign.empty", _("Write a title and a text."), status=400, field="inbox_body")
    if (campaign.is_legal or campaign.must_acknowledge) and Channel.INBOX not in campaign.channels:
        message = _("A notice of this kind always goes to the inbox too: there it is read and confirmed.")
        raise Refused("campaign.inbox_missing", message, status=400, field="channels")
    if campaign.ignores_quiet_hours and not campaign.is_legal:
        message = _("Only legal notices may go out at night.")
        raise Refused("campaign.quiet_hours", message, status=400, field="ignores_quiet_hours")
    message_text.check(campaign)


def submit(*, campaign_id: int, actor: Actor, now: datetime) -> Campaign:
    """Fixes the text and asks for approval. Raises Refused, `campaign.nobody` among others."""
    with transaction.atomic():
        campaign = _locked(campaign_id)
        campaign.move(Status.WAITING_APPROVAL)
        _check(campaign)
        _check_sendable(campaign, now)
        campaign.submitted_at = now
        campaign.text_sha256 = hashlib.sha256(canonical(campaign.wording())).hexdigest()
        campaign.save(update_fields=["status", "submitted_at", "text_sha256"])
        _trace("campaign.submitted", campaign, actor, now, text_sha256=campaign.text_sha256)
    return campaign


def send_back(*, campaign_id: int, reason: str, actor: Actor, now: datetime) -> Campaign:
    """Back to the desk of the author, with a reason."""
    with transaction.atomic():
        campaign = _locked(campaign_id)
        campaign.move(Status.DRAFT)
        campaign.reason, campaign.text_sha256 = clean_lines(reason)[:500], ""
        campaign.save(update_fields=["status", "reason", "text_sha256"])
        _trace("campaign.sent_back", campaign, actor, now, reason=campaign.reason)
    return campaign


def approve(*, campaign_id: int, actor: Actor, now: datetime) -> Campaign:
    """Releases the text. Raises Refused `campaign.second_person` where its author would approve a legal notice."""
    with transaction.atomic():
        campaign = _locked(campaign_id)
        campaign.move(Status.APPROVED)
        if campaign.is_legal and campaign.written_by_id == actor.person_id:
            message = _("A legal notice takes a second person: somebody else than its author must approve it.")
            raise Refused("campaign.second_person", message, status=403)
        _check_sendable(campaign, now)
        campaign.approved_by_id, campaign.approved_at = actor.person_id, now
        campaign.save(update_fields=["status", "approved_by", "approved_at"])
        _trace("campaign.approved", campaign, actor, now, text_sha256=campaign.text_sha256)
    return campaign


def start(*, campaign_id: int, actor: Actor, now: datetime) -> Campaign:
    """Sets the sending going, or its clock; the worker does the rest. Raises Refused `campaign.not_approved`…"""
    with transaction.atomic():
        campaign = _locked(campaign_id)
        if campaign.status != Status.APPROVED:
            raise Refused("campaign.not_approved", _("Only what is approved and not sent yet can be started."))
        waits = campaign.scheduled_for is not None and campaign.scheduled_for > now
        campaign.move(Status.SCHEDULED if waits else Status.RUNNING)
        _check_sendable(campaign, now)
        campaign.fallback = settings.NOTICE_FALLBACK.get(campaign.kind, [])
        if not waits:
            campaign.started_at = now
        campaign.save(update_fields=["status", "fallback", "started_at"])
        _trace("campaign.started", campaign, actor, now, scheduled=waits)
    return campaign


def begin_scheduled(*, campaign_id: int, now: datetime) -> bool:
    """The clock has struck: the sending runs from now on. False when somebody was faster or stopped it."""
    with transaction.atomic():
        due = Campaign.objects.select_for_update().filter(
            pk=campaign_id, status=Status.SCHEDULED, scheduled_for__lte=now
        )
        campaign = due.first()
        if campaign is None:
            return False
        campaign.move(Status.RUNNING)
        campaign.started_at = now
        campaign.save(update_fields=["status", "started_at"])
    return True


def pause(*, campaign_id: int, actor: Actor, now: datetime) -> Campaign:
    """Nothing more is taken in hand; what is with a provider this second is settled."""
    return _steer(campaign_id, Status.PAUSED, "campaign.paused", actor, now)


def resume(*, campaign_id: int, actor: Actor, now: datetime) -> Campaign:
    """Goes on where it stood."""
    with transaction.atomic():
        campaign = _locked(campaign_id)
        if campaign.status != Status.PAUSED:
            raise Refused("campaign.not_paused", _("This sending is not paused."))
        return _moved(campaign, Status.RUNNING, "campaign.resumed", actor, now)


def cancel(*, campaign_id: int, reason: str, actor: Actor, now: datetime) -> Campaign:
    """Ends it for good: what is queued is left out; what has left the house stays told."""
    with transaction.atomic():
        campaign = _locked(campaign_id)
        campaign.reason = clean_lines(reason)[:500]
        campaign.finished_at = now
        _moved(campaign, Status.CANCELLED, "campaign.cancelled", actor, now, reason=campaign.reason)
        campaign.save(update_fields=["reason", "finished_at"])
        # What may have left the house already is looked up first (see `drain`).
        waiting = campaign.deliveries.filter(status__in=[State.QUEUED, State.TASK], uncertain=False)
        waiting.update(status=State.SKIPPED, code=CampaignDelivery.Code.CANCELLED, next_attempt_at=None)
    return campaign


def cancel_unpublished(*, page_id: int, actor: Actor, now: datetime) -> int:
    """The notice was taken off: what has not been sent of it never is. Returns how many sendings that stopped."""
    going = Campaign.objects.filter(page_id=page_id).exclude(status__in=[Status.DONE, Status.CANCELLED])
    reason = _("The notice was taken off the site.")
    stopped = list(going.order_by("pk").values_list("pk", flat=True))
    for campaign_id in stopped:
        cancel(campaign_id=campaign_id, reason=reason, actor=actor, now=now)
    return len(stopped)


def failed_messages(campaign: Campaign) -> QuerySet[CampaignDelivery]:
    """What a person may have sent again."""
    return campaign.deliveries.filter(status=State.FAILED, channel__in=[Channel.SMS, Channel.WHATSAPP])


def resend_failed(*, campaign_id: int, actor: Actor, now: datetime) -> int:
    """Queues the failed messages, and only those, for a new round. Returns how many. Raises Refused."""
    with transaction.atomic():
        campaign = _locked(campaign_id)
        if campaign.status not in {Status.RUNNING, Status.DONE, Status.PAUSED}:
            raise Refused("campaign.not_sent", _("Nothing has been sent yet, or the sending was cancelled."))
        _require_live(campaign)
        rows = list(failed_messages(campaign).select_for_update().order_by("pk"))
        if not rows:
            raise Refused("campaign.nothing_failed", _("No message of this notice has failed."))
        _queue_again(rows, actor, now)
        if campaign.status == Status.DONE:
            campaign.move(Status.RUNNING)
            campaign.finished_at = None
            campaign.save(update_fields=["status", "finished_at"])
        _trace("campaign.failed_sent_again", campaign, actor, now, count=len(rows))
    return len(rows)


def send_test(*, campaign_id: int, phone: str, actor: Actor, now: datetime) -> None:
    """Sends the SMS to one phone of the author's own, before anybody else gets it. Raises Refused."""
    try:
        mobile = clean_mobile(phone)
    except IdentityError as error:
        raise Refused("campaign.test_phone", str(error), status=400, field="phone") from error
    with transaction.atomic():
        campaign = _locked(campaign_id)
        if not campaign.sms_text:
            raise Refused("campaign.sms_empty", _("This notice has no SMS."), status=400, field="phone")
        message_text.check(campaign)
        payload = {"campaign_id": campaign.pk, "user_id": actor.person_id, "phone": mobile}
        key = f"sms.notice_test:{campaign.pk}:{actor.person_id}:{int(now.timestamp())}"
        outbox.emit(outbox.Outgoing(topic="sms.notice_test", dedupe_key=key, payload=payload))
        _trace("campaign.tested", campaign, actor, now, phone=mask_mobile(mobile))


def _queue_again(rows: list[CampaignDelivery], actor: Actor, now: datetime) -> None:
    for row in rows:
        row.move(State.QUEUED)
        row.round, row.attempts, row.uncertain = row.round + 1, 0, False
        row.next_attempt_at, row.code, row.reason, row.external_id = now, "", "", ""
    names = ["status", "round", "attempts", "uncertain", "next_attempt_at", "code", "reason", "external_id"]
    CampaignDelivery.objects.bulk_update(rows, names, batch_size=500)
    again = DeliveryAttempt.Outcome.AGAIN
    DeliveryAttempt.objects.bulk_create(
        [DeliveryAttempt(delivery=row, at=now, outcome=again, by_id=actor.user_id) for row in rows], batch_size=500
    )


def _steer(campaign_id: int, to: str, verb: str, actor: Actor, now: datetime) -> Campaign:
    with transaction.atomic():
        return _moved(_locked(campaign_id), to, verb, actor, now)


def _moved(campaign: Campaign, to: str, verb: str, actor: Actor, now: datetime, **data: Any) -> Campaign:
    before = campaign.status
    campaign.move(to)
    campaign.save(update_fields=["status"])
    _trace(verb, campaign, actor, now, **{"from": before, "to": to, **data})
    return campaign


def _check_sendable(campaign: Campaign, now: datetime) -> None:
    """Raises Refused `campaign.not_published`, `campaign.nobody`."""
    _require_live(campaign)
    if not Audience.of(campaign.audience).members(tehran_today(now)).exists():
        message = _("No buyer belongs to this audience. Nothing would be sent; widen it first.")
        raise Refused("campaign.nobody", message)


def _require_live(campaign: Campaign) -> None:
    if not campaign.page.live:
        raise Refused("campaign.not_published", _("The notice is not published any more."))


def _locked(campaign_id: int) -> Campaign:
    return Campaign.objects.select_for_update(of=("self",)).select_related("page").get(pk=campaign_id)


def _trace(verb: str, campaign: Campaign, actor: Actor, now: datetime, **data: Any) -> None:
    trace.record(verb, f"campaign:{campaign.pk}", actor=actor, now=now, **data)
