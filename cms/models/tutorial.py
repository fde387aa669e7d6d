"""Tutorial videos."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from wagtail.models import Page

from cms.models.content import ContentPage


class TutorialIndexPage(Page):
    """All tutorials: `/tutorials/`."""

    max_count = 1
    parent_page_types = ["cms.HomePage"]
    subpage_types = ["cms.TutorialPage"]
    template = "cms/tutorial_index.html"

    class Meta:
        verbose_name = _("tutorials")
        verbose_name_plural = _("tutorials")


class TutorialPage(ContentPage):
    """One tutorial: a video with chapters, and a text beside it."""

    parent_page_types = ["cms.TutorialIndexPage"]
    template = "cms/tutorial_page.html"

    class Meta:
        verbose_name = _("tutorial")
        verbose_name_plural = _("tutorials")
