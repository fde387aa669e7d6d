"""Links of published pages that lead nowhere, as the last round found them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from cms.models.content import ContentPage

LONGEST_TARGET = 300


class BrokenLink(models.Model):
    """One target that a page points at, and what is wrong with it. Only `cms.services.links` writes here."""

    class Kind(models.TextChoices):
        PAGE = "page", _("page")
        DOCUMENT = "document", _("file")
        IMAGE = "image", _("picture")
        MEDIA = "media", _("video")
        ADDRESS = "address", _("address in the portal")

    class Reason(models.TextChoices):
        GONE = "gone", _("deleted")
        UNPUBLISHED = "unpublished", _("not published")
        NOWHERE = "nowhere", _("leads to nothing")

    page = models.ForeignKey(ContentPage, on_delete=models.CASCADE, related_name="broken_links", verbose_name=_("page"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    target = models.CharField(_("target"), max_length=LONGEST_TARGET)
    reason = models.CharField(_("what is wrong"), max_length=12, choices=Reason)
    found_at = models.DateTimeField(_("found"))

    class Meta:
        verbose_name = _("broken link")
        verbose_name_plural = _("broken links")
        ordering = ["page__title", "pk"]
        constraints = [models.UniqueConstraint(fields=["page", "kind", "target"], name="one_row_for_a_broken_link")]

    def __str__(self) -> str:
        return f"{self.page_id}: {self.kind} {self.target}"
