"""What articles, tutorials and notices have in common: a text, and who may read it."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q, Value
from django.forms import CheckboxSelectMultiple
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey, ParentalManyToManyField
from wagtail.admin.panels import FieldPanel, InlinePanel, ObjectList, PageChooserPanel, Panel, TabbedInterface
from wagtail.models import Orderable, Page, PageManager, PageQuerySet
from wagtail.search import index

from cms.blocks import BodyBlock
from cms.fields import ContentField
from cms.models.restriction import in_private_section
from cms.models.taxonomy import Topic
from cms.panels import ReadersPanel, SchedulePanel
from cms.previewing import ReaderPreview
from customer.models import DeviceModel, DeviceType
from customer.models.buyer import buyer_behind
from kernel.persian_search import words
from kernel.subselect import SubSelect

LONGEST_TEXT = 100_000
# Before a word of the title in the index: `marked + word` finds pages that have the word there and nowhere else.
TITLE_MARK = "qzt"


class ContentQuerySet(PageQuerySet["ContentPage"]):
    def visible_to(self, user: Any) -> Self:
        """Published pages that this person may read, whatever way they are asked for: page, search, API or file.

        Visitors: what is open to all. Buyers: also what is for all buyers, or for a type or model they own today.
        Staff who may enter the admin: everything published. Sections made private are for staff only, or for
        whoever has signed in.
        """
        live = self.filter(published())
        buyer = buyer_behind(user)
        if is_staff(user):
            return live
        audience = Q(open_to_all=True) | audience_of(buyer.pk) if buyer else Q(open_to_all=True)
        return live.filter(audience).exclude(in_private_section(user))


def published() -> Q:
    """Pages that are out now; one whose time is over is not, even if nobody has taken it back yet."""
    return Q(live=True) & (Q(expire_at=None) | Q(expire_at__gt=timezone.now()))


def is_staff(user: Any) -> bool:
    """Whether this person may enter the admin; a sign-in without a buyer and without a role is a visitor."""
    return user.is_authenticated and buyer_behind(user) is None and bool(user.has_perm("wagtailadmin.access_admin"))


def audience_of(buyer_id: int) -> Q:
    """Pages (as `ContentPage`) for all buyers, for a type or model of which this buyer owns a device today, or told of.

    Whoever was sent a notice may read it, whatever he owns. In SQL as written: this stands in every query for content,
    and building it in Python took longer than running it.
    """
    page, buyer = F("pk"), Value(buyer_id)
    expressions = (page, page, buyer, page, buyer, page, page, buyer)
    return Q(SubSelect(AUDIENCE, *expressions, output_field=models.BooleanField()))


AUDIENCE = """
(NOT EXISTS (SELECT 1 FROM cms_contentpage_device_types t WHERE t.contentpage_id = {})
 AND NOT EXISTS (SELECT 1 FROM cms_contentpage_device_models m WHERE m.contentpage_id = {}))
OR EXISTS (SELECT 1 FROM customer_device d JOIN customer_devicemodel m ON m.id = d.model_id
 JOIN cms_contentpage_device_types t ON t.devicetype_id = m.device_type_id
 WHERE d.owner_id = {} AND t.contentpage_id = {})
OR EXISTS (SELECT 1 FROM customer_device d JOIN cms_contentpage_device_models m ON m.devicemodel_id = d.model_id
 WHERE d.owner_id = {} AND m.contentpage_id = {})
OR EXISTS (SELECT 1 FROM cms_campaign c JOIN cms_campaigndelivery s ON s.campaign_id = c.id
 WHERE c.page_id = {} AND s.buyer_id = {})
