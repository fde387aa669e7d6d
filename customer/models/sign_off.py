"""The installation sign-off: checklist templates, and the forms that buyers confirm."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from modelcluster.models import ClusterableModel
from wagtail.models import RevisionMixin

from customer.models.buyer import Buyer, User
from customer.models.device import Device, DeviceModel
from customer.models.record import SignedRecord
from customer.storage import private_storage
from kernel.refused import Refused


class ChecklistTemplate(RevisionMixin, ClusterableModel):
    """What is to be confirmed for a device model (or for every model without a template of its own)."""

    device_model = models.OneToOneField(
        DeviceModel,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="checklist",
        verbose_name=_("device model"),
        help_text=_("Leave empty for the template of all other models."),
    )
    statement = models.TextField(_("text of the form"))
    all_done_label = models.CharField(_("label of the last tick"), max_length=200)

    class Meta:
        verbose_name = _("checklist of installation")
        verbose_name_plural = _("checklists of installation")
        constraints = [
            models.UniqueConstraint(
                models.ExpressionWrapper(Q(device_model__isnull=True), output_field=models.BooleanField()),
                condition=Q(device_model__isnull=True),
                name="checklist_one_default",
            )
        ]

    def __str__(self) -> str:
        return str(self.device_model or _now("all other models"))

    @property
    def text_version(self) -> str:
        """Names the text as it stands: the template and its last revision."""
        return f"{self.pk}.{self.latest_revision_id or 0}"


class ChecklistItem(models.Model):
    """One item of a template."""

    sort_order_field = "position"

    template = ParentalKey(ChecklistTemplate, on_delete=models.CASCADE, related_name="items")
    code = models.SlugField(_("code"), max_length=40)
    label = models.CharField(_("label"), max_length=200)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("item")
        verbose_name_plural = _("items")
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["template", "code"], name="checklist_item_once")]

    def __str__(self) -> str:
        return self.label


class Standing(models.TextChoices):
    """What a buyer is told of a form: its status, or that a newer one has taken its place."""

    WAITING = "waiting", _("waiting for the buyer")
    CONFIRMED = "confirmed", _("confirmed")
    DECLINED = "declined", _("declined by the buyer")
    SUPERSEDED = "superseded", _("superseded")


class SignOffQuerySet(models.QuerySet["SignOff"]):
    def visible_to(self, user: Any) -> Self:
        """The forms of a buyer for devices that are still his."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(buyer__user_id=user.pk, device__owner__user_id=user.pk).exclude(status="withdrawn")

    def waiting(self) -> Self:
        return self.filter(status="waiting")

    def in_standing(self, standing: str) -> Self:
        """Only forms of this standing; mirrors `SignOff.standing`."""
        replaced = Exists(SignOff.objects.filter(supersedes=OuterRef("pk"), status="confirmed"))
        if standing == Standing.SUPERSEDED:
            return self.filter(replaced)
        found = self.filter(status=standing)
        return found.filter(~replaced) if standing == Standing.CONFIRMED else found

    def confirmed(self) -> Self:
        return self.filter(status="confirmed")

    def with_names(self) -> Self:
        """With all that a line of a list says."""
        return self.select_related("device__model__brand", "superseded_by")

    def with_paper(self) -> Self:
        """With all that the whole form says."""
        rows = self.with_names().select_related(
            "device__model__device_type", "buyer__user", "prepared_by", "record", "period", "supersedes__record"
        )
        return rows.prefetch_related("photos")


