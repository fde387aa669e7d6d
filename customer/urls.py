"""Addresses of this app."""

from __future__ import annotations

from django.urls import path

from customer.views import device, inbox, profile, session, sign_off, transfer, visit

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
    path("sign-offs/", sign_off.sign_off_list, name="sign_off_list"),
    path("sign-offs/<int:pk>/", sign_off.sign_off_detail, name="sign_off_detail"),
    path("sign-offs/<int:pk>/decline/", sign_off.sign_off_decline, name="sign_off_decline"),
    path("sign-offs/<int:pk>/photos/<int:photo>/", sign_off.sign_off_photo, name="sign_off_photo"),
    path("sign-offs/<int:pk>/in-person/", sign_off.sign_off_in_person, name="sign_off_in_person"),
    path(
        "sign-offs/<int:pk>/in-person/photos/<int:photo>/",
        sign_off.sign_off_in_person_photo,
        name="sign_off_in_person_photo",
    ),
    path("sign-offs/visits/<uuid:pk>/", visit.visit, name="visit"),
    path("sign-offs/visits/<uuid:pk>/in-person/", visit.visit_in_person, name="visit_in_person"),
    path("transfers/", transfer.transfer_list, name="transfer_list"),
    path("transfers/new/", transfer.transfer_new, name="transfer_new"),
    path("transfers/<int:pk>/", transfer.transfer_detail, name="transfer_detail"),
    path("transfers/<int:pk>/cancel/", transfer.transfer_cancel, name="transfer_cancel"),
    path("transfers/<int:pk>/document/", transfer.transfer_document, name="transfer_document"),
    path("transfers/accept/<str:token>/", transfer.transfer_accept, name="transfer_accept"),
]
