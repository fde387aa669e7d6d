"""Notices: what the company has to tell its buyers."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.models import Page

from cms.models.content import ContentPage


class NoticeIndexPage(Page):
    """All notices of a buyer: `/notices/`."""

    max_count = 1
    parent_page_types = ["cms.HomePage"]
    subpage_types = ["cms.NoticePage"]
    template = "cms/notice_index.html"

    class Meta:
        verbose_name = _("notices")
        verbose_name_plural = _("notices")


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

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
