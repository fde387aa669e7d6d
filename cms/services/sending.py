"""One batch at the providers, outside any transaction: what was said about each message, in order."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings

from cms import message_text
from cms.audience import Audience
from cms.message_text import Reader
from cms.models import Campaign, CampaignDelivery, Channel, DeliveryAttempt
from customer.models import Buyer
from integrations import sms, whatsapp
from integrations.ports import (
    DeliveryError,
    Misconfigured,
    Reject,
    Retry,
    Sms,
    SmsOutcome,
    SmsPort,
    SmsReceipt,
    Unknown,
    WhatsAppTemplate,
)
from integrations.reports import FAILURES
from kernel.jalali import tehran_today

if TYPE_CHECKING:
    from cms.services.drain import Batch

logger = logging.getLogger(__name__)

Outcome = DeliveryAttempt.Outcome
MISCONFIGURED_SECONDS = 300.0
KINDS: list[tuple[type[DeliveryError], str]] = [
    (Retry, Outcome.RETRY),
    (Misconfigured, Outcome.MISCONFIGURED),
    (Reject, Outcome.REJECTED),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one call said about one row; `is_last` decides, those before it are only kept. `after`: seconds to wait."""

    row: CampaignDelivery
    outcome: str
    provider: str
    code: str = ""
    reason: str = ""
    external_id: str = ""
    text: str = ""
    after: float | None = None
    is_last: bool = True


def send(batch: Batch, *, now: datetime) -> list[Result]:
    """Sends what is fresh, looks up what is in doubt and sends that of it which had not gone out."""
    if batch.channel == Channel.WHATSAPP:
        return list(_by_whatsapp(batch, now))
    return list(_by_sms(batch, now))


def readers(rows: Sequence[CampaignDelivery], campaign: Campaign, now: datetime) -> dict[int, tuple[str, Reader]]:
    """Phone and what can be said, by buyer. One query, a second one where a device is named."""
    ids = [row.buyer_id for row in rows]
    devices: dict[int, str] = {}
    if "{device}" in campaign.sms_text or any("{device}" in text for text in campaign.whatsapp_variables):
        owned = Audience.of(campaign.audience).devices(tehran_today(now)).filter(owner__in=ids)
        for device in owned.select_related("model__brand").order_by("-pk"):
            devices[device.owner_id] = str(device.model)
    people = Buyer.objects.filter(pk__in=ids).order_by().values_list("pk", "phone", "first_name", "last_name")
    return {
        pk: (phone, Reader(first_name=first_name, last_name=last_name, device=devices.get(pk, "")))
        for pk, phone, first_name, last_name in people
    }


# --- SMS -------------------------------------------------------------------------------------------------------------


def _by_sms(batch: Batch, now: datetime) -> Iterator[Result]:
    texts, address = {}, message_text.link(batch.campaign.pk)
    for pk, (phone, reader) in readers(batch.rows, batch.campaign, now).items():
        texts[pk] = (phone, message_text.render(batch.campaign.sms_text, reader, address=address))
    messages = {
        row.local_id: Sms(phone=texts[row.buyer_id][0], text=texts[row.buyer_id][1], local_id=row.local_id)
        for row in batch.rows
    }
    rows = {row.local_id: row for row in batch.rows}
    fresh = [row.local_id for row in batch.fresh]
    if doubtful := [row.local_id for row in batch.doubtful]:
        found, trouble = _look_up([messages[local_id] for local_id in doubtful])
        for local_id in doubtful:
            if local_id in found:
                yield _taken(rows[local_id], *found[local_id], messages[local_id].text, Outcome.FOUND)
            elif trouble:
                yield replace(_failed(rows[local_id], *trouble), outcome=Outcome.UNKNOWN)
            elif batch.is_cancelled:
                yield Result(row=rows[local_id], outcome=Outcome.RETRY, provider="")
            elif _is_too_old(rows[local_id], now):
                yield Result(
                    row=rows[local_id], outcome=Outcome.UNKNOWN, provider="", reason="can be looked up no more"
                )
            else:
                fresh.append(local_id)
    for local_id, tries in _send_texts([messages[local_id] for local_id in fresh]).items():
        results = [_result(rows[local_id], provider, said, messages[local_id].text) for provider, said in tries]
        decisive = _decisive(results)
        yield from (replace(result, is_last=result is decisive) for result in results)


def _is_too_old(row: CampaignDelivery, now: datetime) -> bool:
    from cms.services.drain import LOOKED_UP_FOR

    return row.tried_at is not None and now - row.tried_at >= LOOKED_UP_FOR


def _look_up(
    messages: Sequence[Sms],
) -> tuple[dict[int, tuple[str, SmsReceipt]], tuple[str, DeliveryError] | None]:
    """What earlier attempts have sent, by local id; and who could not be asked: then the rest stays open."""
    found: dict[int, tuple[str, SmsReceipt]] = {}
    trouble = None
    for port in sms.providers():
        try:
            earlier = port.find([message for message in messages if message.local_id not in found])
        except DeliveryError as error:
            trouble = (port.name, error)
            continue
        found |= {local_id: (port.name, receipt) for local_id, receipt in earlier.items()}
    return found, trouble


