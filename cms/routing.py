"""Which page stands at an address: found by one look at its slug, where Wagtail climbs down the tree step by step."""

from __future__ import annotations

from django.http import HttpRequest
from wagtail.models import Page, Site
from wagtail.url_routing import RouteResult


def find_page(request: HttpRequest, path: str) -> Page | None:
    """The published page at `path`, as a plain `Page`; what it is, its `specific_class` says.

    An installation with more than one site is left to Wagtail: which one is meant is a question of the host.
    """
    roots = Site.get_site_root_paths()
    if len(roots) != 1:
        route = Page.route_for_request(request, path)
        return route.page if route else None
    root = roots[0].root_path
    wanted = root + "".join(f"{part}/" for part in path.split("/") if part)
    slug = wanted.rstrip("/").rpartition("/")[2]
    rows = Page.objects.filter(slug=slug, url_path=wanted, live=True).only("content_type")
    return next(iter(rows[:1]), None)


def found(request: HttpRequest, page: Page) -> None:
    """Tells Wagtail what was found, so that it does not look again."""
    request._wagtail_route_for_request = RouteResult(page, [], {})  # type: ignore[attr-defined]
