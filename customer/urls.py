"""Addresses of this app."""

from __future__ import annotations

from django.urls import path

from customer.views import device, inbox, profile, session

urlpatterns = [
    path("devices/", device.device_list, name="device_list"),
    path("devices/<int:pk>/", device.device_detail, name="device_detail"),
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/read-all/", inbox.inbox_read_all, name="inbox_read_all"),
    path("inbox/<int:pk>/", inbox.inbox_read, name="inbox_read"),
    path("inbox/<int:pk>/acknowledge/", inbox.inbox_acknowledge, name="inbox_acknowledge"),
    path("profile/", profile.profile, name="profile"),
    path("profile/corrections/new/", profile.correction_new, name="correction_new"),
    path("profile/tokens/<str:digest>/revoke/", session.token_revoke, name="token_revoke"),
    path("profile/sign-out-everywhere/", session.sign_out_everywhere, name="sign_out_everywhere"),
]
