"""The public face."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel
from wagtail.models import Page

from cms.panels import SchedulePanel


class HomePage(Page):
    """What the portal is, for somebody who has not signed in."""

    is_public: ClassVar[bool] = True  # see cms.views.serve

    heading = models.CharField(_("heading"), max_length=120, blank=True)
    introduction = models.TextField(_("introduction"), max_length=600, blank=True)

    content_panels = [*Page.content_panels, FieldPanel("heading"), FieldPanel("introduction")]
    settings_panels = [SchedulePanel()]
    template = "cms/home_page.html"
    max_count = 1
    parent_page_types = ["wagtailcore.Page"]
    subpage_types = ["cms.KnowledgeIndexPage", "cms.TutorialIndexPage", "cms.NoticeIndexPage"]

    class Meta:
        verbose_name = _("home page")
        verbose_name_plural = _("home pages")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        from cms.shelves import open_pages

        return super().get_context(request, *args, **kwargs) | {"open_pages": open_pages()}
