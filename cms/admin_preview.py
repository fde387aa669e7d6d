"""The admin's page with the link by which another front end shows a draft."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from wagtail.admin.widgets import Button
from wagtail.models import Page

from cms.models import ContentPage
from cms.preview import may_preview, preview_token


@require_safe
@never_cache
def headless_preview(request: HttpRequest, page_id: int) -> HttpResponse:
    """A fresh link to the newest draft. Raises Http404, PermissionDenied."""
    page = get_object_or_404(ContentPage, pk=page_id).specific
    if not may_preview(page, request.user):
        raise PermissionDenied
    token = preview_token(page=page, user=request.user, now=timezone.now())
    context = {
        "title": _("Preview for other front ends"),
        "page": page,
        "address": f"{settings.PUBLIC_URL}{reverse('api:content_preview', args=[token])}",
        "minutes": int(settings.PREVIEW_LIFETIME.total_seconds() // 60),
        "view": {
            "breadcrumbs": [
                {"url": reverse("wagtailadmin_pages:edit", args=[page.pk]), "label": page.get_admin_display_title()},
                {"url": "", "label": _("Preview for other front ends")},
            ]
        },
    }
    return render(request, "cms/admin/headless_preview.html", context)


def preview_button(page: Page, user: object) -> Button | None:
    """The button that leads there; for pages that the REST face knows."""
    if not issubclass(page.specific_class or Page, ContentPage) or not may_preview(page, user):
        return None
    url = reverse("headless_preview", args=[page.pk])
    return Button(_("Preview for other front ends"), url, icon_name="code", priority=66)
