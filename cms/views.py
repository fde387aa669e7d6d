"""How Wagtail's pages are served: the public ones to everybody, all others to people who have signed in."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from wagtail import views as wagtail_views
from wagtail.models import Page


@login_not_required
def serve(request: HttpRequest, path: str) -> HttpResponse:
    """Serves a page; a visitor is sent to sign in unless the page's class says `is_public = True`."""
    found = Page.route_for_request(request, path)
    if found and not request.user.is_authenticated and not getattr(found.page, "is_public", False):
        return redirect_to_login(request.get_full_path())
    response: HttpResponse = wagtail_views.serve(request, path)
    return response
