"""Accounts and the people behind them."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, ClassVar, Self

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Concat, Replace
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from kernel.fields import EncryptedTextField
from kernel.identity import IdentityError, clean_mobile, clean_national_code, mask_national_code
from kernel.persian import ZWNJ, ascii_digits, clean
from kernel.refused import Refused
from kernel.vault import blind_index


class User(AbstractUser):
    """A sign-in. Buyers' accounts are made by an administrator; staff have a role (group) and no buyer."""

    session_epoch = models.PositiveIntegerField(default=0, editable=False)

    objects: ClassVar[UserManager[Self]] = UserManager()

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What every session is checked against: a new password or a new epoch ends them all."""
        salt = "customer.User.session"
        return salted_hmac(salt, f"{self.password}:{self.session_epoch}", secret=secret, algorithm="sha256").hexdigest()

    @property
    def as_buyer(self) -> Buyer | None:
        """The buyer behind this sign-in, or None for staff."""
        return getattr(self, "buyer", None)


def buyer_behind(user: Any) -> Buyer | None:
    """The buyer behind a sign-in, None for visitors and staff. No query for a user who was read with his buyer."""
    return user.as_buyer if user.is_authenticated else None


class BuyerQuerySet(models.QuerySet["Buyer"]):
    def visible_to(self, user: Any) -> Self:
        """A buyer sees only himself."""
        return self.filter(user_id=user.pk) if user.is_authenticated else self.none()

    def matching(self, text: str) -> Self:
        """Buyers with this phone (in any form) or whole national code; else with this username or all these words."""
        exact = Q()
        with suppress(IdentityError):
            exact |= Q(phone=clean_mobile(text))
        with suppress(IdentityError):
            exact |= Q(national_code_index=blind_index(clean_national_code(text)))
        if exact:
            return self.filter(exact)
        names = Concat("first_name", Value(" "), "last_name", Value(" "), "city")
        words = Q()
        for word in clean(text).split():
            words &= Q(names__icontains=word.replace(ZWNJ, ""))
        username = ascii_digits(clean(text)).lower()
        return self.alias(names=Replace(names, Value(ZWNJ), Value(""))).filter(words | Q(user__username=username))


class Buyer(models.Model):
    """A person who bought a device. Everything here is entered by an administrator and read-only for the buyer."""

    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="buyer", verbose_name=_("account"))
    first_name = models.CharField(_("first name"), max_length=80)
    last_name = models.CharField(_("last name"), max_length=80)
    national_code = EncryptedTextField(_("national code"))
    national_code_index = models.CharField(max_length=64, unique=True, editable=False)
    main_operator = models.CharField(_("main operator of the device"), max_length=160, blank=True)
    city = models.CharField(_("city"), max_length=80)
    street = models.CharField(_("street"), max_length=200)
    building = models.CharField(_("building"), max_length=200, blank=True)
    phone = models.CharField(_("phone"), max_length=16, unique=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    objects = BuyerQuerySet.as_manager()

    class Meta:
        verbose_name = _("buyer")
        verbose_name_plural = _("buyers")
        ordering = ["last_name", "first_name", "pk"]
        indexes = [models.Index(fields=["last_name", "first_name", "id"], name="buyer_by_name")]
        permissions = [
            ("see_national_code", "Can see a buyer's whole national code"),
            ("reset_password", "Can set a new password for a buyer"),
        ]

    def __str__(self) -> str:
        return self.full_name

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}"

    @property
    def national_code_masked(self) -> str:
        return mask_national_code(self.national_code)

    @property
    def address(self) -> str:
        return "، ".join(part for part in (self.city, self.street, self.building) if part)


class CorrectionQuerySet(models.QuerySet["CorrectionRequest"]):
    def visible_to(self, user: Any) -> Self:
        buyer = buyer_behind(user)
        return self.filter(buyer=buyer) if buyer else self.none()


class CorrectionRequest(models.Model):
    """A buyer's "this is wrong": decided by an administrator, never applied by the buyer."""

    class Field(models.TextChoices):
        FIRST_NAME = "first_name", _("first name")
        LAST_NAME = "last_name", _("last name")
        NATIONAL_CODE = "national_code", _("national code")
        MAIN_OPERATOR = "main_operator", _("main operator of the device")
        CITY = "city", _("city")
        STREET = "street", _("street")
        BUILDING = "building", _("building")
        PHONE = "phone", _("phone")

    class Status(models.TextChoices):
        WAITING = "waiting", _("waiting")
        ACCEPTED = "accepted", _("accepted")
        REFUSED = "refused", _("refused")

    MOVES: ClassVar[dict[str, set[str]]] = {Status.WAITING: {Status.ACCEPTED, Status.REFUSED}}

    buyer = models.ForeignKey(Buyer, on_delete=models.PROTECT, related_name="corrections", verbose_name=_("buyer"))
    field = models.CharField(_("field"), max_length=20, choices=Field)
    current = EncryptedTextField(_("value at the time"), blank=True)
    proposed = EncryptedTextField(_("proposed value"))
    note = models.TextField(_("note"), blank=True, max_length=1000)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.WAITING)
    reason = models.TextField(_("reason of the decision"), blank=True, max_length=1000)
    decided_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    objects = CorrectionQuerySet.as_manager()

    class Meta:
        verbose_name = _("correction request")
        verbose_name_plural = _("correction requests")
        ordering = ["-created_at", "-pk"]
        permissions = [("decide_correction", "Can decide a correction request")]
        constraints = [
            models.UniqueConstraint(
                fields=["buyer", "field"], condition=models.Q(status="waiting"), name="correction_one_waiting_per_field"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.buyer} · {self.get_field_display()}"

    def move(self, to: str) -> None:
        """Raises Refused `correction.already_decided` when the move is not allowed."""
        if to not in self.MOVES.get(self.status, set()):
            raise Refused("correction.already_decided", str(_("This request has already been decided.")))
        self.status = to
