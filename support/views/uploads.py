"""A buyer's files on their way in and out: in pieces for scripts, and served only to whom they belong."""

from __future__ import annotations

from django.http import HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from customer.views.access import BuyerRequest, buyer_only
from support import uploading
from support.models import Attachment
from support.serving import serve


@require_POST
@buyer_only
def upload_begin(request: BuyerRequest) -> JsonResponse:
    """Announces a file."""
    return uploading.begin(request)


@require_http_methods(["GET", "HEAD", "PATCH", "DELETE"])
@buyer_only
def upload(request: BuyerRequest, pk: str) -> JsonResponse:
    """One upload: where it stands, its next piece, or its end."""
    return uploading.go_on(request, pk)


@require_safe
@buyer_only
def attachment_file(request: BuyerRequest, pk: str) -> HttpResponseBase:
    """A file of the buyer's own tickets: as a download, or (`?show=1`) in place where its kind allows that."""
    rows = Attachment.objects.visible_to(request.user, timezone.now()).filter(state=Attachment.State.READY)
    found = get_object_or_404(rows, pk=pk)
    return serve(request, found, inline="show" in request.GET)
