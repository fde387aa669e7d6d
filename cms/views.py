"""How Wagtail's pages are served: each to the people who may read it."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from wagtail import hooks
from wagtail.contrib.redirects.middleware import get_redirect
from wagtail.contrib.redirects.models import Redirect
from wagtail.models import Page, Site
from wagtail.wagtail_hooks import check_view_restrictions

from cms import routing
from cms.access import VISITOR, may_read_page, pages_of
from cms.models import ContentPage
from cms.page_cache import keep_for_visitors
from cms.reading import rows_for


@login_not_required
def serve(request: HttpRequest, path: str) -> HttpResponse:
    """Serves a page to whoever may read it (`cms.access`); the others learn nothing of it.

    A visitor is sent to sign in, whether the page below a closed section exists or not; who has signed in gets 404.
    """
    found = routing.find_page(request, path)
    page = readable(found, request) if found else None
    if page is None:
        if request.user.is_authenticated or (found is None and _is_open_question(request, path)):
            raise Http404
        return redirect_to_login(request.get_full_path())
    routing.found(request, page)
    response = _served(request, page)
    if not request.user.is_authenticated:
        keep_for_visitors(response)
    return response


def readable(found: Page, request: HttpRequest) -> Page | None:
    """The page as its own class, None if this person may not read it."""
    kind = found.specific_class
    if kind is None:
        return None
    if issubclass(kind, ContentPage):
        return rows_for(kind, request.user).filter(pk=found.pk).first()
    return pages_of(kind, request.user).filter(pk=found.pk).first()


def _served(request: HttpRequest, page: Page) -> HttpResponse:
    """Wagtail's own way, but for its check of privacy: that one knows shared passwords, and no audience."""
    for hook in hooks.get_hooks("before_serve_page"):
        answer = None if hook is check_view_restrictions else hook(page, request, [], {})
        if isinstance(answer, HttpResponse):
            return answer
    response: HttpResponse = page.serve(request)
    return response


def _is_open_question(request: HttpRequest, path: str) -> bool:
    """Whether a visitor may learn that nothing stands here; the middleware for redirects then leads where it moved."""
    return not _in_closed_section(request, path) or _has_moved_into_the_open(request)


def _has_moved_into_the_open(request: HttpRequest) -> bool:
    """Whether the address leads on to a page that visitors may read, or to where an editor sends everybody."""
    old = get_redirect(request, Redirect.normalise_path(request.path, decode_unicode=False))
    if old is None or old.link is None:
        return False
    return old.redirect_page is None or may_read_page(VISITOR, old.redirect_page)


def _in_closed_section(request: HttpRequest, path: str) -> bool:
    """Whether the address lies below a page that a visitor may not read either."""
    first, _slash, rest = path.strip("/").partition("/")
    site = Site.find_for_request(request)
    if not rest or site is None:
        return False
    section = Page.objects.child_of(site.root_page).filter(slug=first, live=True).first()
    return section is not None and not may_read_page(VISITOR, section)
