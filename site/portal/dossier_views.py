"""Downloads of proofs of notices, for staff who may see them; who takes one leaves a trace."""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from cms.models import Dossier
from customer.models import SignedRecord
from customer.services import trace
from customer.services.record import exported
from kernel import verify_record
from kernel.actor import Actor
from kernel.verify_record import json_file
from portal.papers import file_name, paper

IN_MEMORY = 4 * 2**20
HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-store"}


@require_safe
def dossier_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """The face as PDF."""
    face = _face(request, pk)
    return _file(paper(face.record), file_name(face.record, "pdf"), "application/pdf")


@require_safe
def dossier_record(request: HttpRequest, pk: int) -> HttpResponse:
    """The face as a signed record."""
    face = _face(request, pk)
    return _file(json_file(exported(face.record)), file_name(face.record, "json"), "application/json")


@require_safe
def dossier_zip(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The face, every part, and the program that checks them; part by part, whatever their number."""
    face = _face(request, pk)
    # The response closes it.
    kept = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(file_name(face.record, "pdf"), paper(face.record))
        for record in _records(face):
            archive.writestr(file_name(record, "json"), json_file(exported(record)))
        archive.writestr("verify_record.py", Path(verify_record.__file__).read_bytes())
    kept.seek(0)
    name = file_name(face.record, "zip")
    return FileResponse(kept, as_attachment=True, filename=name, content_type="application/zip", headers=HEADERS)


def _records(face: Dossier) -> Any:
    of_version = SignedRecord.objects.filter(
        dossier__campaign_id=face.campaign_id, dossier__version=face.version
    ).select_related("key", "content_key")
    return of_version.order_by("dossier__part").iterator(chunk_size=5)


def _face(request: HttpRequest, pk: int) -> Dossier:
    if not request.user.has_perm("cms.view_dossier"):
        raise PermissionDenied
    rows = Dossier.objects.filter(part=0).select_related("record__key", "record__content_key")
    face: Dossier = get_object_or_404(rows, pk=pk)
    if request.method == "GET":
        subject = f"campaign:{face.campaign_id}"
        trace.record("record.downloaded", subject, actor=Actor.of(request), now=timezone.now())
    return face


def _file(data: bytes, name: str, content_type: str) -> HttpResponse:
    headers = {**HEADERS, "Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(data, content_type=content_type, headers=headers)
