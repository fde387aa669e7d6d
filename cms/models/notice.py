"""Notices: what the company has to tell its buyers."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, TitleFieldPanel
from wagtail.models import Page

from cms.models.content import ContentPage, tabs
from cms.panels import SchedulePanel

PER_PAGE = 20


class NoticeIndexPage(Page):
    """All notices of a buyer: `/notices/`."""

    max_count = 1
    parent_page_types = ["cms.HomePage"]
    subpage_types = ["cms.NoticePage"]
    template = "cms/notice_index.html"
    promote_panels = [FieldPanel("slug")]
    settings_panels = [SchedulePanel()]

    class Meta:
        verbose_name = _("notices")
        verbose_name_plural = _("notices")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """The notices that this person may read, the newest first, `?kind=` one kind of them."""
        kind = request.GET.get("kind", "")
        kind = kind if kind in NoticePage.Kind.values else ""
        ids = ContentPage.objects.visible_to(request.user).values("pk")
        notices = NoticePage.objects.filter(pk__in=ids).order_by("-first_published_at", "-pk")
        page_obj = Paginator(notices.filter(kind=kind) if kind else notices, PER_PAGE).get_page(request.GET.get("page"))
        context: dict[str, Any] = super().get_context(request, *args, **kwargs)
        return {
            **context,
            "nav_current": "inbox",
            "page_obj": page_obj,
            "kind": kind,
            "kinds": NoticePage.Kind,
        }


class NoticePage(ContentPage):
    """One notice; sending it is a campaign of its own."""

    class Kind(models.TextChoices):
        SOFTWARE_UPDATE = "software_update", _("software update")
        TERMS_CHANGE = "terms_change", _("change in the terms of service")
        LEGAL = "legal", _("legal or official announcement")
        GENERAL = "general", _("general")

    kind = models.CharField(_("kind"), max_length=20, choices=Kind, default=Kind.GENERAL)
    must_acknowledge = models.BooleanField(_("must be acknowledged"), default=False)

    parent_page_types = ["cms.NoticeIndexPage"]
    template = "cms/notice_page.html"
    edit_handler = tabs(
        TitleFieldPanel("title"),
        FieldPanel("kind"),
        FieldPanel("must_acknowledge"),
        FieldPanel("summary"),
        FieldPanel("body"),
        FieldPanel("topics"),
    )

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")

    @property
    def kind_label(self) -> str:
        """What `get_kind_display` says; that translates every kind for each row of a list."""
        return str(self.Kind(self.kind).label)

    @property
    def icon(self) -> str:
        """The sign of its kind, as in the inbox."""
        return {self.Kind.SOFTWARE_UPDATE: "download", self.Kind.GENERAL: "mail"}.get(self.Kind(self.kind), "shield")

    def serve(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """For those who may read it; everybody else finds nothing here."""
        if not self.may_be_read_by(request.user):
            raise Http404
        response: HttpResponse = super().serve(request, *args, **kwargs)
        return response

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Opening the page counts as reading the message by which the buyer was told."""
        from cms import reading
        from cms.services.reading import open_page

        context: dict[str, Any] = super().get_context(request, *args, **kwargs)
        is_read = request.user.is_authenticated and not getattr(request, "is_preview", False)
        item = open_page(self, user=request.user, now=timezone.now()) if is_read else None
        return {**context, **reading.notice(self, request), "nav_current": "inbox", "item": item}
