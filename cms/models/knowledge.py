"""The knowledge base: its index, sections and articles."""

from __future__ import annotations

import re
from typing import Any

from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from wagtail.admin.panels import FieldPanel, InlinePanel, TitleFieldPanel
from wagtail.models import Orderable, Page

from cms.models.content import RELATED_PANEL, ContentPage, tabs
from cms.panels import SchedulePanel
from customer.models import DeviceModel


class KnowledgeIndexPage(Page):
    """Where buyers look for answers: `/knowledge/`."""

    max_count = 1
    parent_page_types = ["cms.HomePage"]
    subpage_types = ["cms.SectionPage", "cms.ArticlePage"]
    template = "cms/knowledge_index.html"
    content_panels = [*Page.content_panels, FieldPanel("introduction")]
    promote_panels = [FieldPanel("slug")]
    settings_panels = [SchedulePanel()]

    introduction = models.CharField(_("introduction"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("knowledge base")
        verbose_name_plural = _("knowledge bases")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        from cms.shelves import knowledge_index

        return super().get_context(request, *args, **kwargs) | knowledge_index(request)


class SectionPage(Page):
    """A shelf of the knowledge base."""

    parent_page_types = ["cms.KnowledgeIndexPage"]
    subpage_types = ["cms.ArticlePage"]
    template = "cms/section_page.html"
    content_panels = [*Page.content_panels, FieldPanel("introduction")]
    promote_panels = [FieldPanel("slug")]
    settings_panels = [SchedulePanel()]

    introduction = models.CharField(_("introduction"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("section")
        verbose_name_plural = _("sections")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        from cms.shelves import section

        return super().get_context(request, *args, **kwargs) | section(self, request)


class ArticlePage(ContentPage):
    """An article of the knowledge base."""

    parent_page_types = ["cms.KnowledgeIndexPage", "cms.SectionPage"]
    template = "cms/article_page.html"
    edit_handler = tabs(
        TitleFieldPanel("title"),
        FieldPanel("summary"),
        FieldPanel("topics"),
        FieldPanel("body"),
        InlinePanel("downloads", heading=_("downloads"), label=_("file")),
        RELATED_PANEL,
    )

    class Meta:
        verbose_name = _("article")
        verbose_name_plural = _("articles")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        from cms.reading import article

        return super().get_context(request, *args, **kwargs) | article(self, request)


class ArticleDownload(Orderable):
    """A file of an article: a firmware, a driver, a manual, for one model or for all, in one version."""

    page = ParentalKey(ArticlePage, on_delete=models.CASCADE, related_name="downloads")
    document = models.ForeignKey(
        "wagtaildocs.Document", on_delete=models.CASCADE, related_name="+", verbose_name=_("file")
    )
    device_model = models.ForeignKey(
        DeviceModel,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("device model"),
        help_text=_("Nothing chosen: for all models of this article."),
    )
    software_version = models.CharField(_("software version"), max_length=40, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)

    panels = [
        FieldPanel("document"),
        FieldPanel("device_model"),
        FieldPanel("software_version"),
        FieldPanel("note"),
    ]

    class Meta(Orderable.Meta):
        verbose_name = _("download")
        verbose_name_plural = _("downloads")

    @property
    def version_key(self) -> tuple[int, ...]:
        """`4.10.2` → (4, 10, 2): versions are compared by their numbers, not by their letters."""
        return tuple(int(number) for number in re.findall(r"[0-9]+", self.software_version))


class ArticleVote(models.Model):
    """What one buyer says of one page: whether it helped, and if not, why. He may change his mind."""

    buyer = models.ForeignKey("customer.Buyer", on_delete=models.CASCADE, related_name="+", verbose_name=_("buyer"))
    page = models.ForeignKey(ContentPage, on_delete=models.CASCADE, related_name="votes", verbose_name=_("page"))
    helpful = models.BooleanField(_("helped"))
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    created_at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("vote on a page")
        verbose_name_plural = _("votes on pages")
        ordering = ["-created_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["buyer", "page"], name="one_vote_of_a_buyer_on_a_page")]

    def __str__(self) -> str:
        return f"{self.page}: {self.buyer}"
