"""The frame of the admin: its look, its first page, and a menu without what nobody here uses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import cache_control
from wagtail import hooks
from wagtail.admin.menu import MenuItem
from wagtail.admin.widgets import Button
from wagtail.models import Page
from wagtail.snippets.models import register_snippet

from cms import search_report
from cms.admin import (
    notice_hooks,  # noqa: F401 - registers itself
    reports,
)
from cms.admin.topic import TopicViewSet
from cms.admin_preview import headless_preview, preview_button
from cms.models import PortalSettings
from cms.rich_text import DocumentLink, PageLink
from customer.admin.trace import ACTS
from kernel.admin.tiles import Tile
from kernel.palette import admin_stylesheet

SINGLY_HANDLED = {"customer", "commerce", "integrations", "support"}
UNUSED_MENUS = {"help"}
# Groups and the one workflow come from migrations, sites and redirects from the installation.
UNUSED_SETTINGS = {"workflows", "workflow-tasks", "sites", "groups", "redirects"}
# What has grown old has a report of ours; pages are not locked by hand, and there is one workflow of one step.
UNUSED_REPORTS = {"locked-pages", "workflow-tasks", "aging-pages", "page-types-usage"}

DECISION_SECONDS = 10  # a form with an error may be sent again after that

ACTS.update(
    {
        "page.voted": _("said whether a page helped"),
        "topic.saved": _("saved a topic"),
        "topic.deleted": _("deleted a topic"),
    }
)
register_snippet(TopicViewSet)


@hooks.register("register_rich_text_features", order=1000)
def read_links_in_bulk(features: Any) -> None:
    """After Wagtail's own: the links of a text are looked up with everything else that its page needs."""
    features.register_link_type(PageLink)
    features.register_link_type(DocumentLink)


@hooks.register("insert_global_admin_css")
def add_style() -> str:
    """Our typeface and our own screens; the company's colour comes with the template of the frame."""
    return format_html('<link rel="stylesheet" href="{}">', static("css/admin.css"))


@hooks.register("register_admin_urls")
def add_brand_address() -> list[URLPattern]:
    return [path("brand.css", brand_css, name="admin_brand_css")]


@hooks.register("register_admin_urls")
def add_search_report() -> list[URLPattern]:
    report = search_report.SearchMissView
    return [
        path("searches/", report.as_view(), name="search_misses"),
        path("searches/results/", report.as_view(results_only=True), name="search_misses_results"),
        path("searches/<int:pk>/dismiss/", search_report.search_miss_dismiss, name="search_miss_dismiss"),
        path("searches/<int:pk>/write/", search_report.search_miss_write, name="search_miss_write"),
    ]


class ReportMenuItem(MenuItem):
    """Shown to those who may see the report."""

    def __init__(self, label: Any, address: str, *, permission: str, icon: str, order: int) -> None:
        super().__init__(label, reverse(address), name=address, icon_name=icon, order=order)
        self.permission = permission

    def is_shown(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm(self.permission))


@hooks.register("register_reports_menu_item")
def add_search_menu() -> MenuItem:
    label, decide = _("Searches without result"), search_report.MAY_DECIDE
    return ReportMenuItem(label, "search_misses", permission=decide, icon="search", order=10)


@hooks.register("register_reports_menu_item")
def add_unhelpful_menu() -> MenuItem:
    label = reports.UnhelpfulView.page_title
    return ReportMenuItem(label, "report_unhelpful", permission="cms.view_articlevote", icon="warning", order=20)


@hooks.register("register_reports_menu_item")
def add_stale_menu() -> MenuItem:
    label = reports.StaleView.page_title
    return ReportMenuItem(label, "report_stale", permission="cms.view_contentpage", icon="time", order=30)


@hooks.register("register_reports_menu_item")
def add_links_menu() -> MenuItem:
    label = reports.BrokenLinkView.page_title
    return ReportMenuItem(label, "report_links", permission="cms.view_brokenlink", icon="link", order=40)


@hooks.register("register_admin_urls")
def add_content_reports() -> list[URLPattern]:
    views = {"stale": reports.StaleView, "unhelpful": reports.UnhelpfulView, "links": reports.BrokenLinkView}
    found = []
    for name, view in views.items():
        found.append(path(f"content-reports/{name}/", view.as_view(), name=f"report_{name}"))
        results = view.as_view(results_only=True)
        found.append(path(f"content-reports/{name}/results/", results, name=f"report_{name}_results"))
    return found


register_snippet(search_report.SearchWordsGroup)


@cache_control(private=True, max_age=86_400)
def brand_css(_request: HttpRequest) -> HttpResponse:
    """The company's colour as Wagtail's tokens; the address carries the colour, so it may be kept."""
    colour = PortalSettings.load().brand_colour
    return HttpResponse(admin_stylesheet(colour), content_type="text/css; charset=utf-8")


@hooks.register("construct_main_menu")
def tidy_menu(_request: HttpRequest, items: list[Any]) -> None:
    """Takes away what no role here needs."""
    items[:] = [item for item in items if item.name not in UNUSED_MENUS]


@hooks.register("construct_settings_menu")
def tidy_settings(_request: HttpRequest, items: list[Any]) -> None:
    items[:] = [item for item in items if item.name not in UNUSED_SETTINGS]


@hooks.register("construct_reports_menu")
def tidy_reports(_request: HttpRequest, items: list[Any]) -> None:
    items[:] = [item for item in items if item.name not in UNUSED_REPORTS]


@hooks.register("construct_homepage_summary_items", order=1000)
def tidy_summary(_request: HttpRequest, items: list[Any]) -> None:
    """How many pages and files there are is no news; what waits for a person is."""
    items[:] = [item for item in items if isinstance(item, Tile)]


@hooks.register("before_bulk_action")
def refuse_bulk(_request: HttpRequest, _action: str, _objects: Any, view: Any) -> None:
    """People and prices are handled one by one, through their verbs; only pages and files in bulk."""
    if view.model._meta.app_label in SINGLY_HANDLED:
        raise PermissionDenied


@hooks.register("before_edit_page")
def decide_once(request: HttpRequest, page: Page) -> HttpResponse | None:
    """Of two decisions at once, or a double click, the second is told.

    Wagtail would store its older page over the one just published, and then find no task.
    """
    if "action-workflow-action" not in request.POST:
        return None
    state = page.current_workflow_task_state
    if state is not None and cache.add(f"cms.decision.{state.pk}", 1, DECISION_SECONDS):
        return None
    messages.error(request, _("A decision on this page has just been made. Look at it as it is now."))
    return redirect("wagtailadmin_pages:edit", page.pk)


@hooks.register("register_admin_urls")
def add_preview_address() -> list[URLPattern]:
    return [path("pages/<int:page_id>/headless-preview/", headless_preview, name="headless_preview")]


@hooks.register("register_page_header_buttons")
@hooks.register("register_page_listing_more_buttons")
def add_preview_button(page: Page, user: Any, *_args: Any, **_kwargs: Any) -> Iterator[Button]:
    if button := preview_button(page, user):
        yield button
