"""Downloads of papers and of their signed records: for the people they belong to, and for staff who may see them."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from customer.models import SignedRecord, SignOff, Transfer
from customer.services import trace
from customer.services.record import exported
from kernel.actor import Actor
from kernel.verify_record import json_file
from portal.papers import file_name, paper

RECORD_PARTS = ("record__key", "record__content_key")


@require_safe
def sign_off_certificate(request: HttpRequest, pk: int) -> HttpResponse:
    """The certificate of a confirmed form as PDF."""
    return _pdf(_sign_off_record(request, pk))


@require_safe
def sign_off_record(request: HttpRequest, pk: int) -> HttpResponse:
    """The signed record of a confirmed form."""
    return _json(_sign_off_record(request, pk))


@require_safe
def transfer_deed(request: HttpRequest, pk: int) -> HttpResponse:
    """The deed of an executed transfer as PDF, for both sides."""
    return _pdf(_transfer_record(request, pk))


@require_safe
def transfer_record(request: HttpRequest, pk: int) -> HttpResponse:
    """The signed record of an executed transfer, for both sides."""
    return _json(_transfer_record(request, pk))


def _sign_off_record(request: HttpRequest, pk: int) -> SignedRecord:
    is_staff = request.user.has_perm("customer.view_signoff")
    rows = SignOff.objects.all() if is_staff else SignOff.objects.visible_to(request.user)
    return _record(request, rows.confirmed(), pk, seen_by_staff=is_staff)


def _transfer_record(request: HttpRequest, pk: int) -> SignedRecord:
    is_staff = request.user.has_perm("customer.view_transfer")
    sides = Q(owner__user_id=request.user.pk) | Q(new_owner__user_id=request.user.pk)
    rows = Transfer.objects.filter(status=Transfer.Status.APPROVED)
    return _record(request, rows if is_staff else rows.filter(sides), pk, seen_by_staff=is_staff)


def _record(request: HttpRequest, rows: Any, pk: int, *, seen_by_staff: bool) -> SignedRecord:
    """The record of a row. A paper shows national codes whole: when staff take it, that is traced."""
    record: SignedRecord = get_object_or_404(rows.select_related(*RECORD_PARTS), pk=pk).record
    if seen_by_staff and request.method == "GET":
        subject = f"{record.kind}:{pk}"
        trace.record(
            "record.downloaded", subject, actor=Actor.of(request), now=timezone.now(), buyer_id=record.buyer_id
        )
    return record


def _pdf(record: SignedRecord) -> HttpResponse:
    return _file(paper(record), file_name(record, "pdf"), "application/pdf")


def _json(record: SignedRecord) -> HttpResponse:
    return _file(json_file(exported(record)), file_name(record, "json"), "application/json")


def _file(data: bytes, name: str, content_type: str) -> HttpResponse:
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    return HttpResponse(data, content_type=content_type, headers=headers)
