"""Tutorial videos."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import FileExtensionValidator
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from wagtail.admin.panels import FieldPanel, InlinePanel, MultiFieldPanel, TitleFieldPanel
from wagtail.models import Orderable, Page

from cms.embeds import check_source
from cms.fields import ClockField
from cms.models.content import RELATED_PANEL, ContentPage, tabs
from cms.panels import SchedulePanel


class TutorialIndexPage(Page):
    """All tutorials: `/tutorials/`."""

    max_count = 1
    parent_page_types = ["cms.HomePage"]
    subpage_types = ["cms.TutorialPage"]
    template = "cms/tutorial_index.html"
    content_panels = [*Page.content_panels, FieldPanel("introduction")]
    promote_panels = [FieldPanel("slug")]
    settings_panels = [SchedulePanel()]

    introduction = models.CharField(_("introduction"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("tutorials")
        verbose_name_plural = _("tutorials")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        from cms.shelves import tutorial_index

        return super().get_context(request, *args, **kwargs) | tutorial_index(request)


class TutorialPage(ContentPage):
    """One tutorial: a video with chapters, and a text beside it."""

    media = models.ForeignKey(
        "wagtailmedia.Media",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        limit_choices_to={"type": "video"},
        verbose_name=_("video file"),
    )
    video_url = models.URLField(
        _("address of the video"),
        blank=True,
        help_text=_("Instead of a file: a video at one of the allowed sites, such as aparat.com."),
    )
    poster = models.ForeignKey(
        "wagtailimages.Image",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("poster"),
        help_text=_("The picture that stands for the video in lists and before it plays."),
    )
    subtitles = models.ForeignKey(
        "wagtaildocs.Document",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("subtitles"),
        help_text=_("Persian subtitles as a WebVTT file (.vtt)."),
    )

    parent_page_types = ["cms.TutorialIndexPage"]
    template = "cms/tutorial_page.html"
    edit_handler = tabs(
        TitleFieldPanel("title"),
        FieldPanel("summary"),
        MultiFieldPanel(
            [FieldPanel("media"), FieldPanel("video_url"), FieldPanel("poster"), FieldPanel("subtitles")],
            heading=_("video"),
        ),
        InlinePanel("chapters", heading=_("chapters"), label=_("chapter")),
        FieldPanel("topics"),
        FieldPanel("body"),
        RELATED_PANEL,
    )

    class Meta:
        verbose_name = _("tutorial")
        verbose_name_plural = _("tutorials")

    def clean(self) -> None:
        """At most one video, from a place that is allowed (it may come later); subtitles that a browser understands."""
        super().clean()
        problem = check_source(self.media, self.video_url) if self.media or self.video_url else ""
        if problem:
            raise ValidationError({"video_url": problem})
        if self.subtitles:
            try:
                FileExtensionValidator(["vtt"])(self.subtitles.file)
            except ValidationError as error:
                raise ValidationError(
                    {"subtitles": _("Subtitles are a WebVTT file: its name ends in .vtt.")}
                ) from error

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        from cms.reading import tutorial

        return super().get_context(request, *args, **kwargs) | tutorial(self, request)


class TutorialChapter(Orderable):
    """A place in the video to which a viewer may jump."""

    page = ParentalKey(TutorialPage, on_delete=models.CASCADE, related_name="chapters")
    start_seconds = ClockField(_("begins at"), help_text=_("Minutes and seconds, such as 2:30."))
    title = models.CharField(_("title"), max_length=120)

    panels = [FieldPanel("start_seconds"), FieldPanel("title")]

    class Meta(Orderable.Meta):
        verbose_name = _("chapter")
        verbose_name_plural = _("chapters")

    def __str__(self) -> str:
        return self.title


class WatchPosition(models.Model):
    """How far a buyer has come in a tutorial, in whole seconds."""

    buyer = models.ForeignKey("customer.Buyer", on_delete=models.CASCADE, related_name="+", verbose_name=_("buyer"))
    page = models.ForeignKey(TutorialPage, on_delete=models.CASCADE, related_name="+", verbose_name=_("tutorial"))
    seconds = models.PositiveIntegerField(_("position"))
    duration = models.PositiveIntegerField(_("duration"))
    updated_at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("watched tutorial")
        verbose_name_plural = _("watched tutorials")
        constraints = [
            models.UniqueConstraint(fields=["buyer", "page"], name="one_position_of_a_buyer_in_a_tutorial"),
            models.CheckConstraint(
                condition=models.Q(seconds__lte=models.F("duration")), name="position_within_the_tutorial"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.page}: {self.seconds}/{self.duration}"
