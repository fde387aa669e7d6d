"""Addresses of the floor."""

from __future__ import annotations

from django.urls import path

from tests.benchmarks.floor import views

urlpatterns = [
    path("one", views.one, name="one"),
    path("auth-one", views.auth_one),
    path("auth-list25", views.auth_list25),
    path("api-list25", views.ApiList25.as_view()),
    path("post-insert", views.post_insert),
]
