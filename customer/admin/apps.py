"""Wagtail's users app with our screens for staff; stands in INSTALLED_APPS in place of `wagtail.users`."""

from __future__ import annotations

from wagtail.users.apps import WagtailUsersAppConfig


class StaffConfig(WagtailUsersAppConfig):
    default = False
    user_viewset = "customer.admin.staff.StaffViewSet"
