"""The files of pages: pictures as Wagtail cut them, documents, videos and their posters. Originals have no address.

A file that somebody may not have is a 404, as if it were not there. Browsers keep what is private, but ask each time.
"""

from __future__ import annotations

import mimetypes
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.files.base import File
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe
from wagtail.documents import get_document_model
from wagtail.images import get_image_model
from wagtailmedia.models import get_media_model

from cms.access import logo, readable
from cms.models.content import is_staff
from kernel.sending import send_file

PRIVATE = "private, no-cache"
PUBLIC = "public, max-age=300"  # the time in which a page that is closed again still shows its pictures in caches
LOGO = "public, max-age=86400"  # another logo has another name
TYPES = {"vtt": "text/vtt", "m4v": "video/mp4", "webp": "image/webp"}


@require_safe
@login_not_required
def picture(request: HttpRequest, name: str) -> HttpResponseBase:
    """A rendition, by the name of its file."""
    return send_picture(request, name)


@require_safe
@login_not_required
def document(request: HttpRequest, pk: int, name: str) -> HttpResponseBase:
    """A document, by its number and the name of its file."""
    return send_document(request, pk, name)


@require_safe
@login_not_required
def media_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A video or a sound."""
    return send_media(request, pk)


@require_safe
@login_not_required
def media_poster(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The picture before a video starts."""
    return send_media(request, pk, "thumbnail")


@require_safe
@login_not_required
def stored_media(request: HttpRequest, folder: str, name: str) -> HttpResponseBase:
    """A video or its poster by the name of its file, as the admin's screens link to it."""
    if not is_staff(request.user):
        raise Http404
    field = {"media": "file", "media_thumbnails": "thumbnail"}[folder]
    found = get_object_or_404(get_media_model(), **{field: f"{folder}/{name}"})
    return send_media(request, found.pk, field)


def send_picture(request: HttpRequest, name: str) -> HttpResponseBase:
    """The rendition, if this person may have it. Raises Http404."""
    image = get_image_model()
    rows = image.get_rendition_model().objects.filter(file=f"images/{name}").annotate(is_logo=logo("image_id"))
    rendition = _found(rows, request, image, "image_id")
    return _sent(request, rendition.file, is_logo=rendition.is_logo)


def send_document(request: HttpRequest, pk: int, name: str = "") -> HttpResponseBase:
    """The document, if this person may have it; `name`, if given, must be its file's. Raises Http404."""
    kind = get_document_model()
    found = _found(kind.objects.filter(pk=pk), request, kind, "pk")
    if name and found.filename != name:
        raise Http404
    return _sent(request, found.file)


def send_media(request: HttpRequest, pk: int, field: str = "file") -> HttpResponseBase:
    """The video or sound, or its poster (`thumbnail`), if this person may have it. Raises Http404."""
    kind = get_media_model()
    found = _found(kind.objects.filter(pk=pk), request, kind, "pk")
    return _sent(request, getattr(found, field))


def _found(rows: Any, request: HttpRequest, kind: type[Any], by: str) -> Any:
    """The one row, if this person may have it, in one query."""
    return get_object_or_404(readable(rows, request.user, of=kind, by=by))


def _sent(request: HttpRequest, file: File[Any], *, is_logo: bool = False) -> HttpResponseBase:
    """What a visitor gets everybody may keep; what somebody who has signed in gets is his, whoever else may have it."""
    if not file.name:
        raise Http404
    name = file.name.rpartition("/")[2]
    answer = send_file(request, file, name=name, content_type=content_type_of(name), inline=True)
    for_all = PUBLIC if not request.user.is_authenticated else PRIVATE
    answer.headers["Cache-Control"] = LOGO if is_logo else for_all
    if not is_logo:
        answer.headers["Vary"] = "Cookie, Authorization"
    return answer


def content_type_of(name: str) -> str:
    """By the name's ending, which was checked against the content when it came in."""
    ending = name.rpartition(".")[2].lower()
    return TYPES.get(ending) or mimetypes.guess_type(name)[0] or "application/octet-stream"