"""


def tabs(*content: Panel) -> TabbedInterface:
    """The tabs in which every kind of content is edited: the text (`content`), its readers, its address, its dates."""
    audience = [
        ReadersPanel(),
        FieldPanel("open_to_all"),
        FieldPanel("device_types", widget=CheckboxSelectMultiple),
        FieldPanel("device_models", widget=CheckboxSelectMultiple),
    ]
    return TabbedInterface(
        [
            ObjectList(content, heading=_("Content")),
            ObjectList(audience, heading=_("Audience")),
            ObjectList([FieldPanel("slug"), FieldPanel("search_description")], heading=_("Promote")),
            ObjectList([SchedulePanel()], heading=_("Settings")),
        ]
    )


RELATED_PANEL = InlinePanel(
    "related_items",
    heading=_("related pages"),
    label=_("related page"),
    help_text=_("Nothing chosen here: pages of the same topics and devices are shown."),
    max_num=6,
)


class ContentPage(ReaderPreview):
    """The common part, in a table of its own, so that one query lists and guards every kind. Never made by itself."""

    summary = models.TextField(_("summary"), max_length=400, blank=True)
    body = ContentField(BodyBlock(), blank=True, verbose_name=_("text"))
    open_to_all = models.BooleanField(
        _("readable without signing in"),
        default=False,
        help_text=_("The page, its pictures and files can then be read by everybody."),
    )
    device_types = ParentalManyToManyField(
        DeviceType,
        blank=True,
        related_name="+",
        verbose_name=_("for owners of these device types"),
        help_text=_("Nothing chosen here or among the models: for all buyers."),
    )
    device_models = ParentalManyToManyField(
        DeviceModel, blank=True, related_name="+", verbose_name=_("for owners of these device models")
    )
    topics = ParentalManyToManyField(Topic, blank=True, related_name="pages", verbose_name=_("topics"))

    objects: ClassVar[Any] = PageManager.from_queryset(ContentQuerySet)()

    # The words are compared in one form only (`kernel.persian_search`), which no search engine has to know about.
    search_fields: ClassVar[list[Any]] = [
        *Page.search_fields,
        index.SearchField("search_title", boost=4),
        index.SearchField("search_head", boost=2),
        index.SearchField("search_body"),
    ]

    is_creatable = False
    subpage_types: list[str] = []

    class Meta:
        verbose_name = _("content page")
        verbose_name_plural = _("content pages")

    def may_be_read_by(self, user: Any) -> bool:
        """Whether this person may read the page as it is published."""
        return ContentPage.objects.visible_to(user).filter(pk=self.pk).exists()

    @cached_property
    def search_title(self) -> str:
        """The words of the title, each once plain and once marked as a word of the title. Kept once made."""
        found = words(self.title)
        return " ".join([*found, *(TITLE_MARK + word for word in found)])

    @cached_property
    def search_head(self) -> str:
        """The words of the summary, and of the topics and devices that the page is about."""
        models = [f"{model} {model.device_type}" for model in self.device_models.all()]
        names = [str(thing) for thing in (*self.topics.all(), *self.device_types.all(), *models)]
        return " ".join(words(" ".join([self.summary, *names])))

    @cached_property
    def search_body(self) -> str:
        """The words of the text."""
        return " ".join(words(self.plain_text()))

    def plain_text(self) -> str:
        """The text of the body without any markup, in one line."""
        pieces = self.body.stream_block.get_searchable_content(self.body)
        return " ".join(" ".join(str(piece) for piece in pieces if piece).split())[:LONGEST_TEXT]


class RelatedItem(Orderable):
    """A page that the editor recommends at the end of another one."""

    page = ParentalKey(ContentPage, on_delete=models.CASCADE, related_name="related_items")
    target = models.ForeignKey(ContentPage, on_delete=models.CASCADE, related_name="+", verbose_name=_("page"))

    panels = [PageChooserPanel("target", ["cms.ArticlePage", "cms.TutorialPage"])]

    class Meta(Orderable.Meta):
        verbose_name = _("related page")
        verbose_name_plural = _("related pages")

    def clean(self) -> None:
        super().clean()
        if self.target_id and self.target_id == self.page_id:
            raise ValidationError({"target": _("A page is not related to itself.")})
