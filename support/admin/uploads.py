"""An agent's files on their way in, in pieces; they are his until what he says takes them."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_http_methods, require_POST

from support import uploading
from support.admin.access import ANSWER, READ, SEE, staff_with


@require_POST
@staff_with(SEE, READ, ANSWER)
def upload_begin(request: HttpRequest) -> JsonResponse:
    """Announces a file."""
    return uploading.begin(request)


@require_http_methods(["GET", "HEAD", "PATCH", "DELETE"])
@staff_with(SEE, READ, ANSWER)
def upload(request: HttpRequest, pk: str) -> JsonResponse:
    """One upload: where it stands, its next piece, or its end."""
    return uploading.go_on(request, pk)
