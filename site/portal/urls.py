"""Every address of the house."""

from __future__ import annotations

from django.urls import include, path
from django.views.generic import RedirectView
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as wagtailadmin_urls

from portal import pages

urlpatterns = [
    path("brand.css", pages.brand_css, name="brand_css"),
    path("", include("customer.urls")),
    path("", include("commerce.urls")),
    path("admin/login/", RedirectView.as_view(pattern_name="login", query_string=True)),
    path("admin/", include(wagtailadmin_urls)),
    path("", include(wagtail_urls)),
]
