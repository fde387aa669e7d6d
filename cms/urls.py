"""Addresses of Wagtail's pages, in place of `wagtail.urls`: that one opens a door of its own to sign in by."""

from __future__ import annotations

from django.urls import path, re_path
from django.views.generic import RedirectView
from wagtail import views as wagtail_views
from wagtail.urls import serve_pattern

from cms import feedback, provisional_files, views

urlpatterns = [
    path("knowledge/votes/<int:pk>/", feedback.vote, name="page_vote"),
    path("tutorials/positions/<int:pk>/", feedback.position, name="watch_position"),
    path("media/files/<int:pk>/", provisional_files.media_file, name="media_file"),
    path("documents/<int:pk>/<str:name>", provisional_files.document, name="wagtaildocs_serve"),
    path(
        "_util/authenticate_with_password/<int:page_view_restriction_id>/<int:page_id>/",
        wagtail_views.authenticate_with_password,
        name="wagtailcore_authenticate_with_password",
    ),
    path("_util/login/", RedirectView.as_view(pattern_name="login", query_string=True), name="wagtailcore_login"),
    re_path(serve_pattern, views.serve, name="wagtail_serve"),
]
