"""Files on their way in: in pieces for scripts, along with the form for browsers without."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _

from kernel.refused import Refused
from support.models import Attachment
from support.services import attachment as verbs

MOST_NAMED = 100


def begin(request: HttpRequest) -> JsonResponse:
    """Announces a file: `{name, size}` → where it stands."""
    try:
        told = json.loads(request.body)
        name, size = str(told["name"]), int(told["size"])
    except (ValueError, KeyError, TypeError, OverflowError):
        return _problem(Refused("upload.malformed", _("This file cannot be announced like that."), status=400))
    try:
        made = verbs.begin_upload(owner_id=_owner_id(request), name=name, size=size, now=timezone.now())
    except Refused as refused:
        return _problem(refused)
    return JsonResponse(_state(made), status=201)


def go_on(request: HttpRequest, pk: str) -> JsonResponse:
    """One upload: where it stands, the next piece of it (PATCH; `Upload-Offset` says which), or its end (DELETE)."""
    owner_id = _owner_id(request)
    found = get_object_or_404(Attachment.objects.filter(owner_id=owner_id, ticket__isnull=True), pk=pk)
    if request.method == "DELETE":
        verbs.drop_upload(owner_id=owner_id, attachment_id=pk)
        return JsonResponse({})
    if request.method != "PATCH":
        return JsonResponse(_state(found))
    try:
        found = verbs.take_piece(owner_id=owner_id, attachment_id=pk, offset=_offset(request), piece=request.body)
    except Attachment.DoesNotExist as error:  # complete already
        raise Http404 from error
    except Refused as refused:
        return _problem(refused)
    return JsonResponse(_state(found))


def take_files(request: HttpRequest, form: forms.Form) -> list[Attachment]:
    """The uploads that a form names, and those that it brings along; what is refused is said on the form.

    They stay the person's even if the form is shown again: nothing has to be chosen twice.
    """
    owner_id = _owner_id(request)
    ids = request.POST.getlist("attachments")[:MOST_NAMED]
    kept = list(Attachment.objects.unbound_of(owner_id).filter(pk__in=ids))
    files = request.FILES.getlist("attachments")
    try:
        verbs.require_few(len(kept) + len(files))
    except Refused as refused:
        form.add_error("attachments", refused.message)
        return kept
    for file in files:
        try:
            kept.append(verbs.store_upload(owner_id=owner_id, upload=file, now=timezone.now()))
        except Refused as refused:
            form.add_error("attachments", f"{file.name}: {refused.message}")
    return kept


def _owner_id(request: HttpRequest) -> int:
    return request.user.pk or 0


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
