"""For editors: what buyers looked for in vain, and the words that search treats as equal or passes over."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from wagtail.admin.panels import FieldPanel, ObjectList
from wagtail.admin.ui.tables import Column
from wagtail.snippets.views.snippets import SnippetViewSet, SnippetViewSetGroup

from cms.admin.reports import ContentReport
from cms.models import ArticlePage, KnowledgeIndexPage, SearchMiss, SearchStopWords, SearchSynonyms
from cms.searching.log import dismiss
from kernel.admin.export import ExportColumn
from kernel.jalali import format_moment
from kernel.persian import persian_digits

MAY_DECIDE = "cms.change_searchmiss"


class CountColumn(Column):
    """A number in Persian digits."""

    def get_value(self, instance: Any) -> str:
        return persian_digits(str(super().get_value(instance)))


class ActsColumn(Column):
    """The buttons of a row."""

    cell_template_name = "cms/admin/search_miss_acts.html"


class SearchMissView(ContentReport):
    """Searches that found nothing, or of which nobody opened a result; what was asked for most often comes first."""

    model = SearchMiss
    page_title = gettext_lazy("Searches without result: write this article")
    header_icon = "search"
    index_url_name = "search_misses"
    index_results_url_name = "search_misses_results"
    permission_required = "change"
    export_filename = "searches-without-result"
    columns = [
        Column("text", label=gettext_lazy("Searched for")),
        CountColumn("asked", label=gettext_lazy("Searches")),
        CountColumn("fruitless", label=gettext_lazy("Without result")),
        CountColumn("opened", label=gettext_lazy("Results opened")),
        Column("last_at", label=gettext_lazy("Last time"), accessor=lambda miss: format_moment(miss.last_at)),
        ActsColumn("acts", label=""),
    ]

    sheet = [
        ExportColumn(label=gettext_lazy("Searched for"), value=lambda miss: miss.text),
        ExportColumn(label=gettext_lazy("Searches"), value=lambda miss: miss.asked),
        ExportColumn(label=gettext_lazy("Without result"), value=lambda miss: miss.fruitless),
        ExportColumn(label=gettext_lazy("Results opened"), value=lambda miss: miss.opened),
        ExportColumn(label=gettext_lazy("Last time"), value=lambda miss: format_moment(miss.last_at)),
    ]

    def get_base_queryset(self) -> QuerySet[SearchMiss]:
        return SearchMiss.objects.waiting()

    def get_queryset(self) -> QuerySet[SearchMiss]:
        return self.get_base_queryset()


@require_POST
def search_miss_dismiss(request: HttpRequest, pk: int) -> HttpResponse:
    """Nothing is to be written about this."""
    if not request.user.has_perm(MAY_DECIDE):
        raise PermissionDenied
    dismiss(get_object_or_404(SearchMiss, pk=pk).pk, now=timezone.now())
    return redirect("search_misses")


@require_POST
def search_miss_write(request: HttpRequest, pk: int) -> HttpResponse:
    """Begins an article with this title, as a draft, and opens it."""
    shelf = KnowledgeIndexPage.objects.first()
    if not request.user.has_perm(MAY_DECIDE) or (
        shelf and not shelf.permissions_for_user(request.user).can_add_subpage()
    ):
        raise PermissionDenied
    miss = get_object_or_404(SearchMiss, pk=pk)
    if shelf is None:
        messages.error(request, _("There is no knowledge base yet to put the article into."))
        return redirect("search_misses")
    with transaction.atomic():
        article = shelf.add_child(instance=ArticlePage(title=miss.text, live=False, owner=request.user))
        article.save_revision(user=request.user, log_action="wagtail.create")
        dismiss(miss.pk, now=timezone.now())
    return redirect(reverse("wagtailadmin_pages:edit", args=[article.pk]))


class WordsViewSet(SnippetViewSet):
    list_display = ["words"]
    search_fields = ["words"]
    copy_view_enabled = False
    list_per_page = 100


class SynonymsViewSet(WordsViewSet):
    model = SearchSynonyms
    icon = "list-ul"
    edit_handler = ObjectList(
        [
            FieldPanel(
                "words",
                help_text=gettext_lazy(
                    "One line, with commas: dongle, hardware lock. Spellings need no line of their own."
                ),
            )
        ]
    )


class StopWordsViewSet(WordsViewSet):
    model = SearchStopWords
    icon = "cross"
    edit_handler = ObjectList([FieldPanel("words", help_text=gettext_lazy("One line, with commas: how, why, please."))])


class SearchWordsGroup(SnippetViewSetGroup):
    menu_label = gettext_lazy("Words of search")
    menu_icon = "search"
    menu_order = 360
    add_to_admin_menu = True
    items = (SynonymsViewSet, StopWordsViewSet)
