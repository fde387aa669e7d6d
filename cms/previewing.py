"""Drafts as somebody else would see them: a visitor, a buyer, the owner of one model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.models import Page

from customer.models import Buyer, DeviceModel, User

STAFF, VISITOR, MODEL, BUYER = "", "visitor", "model-", "buyer-"
LONGEST_KEY = 18  # digits
SIZES = [
    {"name": "phone", "icon": "mobile-alt", "device_width": 360, "label": gettext_lazy("Preview on a phone")},
    {"name": "desk", "icon": "desktop", "device_width": 1280, "label": gettext_lazy("Preview on a desk")},
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Through whose eyes a draft is seen, and whether he may read it."""

    name: str
    user: Any
    may_read: bool


def reader_of(page: Any, mode: str) -> Reader | None:
    """The reader whom a mode of preview means; None where there is no such buyer or model."""
    from cms.readers import visitors_read

    if mode == VISITOR:
        return Reader(name=_("a visitor"), user=AnonymousUser(), may_read=visitors_read(page))
    if mode.startswith(MODEL):
        return _as_owner(page, mode.removeprefix(MODEL))
    return _as_buyer(page, mode.removeprefix(BUYER).strip().lower())


def _as_owner(page: Any, key: str) -> Reader | None:
    from cms.readers import owners_read

    if not key.isdecimal() or len(key) > LONGEST_KEY:
        return None
    model = DeviceModel.objects.select_related("brand", "device_type").filter(pk=int(key)).first()
    if model is None:
        return None
    return Reader(name=str(model), user=_owner(model), may_read=owners_read(page, model))


def _as_buyer(page: Any, username: str) -> Reader | None:
    from cms.readers import readers_of

    buyer = Buyer.objects.select_related("user").filter(user__username=username).first()
    if buyer is None:
        return None
    return Reader(name=str(buyer), user=buyer.user, may_read=readers_of(page).filter(pk=buyer.pk).exists())


def _owner(model: DeviceModel) -> User:
    """A buyer who stands for all owners of a model and is in no table."""
    user = User(pk=0, username="-")
    Buyer(pk=0, user=user, first_name=_("owner of"), last_name=str(model))  # makes itself known to its user
    return user


class ReaderPreview(Page):
    """Pages that can be previewed as one of their readers."""

    class Meta:
        abstract = True

    @cached_property
    def preview_modes(self) -> list[tuple[str, Any]]:
        """As staff see it, as a visitor, or as an owner of each model; any buyer by `buyer-` and his username."""
        models = DeviceModel.objects.select_related("brand").order_by("brand__name", "name")
        return [
            (STAFF, _("As staff see it")),
            (VISITOR, _("As a visitor")),
            *((f"{MODEL}{model.pk}", _("As an owner of %(model)s") % {"model": model}) for model in models),
        ]

    @property
    def default_preview_mode(self) -> str:
        return STAFF

    @property
    def preview_sizes(self) -> list[dict[str, Any]]:
        return SIZES

    def is_previewable(self) -> bool:
        return True

    def serve_preview(self, request: HttpRequest, mode_name: str) -> HttpResponse:
        """The draft through the eyes of its reader, or the word that he may not read it."""
        if not mode_name:
            return super().serve_preview(request, mode_name)
        reader = reader_of(self, mode_name)
        if reader is None or not reader.may_read:
            context = {"reader": reader, "page": self, "asked_for": mode_name.removeprefix(BUYER)}
            return TemplateResponse(request, "cms/admin/preview_closed.html", context)
        request.user = reader.user
        return super().serve_preview(request, mode_name)
