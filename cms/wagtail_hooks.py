"""The frame of the admin: its look, its first page, and a menu without what nobody here uses."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.templatetags.static import static
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.views.decorators.cache import cache_control
from wagtail import hooks

from cms.models import PortalSettings
from kernel.admin.tiles import Tile
from kernel.palette import admin_stylesheet

SINGLY_HANDLED = {"customer", "commerce", "integrations"}
# Media: nothing shows any yet.
UNUSED_MENUS = {"help", "reports", "media"}
# Groups come from a migration, sites and redirects from the installation; workflows are off.
UNUSED_SETTINGS = {"workflows", "workflow-tasks", "sites", "groups", "redirects"}


@hooks.register("insert_global_admin_css")
def add_style() -> str:
    """Our typeface and our own screens; the company's colour comes with the template of the frame."""
    return format_html('<link rel="stylesheet" href="{}">', static("css/admin.css"))


@hooks.register("register_admin_urls")
def add_brand_address() -> list[URLPattern]:
    return [path("brand.css", brand_css, name="admin_brand_css")]


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


@hooks.register("construct_homepage_summary_items", order=1000)
def tidy_summary(_request: HttpRequest, items: list[Any]) -> None:
    """How many pages and files there are is no news; what waits for a person is."""
    items[:] = [item for item in items if isinstance(item, Tile)]


@hooks.register("before_bulk_action")
def refuse_bulk(_request: HttpRequest, _action: str, _objects: Any, view: Any) -> None:
    """People and prices are handled one by one, through their verbs; only pages and files in bulk."""
    if view.model._meta.app_label in SINGLY_HANDLED:
        raise PermissionDenied
