"""Re-proving papers and ownership: every check gives a sentence for each row that breaks a rule, else nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from django.db.models import Count, Exists, F, OuterRef, Q
from django.db.models.fields.json import KT

from customer.chain import chain_breaches
from customer.models import Device, Ownership, ServicePeriod, SignedRecord, SignOff, Trace, Transfer
from customer.services.chain import published_heads

Breaches = Iterator[str]
SIGNING_ACTS = ("sign_off.confirmed", "transfer.approved", "campaign.dossier_made")


def chain_holds() -> Breaches:
    """Every signed record is genuine, in its place, and what the tables say; on all cores."""
    yield from chain_breaches(processes=os.cpu_count() or 1)


def no_record_was_removed() -> Breaches:
    """Every act of signing in the trace, and every row that refers to a record, still has it."""
    signed = SignedRecord.objects.filter(code=OuterRef("code"))
    acts = Trace.objects.filter(verb__in=SIGNING_ACTS).annotate(code=KT("data__record")).filter(~Exists(signed))
    for act in acts.order_by("pk").iterator():
        yield f"signed record {act.data.get('record')} of {act.subject}: is missing"
    of_row = SignedRecord.objects.filter(pk=OuterRef("record_id"))
    for form in SignOff.objects.filter(~Exists(of_row), status=SignOff.Status.CONFIRMED).iterator():
        yield f"sign-off {form.pk}: confirmed, yet its signed record is missing"
    for transfer in Transfer.objects.filter(~Exists(of_row), status=Transfer.Status.APPROVED).iterator():
        yield f"transfer {transfer.pk}: carried out, yet its deed is missing"


def published_heads_hold() -> Breaches:
    """The heads that were handed out day by day are still in the chain."""
    for head in published_heads():
        if head.sequence and not SignedRecord.objects.filter(sequence=head.sequence, sha256=head.sha256).exists():
            yield f"chain head of {head.day}: record {head.sequence} is no longer the one that was published"


def included_periods_have_their_form() -> Breaches:
    """An included period comes from a confirmed form of the same device, and from nothing else."""
    included = ServicePeriod.objects.filter(origin=ServicePeriod.Origin.INCLUDED)
    fitting = Q(sign_off__status=SignOff.Status.CONFIRMED, sign_off__device_id=F("device_id"))
    for period in included.exclude(fitting).iterator():
        yield f"service period {period.pk}: included, without a confirmed form of device {period.device_id}"


def devices_have_one_owner() -> Breaches:
    """Every device has exactly one ownership that has not ended, and that is its owner's."""
    counted = Device.objects.order_by().annotate(
        now_owned=Count("ownerships", filter=Q(ownerships__ended_at__isnull=True))
    )
    for device in counted.exclude(now_owned=1).iterator():
        yield f"device {device.pk}: has {device.now_owned} ownerships that have not ended"
    strange = Ownership.objects.filter(ended_at__isnull=True).exclude(owner_id=F("device__owner_id"))
    for ownership in strange.iterator():
        yield f"device {ownership.device_id}: belongs to buyer {ownership.device.owner_id}, the ownership says another"


CHECKS: list[Callable[[], Breaches]] = [
    chain_holds,
    no_record_was_removed,
    published_heads_hold,
    included_periods_have_their_form,
    devices_have_one_owner,
]
