"""Wagtail's dialogs for links leave the naming of most fields to Django, which only knows their English names."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import choosers

LABELS = {
    "link_text": _("Link text"),
    "email_address": _("E-mail address"),
    "subject": _("Subject"),
    "body": _("Text of the message"),
    "phone_number": _("Phone number"),
}


def name_fields() -> None:
    """Gives those fields names that can be translated."""
    for form in (
        choosers.ExternalLinkChooserForm,
        choosers.AnchorLinkChooserForm,
        choosers.EmailLinkChooserForm,
        choosers.PhoneLinkChooserForm,
    ):
        for name, field in form.base_fields.items():
            field.label = LABELS.get(name, field.label)
