"""Addresses at which providers call us."""

from __future__ import annotations

from django.urls import path

from integrations import hooks

urlpatterns = [
    path("hooks/sms/<slug:provider>/<str:secret>/", hooks.sms_report, name="sms_report"),
    path("hooks/whatsapp/", hooks.whatsapp_event, name="whatsapp_event"),
]
