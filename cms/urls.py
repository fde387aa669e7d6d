"""Addresses of Wagtail's pages and files, in place of `wagtail.urls` and `wagtail.documents.urls`.

Those open doors of their own: a sign-in, shared passwords (here a section so protected is for staff only).
"""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.urls import path, re_path
from django.views.generic import RedirectView
from wagtail.urls import serve_pattern

from cms import feedback, file_views, notice_views, search_views, sitemap, views

to_the_one_door = login_not_required(RedirectView.as_view(pattern_name="login", query_string=True))

urlpatterns = [
    path("search/", search_views.search_page, name="search"),
    path("search/suggest/", search_views.search_suggest, name="search_suggest"),
    path("search/open/<int:pk>/", search_views.search_open, name="search_open"),
    path("knowledge/votes/<int:pk>/", feedback.vote, name="page_vote"),
    path("tutorials/positions/<int:pk>/", feedback.position, name="watch_position"),
    path("n/<int:pk>/", notice_views.notice_link, name="notice_link"),
    path("profile/notices/", notice_views.notice_preferences, name="notice_preferences"),
    path("sitemap.xml", sitemap.sitemap, name="sitemap"),
    path("robots.txt", sitemap.robots, name="robots"),
    path("media/images/<str:name>", file_views.picture, name="picture"),
    path("media/files/<int:pk>/", file_views.media_file, name="media_file"),
    path("media/files/<int:pk>/poster/", file_views.media_poster, name="media_poster"),
    re_path(
        r"^media/(?P<folder>media|media_thumbnails)/(?P<name>[^/]+)$", file_views.stored_media, name="stored_media"
    ),
    path("documents/<int:pk>/<str:name>", file_views.document, name="wagtaildocs_serve"),
    path("_util/login/", to_the_one_door, name="wagtailcore_login"),
    re_path(serve_pattern, views.serve, name="wagtail_serve"),
]
