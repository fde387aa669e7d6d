"""Addresses of Wagtail's pages, in place of `wagtail.urls`: that one opens a door of its own to sign in by."""

from __future__ import annotations

from django.urls import path, re_path
from django.views.generic import RedirectView
from wagtail import views as wagtail_views
from wagtail.urls import serve_pattern

from cms import search_views, views

urlpatterns = [
    path("search/", search_views.search_page, name="search"),
    path("search/suggest/", search_views.search_suggest, name="search_suggest"),
    path("search/open/<int:pk>/", search_views.search_open, name="search_open"),
    path(
        "_util/authenticate_with_password/<int:page_view_restriction_id>/<int:page_id>/",
        wagtail_views.authenticate_with_password,
        name="wagtailcore_authenticate_with_password",
    ),
    path("_util/login/", RedirectView.as_view(pattern_name="login", query_string=True), name="wagtailcore_login"),
    re_path(serve_pattern, views.serve, name="wagtail_serve"),
]
