"""Addresses of this app."""

from __future__ import annotations

from django.urls import path

from support.views import ticket, uploads

urlpatterns = [
    path("tickets/", ticket.ticket_list, name="ticket_list"),
    path("tickets/new/", ticket.ticket_new, name="ticket_new"),
    path("tickets/new/draft/", ticket.ticket_draft, name="ticket_new_draft"),
    path("tickets/new/suggestions/", ticket.ticket_suggestions, name="ticket_suggestions"),
    path("tickets/new/solved/", ticket.ticket_solved, name="ticket_solved"),
    path("tickets/<slug:number>/", ticket.ticket_detail, name="ticket_detail"),
    path("tickets/<slug:number>/news/", ticket.ticket_news, name="ticket_news"),
    path("tickets/<slug:number>/draft/", ticket.ticket_draft, name="ticket_draft"),
    path("tickets/<slug:number>/close/", ticket.ticket_close, name="ticket_close"),
    path("tickets/<slug:number>/reopen/", ticket.ticket_reopen, name="ticket_reopen"),
    path("tickets/<slug:number>/rate/", ticket.ticket_rate, name="ticket_rate"),
    path("tickets/<slug:number>/print/", ticket.ticket_print, name="ticket_print"),
    path("attachments/uploads/", uploads.upload_begin, name="upload_begin"),
    path("attachments/uploads/<str:pk>/", uploads.upload, name="upload"),
    path("attachments/<str:pk>/", uploads.attachment_file, name="attachment_file"),
]
