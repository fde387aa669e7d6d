"""White label: what makes the portal this company's own."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, MultiFieldPanel
from wagtail.contrib.settings.models import BaseGenericSetting, register_setting

from kernel import palette

HEX_COLOUR = RegexValidator(r"^#[0-9a-fA-F]{6}$", _("Write the colour as #rrggbb."))


@register_setting(icon="cog")
class PortalSettings(BaseGenericSetting):
    """One row for the whole installation."""

    company_name = models.CharField(_("company name"), max_length=80, default="گروه زیگ")
    portal_name = models.CharField(_("portal name"), max_length=80, default="پرتال خریداران")
    logo = models.ForeignKey(
        "wagtailimages.Image",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("logo"),
    )
    brand_colour = models.CharField(_("brand colour"), max_length=7, default="#0b6e6e", validators=[HEX_COLOUR])
    support_phone = models.CharField(_("support phone"), max_length=30, blank=True)
    support_hours = models.CharField(_("support hours"), max_length=120, blank=True)
    company_address = models.CharField(_("company address"), max_length=250, blank=True)
    economic_code = models.CharField(_("economic code"), max_length=20, blank=True)
    buyers_change_password = models.BooleanField(_("buyers may change their password"), default=False)

    panels = [
        MultiFieldPanel(
            [FieldPanel("company_name"), FieldPanel("portal_name"), FieldPanel("logo"), FieldPanel("brand_colour")],
            heading=_("Identity"),
        ),
        MultiFieldPanel(
            [
                FieldPanel("support_phone"),
                FieldPanel("support_hours"),
                FieldPanel("company_address"),
                FieldPanel("economic_code"),
            ],
            heading=_("Contact and receipts"),
        ),
        FieldPanel("buyers_change_password"),
    ]

    class Meta:
        verbose_name = _("portal settings")

    def clean(self) -> None:
        """A brand colour must stay readable under white text."""
        super().clean()
        if palette.contrast(self.brand_colour, "#ffffff") < palette.ENOUGH:
            message = _("White text cannot be read on this colour; choose a darker one.")
            raise ValidationError({"brand_colour": message})
