"""What the body of an article, a tutorial or a notice is made of; the names of the blocks are known to API clients."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from wagtail.blocks import (
    CharBlock,
    ListBlock,
    RichTextBlock,
    StreamBlock,
    StructBlock,
    StructBlockValidationError,
    TextBlock,
    URLBlock,
)
from wagtail.contrib.typed_table_block.blocks import TypedTableBlock
from wagtail.rich_text import RichText

from cms.blocks.choosers import DocumentBlock, PictureBlock, VideoFileBlock
from cms.embeds import check_source
from cms.pasted import tidy

WITHOUT_WORDS = _("Say what the picture shows; without these words it cannot be used.")
WORDS = ["bold", "italic", "link", "document-link", "ol", "ul", "code"]


class WordsBlock(RichTextBlock):
    """Formatted words, tidied when they are saved: what a word processor left in them is gone, half-spaces stay."""

    def clean(self, value: Any) -> Any:
        return super().clean(RichText(tidy(value.source)))


def words(**options: Any) -> RichTextBlock:
    """A few formatted paragraphs; headings are blocks of their own."""
    return WordsBlock(features=WORDS, template="cms/blocks/text.html", **options)


class AlternativeBlock(CharBlock):
    """Words in place of a picture."""

    def __init__(self, **options: Any) -> None:
        super().__init__(label=_("what the picture shows"), max_length=200, **options)
        self.field.error_messages["required"] = WITHOUT_WORDS


class StepBlock(StructBlock):
    """One step of a procedure."""

    title = CharBlock(label=_("title"), max_length=160)
    text = words(label=_("text"), required=False)
    image = PictureBlock(label=_("picture"), required=False)
    alt = AlternativeBlock(required=False)

    def clean(self, value: Any) -> Any:
        """A picture needs its words, a step without one needs none."""
        cleaned = super().clean(value)
        if cleaned.get("image") and not cleaned.get("alt"):
            raise StructBlockValidationError(block_errors={"alt": ValidationError(WITHOUT_WORDS)})
        return cleaned


class CalloutBlock(StructBlock):
    """A warning or a note that stands out from the text."""

    title = CharBlock(label=_("title"), required=False, max_length=120)
    text = words(label=_("text"))


class FigureBlock(StructBlock):
    """A picture with what it shows, for those who do not see it, and a caption."""

    image = PictureBlock(label=_("picture"))
    alt = AlternativeBlock()
    caption = CharBlock(label=_("caption"), required=False, max_length=200)

    class Meta:
        template = "cms/blocks/figure.html"


class VideoBlock(StructBlock):
    """A video of ours, or one at an allowed address."""

    media = VideoFileBlock(label=_("video file"), required=False)
    url = URLBlock(label=_("address of the video"), required=False)
    caption = CharBlock(label=_("caption"), required=False, max_length=200)

    class Meta:
        template = "cms/blocks/video.html"

    def clean(self, value: Any) -> Any:
        """One source, from a place that is allowed."""
        cleaned = super().clean(value)
        if problem := check_source(cleaned.get("media"), cleaned.get("url")):
            raise StructBlockValidationError(block_errors={"url": ValidationError(problem)})
        return cleaned


class DownloadBlock(StructBlock):
    """A file to download."""

    document = DocumentBlock(label=_("file"))
    title = CharBlock(label=_("title"), max_length=160)
    software_version = CharBlock(label=_("software version"), required=False, max_length=40)

    class Meta:
        template = "cms/blocks/download.html"


class CodeBlock(StructBlock):
    """Commands or settings, left to right inside Persian."""

    code = TextBlock(label=_("code"))
    caption = CharBlock(label=_("caption"), required=False, max_length=200)

    class Meta:
        template = "cms/blocks/code.html"


class PartBlock(StructBlock):
    """A part with the number to order it by."""

    number = CharBlock(label=_("part number"), max_length=80)
    name = CharBlock(label=_("name"), max_length=160)

    class Meta:
        template = "cms/blocks/part.html"


class QuestionBlock(StructBlock):
    """A question that is often asked, with its answer."""

    question = CharBlock(label=_("question"), max_length=250)
    answer = words(label=_("answer"))


class BodyBlock(StreamBlock):
    """The body of a page."""

    heading = CharBlock(label=_("heading"), max_length=160, icon="title", template="cms/blocks/heading.html")
    subheading = CharBlock(label=_("subheading"), max_length=160, icon="title", template="cms/blocks/subheading.html")
    text = words(label=_("text"), icon="pilcrow")
    steps = ListBlock(StepBlock(), label=_("steps"), icon="list-ol", template="cms/blocks/steps.html")
    warning = CalloutBlock(label=_("warning"), icon="warning", template="cms/blocks/warning.html")
    note = CalloutBlock(label=_("note"), icon="info-circle", template="cms/blocks/note.html")
    table = TypedTableBlock(
        [("text", CharBlock(label=_("text"), required=False))],
        label=_("table"),
        icon="table",
        template="cms/blocks/table.html",
    )
    figure = FigureBlock(label=_("picture"), icon="image")
    gallery = ListBlock(FigureBlock(), label=_("gallery"), icon="image", template="cms/blocks/gallery.html")
    video = VideoBlock(label=_("video"), icon="media")
    download = DownloadBlock(label=_("download"), icon="download")
    code = CodeBlock(label=_("code"), icon="code")
    part = PartBlock(label=_("part"), icon="cog")
    faq = ListBlock(QuestionBlock(), label=_("frequent questions"), icon="help", template="cms/blocks/faq.html")