class SignOff(models.Model):
    """One form for one device. Once confirmed it is frozen; a mistake is corrected by a form that supersedes it."""

    class Status(models.TextChoices):
        WAITING = "waiting", _("waiting for the buyer")
        CONFIRMED = "confirmed", _("confirmed")
        DECLINED = "declined", _("declined by the buyer")
        WITHDRAWN = "withdrawn", _("withdrawn")

    MOVES: ClassVar[dict[str, set[str]]] = {
        Status.WAITING: {Status.CONFIRMED, Status.DECLINED, Status.WITHDRAWN},
    }

    device = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="sign_offs", verbose_name=_("device"))
    buyer = models.ForeignKey(Buyer, on_delete=models.PROTECT, related_name="sign_offs", verbose_name=_("buyer"))
    visit = models.UUIDField(_("visit"), default=uuid.uuid4)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.WAITING)
    installed_on = models.DateField(_("installation date"))
    statement = models.TextField(_("text of the form"))
    all_done_label = models.CharField(_("label of the last tick"), max_length=200)
    text_version = models.CharField(_("version of the text"), max_length=30)
    items = models.JSONField(_("items"), help_text=_("A list of {code, label, note}."))
    prepared_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("prepared by"))
    prepared_at = models.DateTimeField(_("prepared at"))
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)
    declined_at = models.DateTimeField(_("declined at"), null=True, blank=True)
    decline_reason = models.TextField(_("reason of the decline"), blank=True, max_length=1000)
    supersedes = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="superseded_by",
        verbose_name=_("supersedes"),
    )
    correction_reason = models.TextField(_("reason of the correction"), blank=True, max_length=1000)
    record = models.OneToOneField(
        SignedRecord, on_delete=models.PROTECT, null=True, blank=True, related_name="sign_off", verbose_name=_("record")
    )

    objects = SignOffQuerySet.as_manager()

    class Meta:
        verbose_name = _("installation sign-off")
        verbose_name_plural = _("installation sign-offs")
        ordering = ["-prepared_at", "-pk"]
        permissions = [("prepare_signoff", "Can prepare an installation sign-off")]
        indexes = [
            models.Index(fields=["status", "-prepared_at", "-id"], name="sign_off_by_status"),
            models.Index(fields=["buyer", "-prepared_at"], name="sign_off_by_buyer"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["device"], condition=Q(status="waiting"), name="sign_off_one_waiting_per_device"
            ),
            models.UniqueConstraint(
                fields=["device"],
                condition=Q(status="confirmed", supersedes__isnull=True),
                name="sign_off_one_first_per_device",
            ),
            models.CheckConstraint(
                condition=Q(status="confirmed", record__isnull=False, confirmed_at__isnull=False)
                | (~Q(status="confirmed") & Q(record__isnull=True, confirmed_at__isnull=True)),
                name="sign_off_confirmed_has_record",
            ),
            models.CheckConstraint(
                condition=Q(supersedes__isnull=True) | ~Q(correction_reason=""), name="sign_off_correction_has_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.device} · {self.get_status_display()}"

    @property
    def correction(self) -> SignOff | None:
        """The form that corrects this one, whatever has become of it. Read through `with_names` it costs no query."""
        return getattr(self, "superseded_by", None)

    @property
    def is_superseded(self) -> bool:
        """Whether a confirmed form stands in this one's place."""
        return self.correction is not None and self.correction.status == self.Status.CONFIRMED

    @property
    def standing(self) -> str:
        """The word for buyers. Read through `with_names` it costs no query."""
        return Standing.SUPERSEDED if self.is_superseded else self.status

    @property
    def standing_label(self) -> str:
        return str(Standing(self.standing).label)

    def move(self, to: str) -> None:
        """The only place where the status changes. Raises Refused `signoff.already_<status>`."""
        self.require(to)
        self.status = to

    def require(self, to: str) -> None:
        """Raises Refused `signoff.already_<status>` when the form cannot move there any more."""
        if to not in self.MOVES.get(self.status, set()):
            message = _now("This form can no longer be changed: %(status)s.") % {"status": self.get_status_display()}
            raise Refused(f"signoff.already_{self.status}", message)


def photo_path(photo: SignOffPhoto, name: str) -> str:
    """Where a photo is kept: by its content, with nothing of the uploaded name."""
    return f"sign-offs/{photo.sha256[:2]}/{photo.sha256}.jpg"


class SignOffPhoto(models.Model):
    """A photo of one item, taken by the technician; re-encoded, without its metadata."""

    sign_off = models.ForeignKey(SignOff, on_delete=models.PROTECT, related_name="photos")
    item_code = models.CharField(_("item"), max_length=40)
    file = models.FileField(_("photo"), upload_to=photo_path, storage=private_storage)
    sha256 = models.CharField(max_length=64)
    added_at = models.DateTimeField(_("added at"))

    class Meta:
        verbose_name = _("photo")
        verbose_name_plural = _("photos")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["sign_off", "item_code", "sha256"], name="sign_off_photo_once")]

    def __str__(self) -> str:
        return f"{self.sign_off_id} · {self.item_code}"
