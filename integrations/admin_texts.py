"""The words of our messages as snippets: placeholders are checked, and the parts of an SMS are counted."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import cached_property
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.panels import FieldPanel, ObjectList, Panel
from wagtail.admin.ui.tables import BooleanColumn, BulkActionsCheckboxColumn, Column
from wagtail.snippets.views import snippets

from integrations import templates
from integrations.models import MessageTemplate
from kernel.admin import columns
from kernel.persian import clean_lines, persian_digits
from kernel.sms_parts import SmsParts, count_parts

LONGEST_SMS = 900  # letters; what Kavenegar takes
Channel = MessageTemplate.Channel


def message_choices() -> list[tuple[str, str]]:
    """The messages that may be worded."""
    return [(key, str(message.label)) for key, message in templates.declared().items()]


class MessageTemplateForm(WagtailAdminModelForm):
    """One wording of one message on one channel."""

    key = forms.ChoiceField(label=_("Message"), choices=message_choices)

    def clean_text(self) -> str:
        text = clean_lines(self.cleaned_data["text"])
        message = templates.declared().get(self.data.get("key", ""))
        if message is None:
            return text
        if strangers := templates.strangers(text, message):
            raise ValidationError(
                _now("“%(names)s” is no placeholder of this message. It has: %(known)s")
                % {"names": braced(strangers), "known": braced(message.placeholders) or columns.NOTHING},
                code="placeholder",
            )
        if templates.has_stray_braces(text):
            raise ValidationError(_now("A brace is left open, or stands alone."), code="brace")
        length = len(templates.example(text, message))
        if self.data.get("channel") == Channel.SMS and length > LONGEST_SMS:
            raise ValidationError(
                _now("With the example's values this is %(count)s letters long; an SMS takes %(most)s.")
                % {"count": persian_digits(str(length)), "most": persian_digits(str(LONGEST_SMS))},
                code="length",
            )
        return text

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean()
        if data.get("channel") == Channel.WHATSAPP:
            for name in ("whatsapp_template", "language"):
                if not data.get(name):
                    self.add_error(name, _now("WhatsApp sends approved templates only: write this one's."))
        return data


def braced(names: Any) -> str:
    """`{name}، {day}`."""
    return "، ".join(f"{{{name}}}" for name in names)


class ExamplePanel(Panel):
    """What the text looks like with example values, in how many parts, and which placeholders there are."""

    class BoundPanel(Panel.BoundPanel):
        template_name = "integrations/message_example.html"

        def get_context_data(self, parent_context: Any = None) -> dict[str, Any]:
            context: dict[str, Any] = super().get_context_data(parent_context)
            form = self.form
            key, text = (form["key"].value() or "", form["text"].value() or "") if form else ("", "")
            message = templates.declared().get(key)
            fits = message is not None and not templates.strangers(text, message)
            example = templates.example(text, message) if message and fits else ""
            return context | {
                "messages_known": list(templates.declared().values()),
                "example": example,
                "built_in": templates.built_in(message, message.placeholders) if message else "",
                "parts": size(count_parts(example)) if example else "",
            }


def size(parts: SmsParts) -> str:
    """`۲ پیامک (۹۸ حرف، تا پیامک بعدی ۳۶ حرف)`."""
    values = {"parts": parts.parts, "units": parts.units, "left": parts.left}
    text = _now("%(parts)s SMS (%(units)s letters, %(left)s left before one more)")
    return text % {name: persian_digits(str(value)) for name, value in values.items()}


class ListOfTexts(snippets.IndexView):
    """Without ticking many at once."""

    @cached_property
    def columns(self) -> list[Any]:
        return [column for column in super().columns if not isinstance(column, BulkActionsCheckboxColumn)]


def name_of(template: MessageTemplate) -> str:
    """What its message is called; one that is declared no more is shown by its key."""
    message = templates.declared().get(template.key)
    return str(message.label) if message else template.key


def parts_of(template: MessageTemplate) -> str:
    """In how many parts the example goes out as an SMS."""
    message = templates.declared().get(template.key)
    if message is None or template.channel != Channel.SMS or templates.strangers(template.text, message):
        return columns.NOTHING
    return columns.count(count_parts(templates.example(template.text, message)).parts)


class MessageTemplateViewSet(snippets.SnippetViewSet):
    model = MessageTemplate
    icon = "edit"
    menu_label = _("Message texts")
    menu_order = 336
    add_to_admin_menu = True
    copy_view_enabled = False
    inspect_view_enabled = True
    inspect_view_fields = ["key", "channel", "text", "whatsapp_template", "language", "is_active"]
    index_view_class = ListOfTexts
    list_display = [
        Column("key", label=_("message"), accessor=name_of),
        Column("channel", label=_("channel"), accessor=lambda template: template.get_channel_display()),
        Column("parts", label=_("SMS parts"), accessor=parts_of),
        BooleanColumn("is_active", label=_("in use")),
    ]
    list_per_page = 50
    edit_handler = ObjectList(
        [
            FieldPanel("key"),
            FieldPanel("channel"),
            FieldPanel("text", help_text=_("Write placeholders in braces, for example {name}.")),
            ExamplePanel(heading=_("Example and size")),
            FieldPanel("whatsapp_template", help_text=_("For WhatsApp only: the name under which Meta approved it.")),
            FieldPanel("language"),
            FieldPanel("is_active", help_text=_("Without a text in use, the built-in one is sent.")),
        ],
        base_form_class=MessageTemplateForm,
    )
