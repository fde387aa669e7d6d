"""What editors are told of their pages: which grew old, which did not help, which point nowhere."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db.models import Count, F, FloatField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Cast
from django.http import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.ui.tables import Column, TitleColumn
from wagtail.admin.views.reports import ReportView
from wagtail.admin.widgets import Button
from wagtail.models import Page, Revision
from wagtail.permission_policies import ModelPermissionPolicy
from wagtail.permissions import policy_registry

from cms.models import ArticleVote, BrokenLink, ContentPage
from cms.models.content import published
from customer.models import User
from kernel.admin.export import ExportColumn, as_xlsx
from kernel.jalali import format_date, tehran_date
from kernel.persian import persian_digits

MONTH = timedelta(days=30)
REASONS = 3  # that are shown of a page
FEWEST_VOTES = 3  # of which a share says anything


def _kind(page: Page) -> str:
    kind = page.cached_content_type.model_class() or Page
    return str(kind._meta.verbose_name)


def _day(moment: Any) -> str:
    return format_date(tehran_date(moment)) if moment else ""


def _percent(share: float) -> str:
    return persian_digits(f"{round(share * 100)}٪")


def _target(link: Any) -> str:
    """What can be said of it: the title of a page that is there, an address, or the number that it had."""
    if link.kind == BrokenLink.Kind.ADDRESS:
        return str(link.target)
    named = link.page_title if link.kind == BrokenLink.Kind.PAGE else None
    return named or _("number %(key)s") % {"key": persian_digits(link.target)}


class PersianColumn(Column):
    """A figure in Persian digits."""

    def get_value(self, instance: Any) -> str:
        return persian_digits(str(super().get_value(instance)))


class ContentReport(ReportView):
    """A report for who may view its `model`; takes itself along as a sheet for Excel."""

    permission_required = "view"
    is_searchable = False
    header_icon = "doc-full"
    template_name = "cms/admin/report.html"
    FORMATS = (ReportView.FORMAT_XLSX,)
    lead: str | Promise = ""
    sheet: ClassVar[list[ExportColumn]] = []

    @cached_property
    def permission_policy(self) -> Any:
        return ModelPermissionPolicy(self.model)

    @property
    def header_more_buttons(self) -> list[Button]:
        return [Button(_("Download as Excel"), url=self.xlsx_export_url, icon_name="download", priority=90)]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return {**context, "lead": self.lead}

    def as_spreadsheet(self, queryset: Any, _format: str) -> HttpResponseBase:
        return as_xlsx(queryset, self.sheet, filename=self.export_filename)


class PageReport(ContentReport):
    """Of pages, or of what belongs to one; `facts` are the columns after its title."""

    facts: ClassVar[list[Column]] = []

    @cached_property
    def columns(self) -> list[Column]:
        """The title of the page, leading to the editor for who may edit pages, and what the report says of it."""
        pages = policy_registry.get_by_type(Page)
        edits = pages.user_has_any_permission(self.request.user, ["change", "publish"])
        title = TitleColumn("title", label=_("page"), accessor=self.title_of, get_url=self.edit_url if edits else None)
        return [title, *self.facts]

    def title_of(self, row: Any) -> str:
        return str(row.title)

    def edit_url(self, row: Any) -> str:
        return reverse("wagtailadmin_pages:edit", args=[row.pk])


# --- grown old -------------------------------------------------------------------------------------------------------


class StaleView(PageReport):
    """Published pages that nobody has published anew for a long time. Publishing is saying that it still holds."""

    model = ContentPage
    page_title = gettext_lazy("Pages to look at again")
    lead = gettext_lazy("Whoever finds a page still right publishes it again; it then leaves this list.")
    header_icon = "time"
    index_url_name = "report_stale"
    index_results_url_name = "report_stale_results"
    export_filename = "stale-pages"
    facts = [
        Column("kind", label=gettext_lazy("kind"), accessor=_kind),
        Column("since", label=gettext_lazy("Last published"), accessor=lambda page: _day(page.last_published_at)),
        Column("by", label=gettext_lazy("Last changed by"), accessor=lambda page: page.changed_by or ""),
    ]
    sheet = [
        ExportColumn(label=gettext_lazy("page"), value=lambda page: page.title),
        ExportColumn(label=gettext_lazy("kind"), value=_kind),
        ExportColumn(label=gettext_lazy("Last published"), value=lambda page: _day(page.last_published_at)),
        ExportColumn(label=gettext_lazy("Last changed by"), value=lambda page: page.changed_by or ""),
    ]

    def get_base_queryset(self) -> QuerySet[ContentPage]:
        limit = timezone.now() - settings.CONTENT_STALE_MONTHS * MONTH
        changed = Revision.objects.filter(pk=OuterRef("latest_revision_id"))
        person = User.objects.filter(pk=OuterRef("changed_by_id"))
        found = ContentPage.objects.filter(published(), last_published_at__lt=limit).select_related("content_type")
        found = found.annotate(changed_by_id=Subquery(changed.values("user_id")))
        return found.annotate(changed_by=Subquery(person.values("username"))).order_by("last_published_at", "pk")

    get_queryset = get_base_queryset


# --- not helpful -----------------------------------------------------------------------------------------------------


class UnhelpfulView(PageReport):
    """Pages of which buyers say that they did not help, the worst first, with what they miss."""

    model = ArticleVote
    page_title = gettext_lazy("Pages that did not help")
    lead = gettext_lazy("By the share of readers who said no; pages with few votes are left out.")
    header_icon = "warning"
    index_url_name = "report_unhelpful"
    index_results_url_name = "report_unhelpful_results"
    export_filename = "unhelpful-pages"
    facts = [
        Column("share", label=gettext_lazy("Said no"), accessor=lambda page: _percent(page.share)),
        PersianColumn("against", label=gettext_lazy("Votes against")),
        PersianColumn("votes_in_all", label=gettext_lazy("Votes")),
        Column("reasons", label=gettext_lazy("Why"), accessor=lambda page: " · ".join(page.reasons)),
    ]
    sheet = [
        ExportColumn(label=gettext_lazy("page"), value=lambda page: page.title),
        ExportColumn(label=gettext_lazy("Said no"), value=lambda page: _percent(page.share)),
        ExportColumn(label=gettext_lazy("Votes against"), value=lambda page: page.against),
        ExportColumn(label=gettext_lazy("Votes"), value=lambda page: page.votes_in_all),
        ExportColumn(label=gettext_lazy("Latest reason"), value=lambda page: page.latest_reason or ""),
    ]

    def get_base_queryset(self) -> QuerySet[ContentPage]:
        against = Count("votes", filter=Q(votes__helpful=False))
        latest = (
            ArticleVote.objects.filter(page=OuterRef("pk"), helpful=False).exclude(reason="").order_by("-created_at")
        )
        counted = ContentPage.objects.filter(published()).annotate(votes_in_all=Count("votes"), against=against)
        counted = counted.filter(votes_in_all__gte=FEWEST_VOTES, against__gt=0)
        share = Cast("against", FloatField()) / F("votes_in_all")
        shared = counted.annotate(share=share, latest_reason=Subquery(latest.values("reason")[:1]))
        return shared.order_by("-share", "-against", "pk")

    get_queryset = get_base_queryset

    def decorate_paginated_queryset(self, rows: Any) -> Any:
        """The newest reasons of all pages that are shown, read in one go."""
        if self.is_export:
            return rows
        pages = list(rows)
        reasons: dict[int, list[str]] = defaultdict(list)
        votes = ArticleVote.objects.filter(page__in=[page.pk for page in pages], helpful=False).exclude(reason="")
        for page_id, reason in votes.order_by("-created_at", "-pk").values_list("page_id", "reason"):
            if len(reasons[page_id]) < REASONS:
                reasons[page_id].append(reason)
        for page in pages:
            page.reasons = reasons[page.pk]
        return pages


# --- leading nowhere -------------------------------------------------------------------------------------------------


class BrokenLinkView(PageReport):
    """Links in published texts that lead nowhere, as the last round of the worker found them."""

    model = BrokenLink
    page_title = gettext_lazy("Links that lead nowhere")
    lead = gettext_lazy("Looked through every hour. Addresses of other sites are not called from here.")
    header_icon = "link"
    index_url_name = "report_links"
    index_results_url_name = "report_links_results"
    export_filename = "broken-links"
    facts = [
        Column("kind", label=gettext_lazy("points at"), accessor=lambda link: link.get_kind_display()),
        Column("target", label=gettext_lazy("Target"), accessor=_target),
        Column("reason", label=gettext_lazy("What is wrong"), accessor=lambda link: link.get_reason_display()),
        Column("found", label=gettext_lazy("Found"), accessor=lambda link: _day(link.found_at)),
    ]
    sheet = [
        ExportColumn(label=gettext_lazy("page"), value=lambda link: link.page.title),
        ExportColumn(label=gettext_lazy("points at"), value=lambda link: link.get_kind_display()),
        ExportColumn(label=gettext_lazy("Target"), value=_target),
        ExportColumn(label=gettext_lazy("What is wrong"), value=lambda link: link.get_reason_display()),
        ExportColumn(label=gettext_lazy("Found"), value=lambda link: _day(link.found_at)),
    ]

    def get_base_queryset(self) -> QuerySet[BrokenLink]:
        titles = Page.objects.annotate(key=Cast("pk", BrokenLink._meta.get_field("target")))
        title = titles.filter(key=OuterRef("target")).values("title")[:1]
        return BrokenLink.objects.select_related("page").annotate(page_title=Subquery(title))

    get_queryset = get_base_queryset

    def title_of(self, row: Any) -> str:
        return str(row.page.title)

    def edit_url(self, row: Any) -> str:
        return reverse("wagtailadmin_pages:edit", args=[row.page_id])
