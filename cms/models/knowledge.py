"""The knowledge base: its index, sections and articles."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from wagtail.models import Page

from cms.models.content import ContentPage


class KnowledgeIndexPage(Page):
    """Where buyers look for answers: `/knowledge/`."""

    max_count = 1
    parent_page_types = ["cms.HomePage"]
    subpage_types = ["cms.SectionPage", "cms.ArticlePage"]
    template = "cms/knowledge_index.html"

    class Meta:
        verbose_name = _("knowledge base")
        verbose_name_plural = _("knowledge bases")


class SectionPage(Page):
    """A shelf of the knowledge base."""

    parent_page_types = ["cms.KnowledgeIndexPage"]
    subpage_types = ["cms.ArticlePage"]
    template = "cms/section_page.html"

    class Meta:
        verbose_name = _("section")
        verbose_name_plural = _("sections")


class ArticlePage(ContentPage):
    """An article of the knowledge base."""

    parent_page_types = ["cms.KnowledgeIndexPage", "cms.SectionPage"]
    template = "cms/article_page.html"

    class Meta:
        verbose_name = _("article")
        verbose_name_plural = _("articles")
