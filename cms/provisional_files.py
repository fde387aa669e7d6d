"""Provisional: files of readable pages, until files have a server of their own."""

from __future__ import annotations

import re
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.http import FileResponse, HttpRequest
from django.shortcuts import get_object_or_404
from wagtail.documents import get_document_model
from wagtail.models import ReferenceIndex
from wagtailmedia import get_media_model

from cms.models import ContentPage


def document(request: HttpRequest, pk: int, name: str) -> FileResponse:
    return _sent(request, get_document_model(), pk)


def media_file(request: HttpRequest, pk: int) -> FileResponse:
    return _sent(request, get_media_model(), pk)


def _sent(request: HttpRequest, kind: Any, pk: int) -> FileResponse:
    uses = ReferenceIndex.objects.filter(to_content_type=ContentType.objects.get_for_model(kind), to_object_id=str(pk))
    pages = [int(key) for key in uses.values_list("object_id", flat=True)]
    get_object_or_404(ContentPage.objects.visible_to(request.user).filter(pk__in=pages)[:1])
    file = get_object_or_404(kind, pk=pk).file
    wanted = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", ""))
    if wanted is None:
        return FileResponse(file.open("rb"), headers={"Accept-Ranges": "bytes"})
    start, size = int(wanted[1]), file.size
    opened = file.open("rb")
    opened.seek(start)
    headers = {"Content-Range": f"bytes {start}-{size - 1}/{size}", "Accept-Ranges": "bytes"}
    return FileResponse(opened, status=206, headers=headers)
