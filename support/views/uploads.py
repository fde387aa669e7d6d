"""Files on their way in and out: in pieces for scripts, and served only to whom they belong."""

from __future__ import annotations

import json
from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from customer.views.access import BuyerRequest, buyer_only
from kernel.refused import Refused
from support.models import Attachment
from support.services import attachment as verbs
from support.serving import serve


@require_POST
@buyer_only
def upload_begin(request: BuyerRequest) -> JsonResponse:
    """Announces a file: `{name, size}` → where it stands."""
    try:
        told = json.loads(request.body)
        name, size = str(told["name"]), int(told["size"])
    except (ValueError, KeyError, TypeError, OverflowError):
        return _problem(Refused("upload.malformed", _("This file cannot be announced like that."), status=400))
    try:
        made = verbs.begin_upload(owner_id=request.user.pk, name=name, size=size, now=timezone.now())
    except Refused as refused:
        return _problem(refused)
    return JsonResponse(_state(made), status=201)


@require_http_methods(["GET", "HEAD", "PATCH", "DELETE"])
@buyer_only
def upload(request: BuyerRequest, pk: str) -> JsonResponse:
    """One upload: where it stands, the next piece of it (`Upload-Offset` says which), or its end."""
    mine = Attachment.objects.filter(owner_id=request.user.pk, ticket__isnull=True)
    found = get_object_or_404(mine, pk=pk)
    if request.method == "DELETE":
        verbs.drop_upload(owner_id=request.user.pk, attachment_id=pk)
        return JsonResponse({})
    if request.method != "PATCH":
        return JsonResponse(_state(found))
    try:
        found = verbs.take_piece(
            owner_id=request.user.pk, attachment_id=pk, offset=_offset(request), piece=request.body
        )
    except Attachment.DoesNotExist as error:  # complete already
        raise Http404 from error
    except Refused as refused:
        return _problem(refused)
    return JsonResponse(_state(found))


def _offset(request: HttpRequest) -> int:
    text = request.headers.get("Upload-Offset", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else -1


def _state(attachment: Attachment) -> dict[str, Any]:
    return {
        "id": attachment.pk,
        "name": attachment.name,
        "received": attachment.received,
        "size": attachment.size,
        "ready": attachment.state == Attachment.State.READY,
    }


def _problem(refused: Refused) -> JsonResponse:
    return JsonResponse({"code": refused.code, "message": refused.message}, status=refused.status)


@require_safe
@buyer_only
def attachment_file(request: BuyerRequest, pk: str) -> HttpResponseBase:
    """A file of the buyer's own tickets: as a download, or (`?show=1`) in place where its kind allows that."""
    rows = Attachment.objects.visible_to(request.user, timezone.now()).filter(state=Attachment.State.READY)
    found = get_object_or_404(rows, pk=pk)
    return serve(request, found, inline="show" in request.GET)