def _send_texts(messages: Sequence[Sms]) -> dict[int, list[tuple[str, SmsOutcome]]]:
    """By local id what each provider said; the next is asked only where the one before has certainly sent nothing."""
    tries: dict[int, list[tuple[str, SmsOutcome]]] = {message.local_id: [] for message in messages}
    waiting = list(messages)
    for port in sms.providers():
        rest = []
        for start in range(0, len(waiting), port.batch_size):
            chunk = waiting[start : start + port.batch_size]
            for message, said in zip(chunk, _call(port, chunk), strict=True):
                tries[message.local_id].append((port.name, said))
                if said.error is not None and sms.may_go_elsewhere(said.error):
                    rest.append(message)
        waiting = rest
    return tries


def _call(port: SmsPort, chunk: Sequence[Sms]) -> list[SmsOutcome]:
    return _safely(
        lambda: port.send_batch(chunk),
        lambda error: [SmsOutcome(message.local_id, error=error) for message in chunk],
    )


def _safely(
    call: Callable[[], list[SmsOutcome]], failed: Callable[[DeliveryError], list[SmsOutcome]]
) -> list[SmsOutcome]:
    """What the call says, or what it means that it failed."""
    try:
        return call()
    except DeliveryError as error:
        logger.warning("campaign.call_failed: %s", error.reason)
        return failed(error)
    except Exception:  # a bug in an adapter must not stop the queue; the messages wait, visible, and are looked up
        logger.exception("campaign.call_crashed")
        return failed(Unknown("internal error, see the log"))


def _result(row: CampaignDelivery, provider: str, said: SmsOutcome, text: str) -> Result:
    if said.receipt is not None:
        return _taken(row, provider, said.receipt, text, Outcome.ACCEPTED)
    return replace(_failed(row, provider, said.error or Unknown("no outcome")), text=text)


def _taken(row: CampaignDelivery, provider: str, receipt: SmsReceipt, text: str, outcome: str) -> Result:
    """Accepted; or refused in the same breath, as a number is that has blocked advertising."""
    refused = receipt.status.value in FAILURES
    return Result(
        row=row,
        outcome=Outcome.REJECTED if refused else outcome,
        provider=provider,
        external_id=receipt.external_id,
        code=receipt.status.value if refused else "",
        reason=receipt.status.value if refused else "",
        text=text,
    )


def _failed(row: CampaignDelivery, provider: str, error: DeliveryError) -> Result:
    outcome = next((outcome for kind, outcome in KINDS if isinstance(error, kind)), Outcome.UNKNOWN)
    after = getattr(error, "after", None)
    if outcome == Outcome.MISCONFIGURED:
        logger.error("campaign.misconfigured provider=%s: %s", provider, error.reason)
        after = MISCONFIGURED_SECONDS
    return Result(row=row, outcome=outcome, provider=provider, code=error.code, reason=error.reason, after=after)


def _decisive(results: Sequence[Result]) -> Result:
    """Taken by one, it is taken; while one of them may take it later, it waits; else the last word counts."""
    for outcome in (Outcome.ACCEPTED, Outcome.UNKNOWN, Outcome.RETRY, Outcome.MISCONFIGURED):
        for result in results:
            if result.outcome == outcome:
                return result
    return results[-1]


# --- WhatsApp --------------------------------------------------------------------------------------------------------


def reference(row: CampaignDelivery) -> str:
    """Our word for a message at WhatsApp; its reports bring it back."""
    return f"campaign:{row.pk}:{row.round}"


def _by_whatsapp(batch: Batch, now: datetime) -> Iterator[Result]:
    """What is in doubt is never sent again: only a report can tell."""
    port = whatsapp.provider()
    for row in batch.doubtful:
        name = port.name if port else row.provider
        yield Result(row=row, outcome=Outcome.UNKNOWN, provider=name, reason="waits for a report")
    people = readers(batch.fresh, batch.campaign, now)
    for row in batch.fresh:
        if port is None:
            yield Result(row=row, outcome=Outcome.REJECTED, provider="", code="off", reason="WhatsApp is switched off")
            continue
        phone, reader = people[row.buyer_id]
        address = message_text.link(batch.campaign.pk)
        message = WhatsAppTemplate(
            phone=phone,
            template=batch.campaign.whatsapp_template,
            language=settings.NOTICE_WHATSAPP_LANGUAGE,
            variables=tuple(
                message_text.render(text, reader, address=address) for text in batch.campaign.whatsapp_variables
            ),
            callback_data=reference(row),
        )
        text = "\n".join([message.template, *message.variables])
        try:
            receipt = port.send_template(message)
        except DeliveryError as error:
            yield replace(_failed(row, port.name, error), text=text)
        except Exception:  # as in `_safely`
            logger.exception("campaign.call_crashed")
            yield replace(_failed(row, port.name, Unknown("internal error, see the log")), text=text)
        else:
            yield Result(
                row=row, outcome=Outcome.ACCEPTED, provider=port.name, external_id=receipt.external_id, text=text
            )
