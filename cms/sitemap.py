"""What search engines are told: the public face and what is open to all, nothing else."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from wagtail.contrib.sitemaps import Sitemap
from wagtail.contrib.sitemaps.views import sitemap as wagtail_sitemap
from wagtail.models import Page

from cms.access import VISITOR, pages_for

CLOSED = ("/admin/", "/api/", "/dashboard/", "/login/", "/media/", "/documents/", "/verify/")


class PublicPages(Sitemap):
    """Pages that a visitor may read."""

    def items(self):  # type: ignore[no-untyped-def]  # as the class above it
        root = self.get_wagtail_site().root_page
        below = Page.objects.descendant_of(root, inclusive=True)
        return below.filter(pk__in=pages_for(VISITOR).values("pk")).order_by("path").specific()


@require_safe
@login_not_required
@cache_control(public=True, max_age=300)
def sitemap(request: HttpRequest) -> HttpResponse:
    """`/sitemap.xml`."""
    answer: HttpResponse = wagtail_sitemap(request, {"pages": PublicPages}).render()
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


@require_safe
@login_not_required
@cache_control(public=True, max_age=3600)
def robots(request: HttpRequest) -> HttpResponse:
    """`/robots.txt`."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in CLOSED)]
    lines.append(f"Sitemap: {request.build_absolute_uri(reverse('sitemap'))}")
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
