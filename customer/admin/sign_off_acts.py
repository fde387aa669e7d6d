"""What staff do with installation forms: prepare, take back, correct, add a photo, show a photo."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from wagtail_modeladmin.views import InstanceSpecificView

from customer.admin import paper_forms
from customer.models import Device, SignOff
from customer.services.sign_off import Preparation, checklist_for, prepare_sign_offs, withdraw_sign_off
from customer.services.sign_off_photo import add_photo
from kernel.admin import columns
from kernel.admin.acts import ActView
from kernel.persian import persian_digits

Status = SignOff.Status


def awaiting_form(devices: QuerySet[Device]) -> QuerySet[Device]:
    """Those that have neither service nor a form that waits or holds."""
    taken = SignOff.objects.filter(status__in=[Status.WAITING, Status.CONFIRMED])
    return devices.filter(periods__isnull=True).exclude(pk__in=taken.values("device"))


def items_of(device: Device) -> list[tuple[str, str]]:
    """Code and label of each item of the checklist that holds for the device today."""
    return [(item.code, item.label) for item in checklist_for(device).items.all()]


class PreparingAct(ActView):
    """What preparing and correcting share: the next page is the form that was made."""

    permission = "customer.prepare_signoff"
    made: SignOff | None = None

    def prepare(self, preparation: Preparation) -> list[SignOff]:
        made = prepare_sign_offs(preparation=preparation, actor=self.actor, now=timezone.now())
        self.made = made[0]
        return made

    def way_back(self) -> str:
        return columns.read_url(SignOff, self.made.pk) if self.made else self.read_url


class PrepareSignOff(PreparingAct):
    """A form for a device that has been installed; one visit may cover several devices."""

    name = "prepare-sign-off"
    label = _("Prepare the sign-off")
    icon = "form"
    form_class = paper_forms.PrepareForm
    lead = _("The buyer gets a message with the form; the service begins when he confirms it.")

    @classmethod
    def is_offered(cls, obj: Any) -> bool:
        return awaiting_form(Device.objects.filter(pk=obj.pk)).exists()

    def make_form(self, *args: Any, **kwargs: Any) -> forms.Form:
        same_owner = Device.objects.filter(owner=self.instance.owner_id).exclude(pk=self.instance.pk)
        others = list(awaiting_form(same_owner).with_names().order_by("pk")[:50])  # type: ignore[attr-defined]
        return paper_forms.PrepareForm(*args, items=items_of(self.instance), others=others, **kwargs)

    def initial(self) -> dict[str, Any]:
        return {"installed_on": self.instance.installed_on}

    def perform(self, data: dict[str, Any]) -> str:
        made = self.prepare(
            Preparation(
                device_ids=[self.instance.pk, *data.get("devices", [])],
                installed_on=data["installed_on"],
                notes=paper_forms.notes_in(data),
            )
        )
        said = ngettext(
            "The form was prepared; the buyer is being told.",
            "%(count)s forms were prepared; the buyer is being told.",
            len(made),
        )
        return said % {"count": persian_digits(str(len(made)))}


class CorrectSignOff(PreparingAct):
    """A confirmed form is never changed; another one takes its place once the buyer confirms that."""

    name = "correct"
    label = _("Correct by a new form")
    icon = "edit"
    form_class = paper_forms.CorrectForm
    lead = _("The confirmed form stays as it is. The new one takes its place as soon as the buyer confirms it.")

    @classmethod
    def is_offered(cls, obj: Any) -> bool:
        return bool(obj.status == Status.CONFIRMED and obj.correction is None and obj.device.owner_id == obj.buyer_id)

    def make_form(self, *args: Any, **kwargs: Any) -> forms.Form:
        return paper_forms.CorrectForm(*args, items=items_of(self.instance.device), **kwargs)

    def initial(self) -> dict[str, Any]:
        notes = {f"{paper_forms.NOTE}{item['code']}": item["note"] for item in self.instance.items}
        return {"installed_on": self.instance.installed_on} | notes

    def perform(self, data: dict[str, Any]) -> str:
        self.prepare(
            Preparation(
                device_ids=[self.instance.device_id],
                installed_on=data["installed_on"],
                notes=paper_forms.notes_in(data),
                supersedes_id=self.instance.pk,
                correction_reason=data["correction_reason"],
            )
        )
        return _now("The correcting form was prepared; the buyer is being told.")


class WithdrawSignOff(ActView):
    """Takes back a form that nobody has answered."""

    name = "withdraw"
    label = _("Withdraw the form")
    permission = "customer.prepare_signoff"
    icon = "undo"
    is_dangerous = True

    @classmethod
    def is_offered(cls, obj: Any) -> bool:
        return bool(obj.status == Status.WAITING)

    def perform(self, data: dict[str, Any]) -> str:
        withdraw_sign_off(sign_off_id=self.instance.pk, actor=self.actor, now=timezone.now())
        return _now("The form was withdrawn; the buyer no longer sees it.")


class AddPhoto(ActView):
    """A photo of one item, while the form waits."""

    name = "add-photo"
    label = _("Add a photo")
    permission = "customer.prepare_signoff"
    icon = "image"
    form_class = paper_forms.PhotoForm
    lead = _("The buyer sees the photo with the item, and confirms it together with the form.")

    @classmethod
    def is_offered(cls, obj: Any) -> bool:
        return bool(obj.status == Status.WAITING)

    def make_form(self, *args: Any, **kwargs: Any) -> forms.Form:
        items = [(item["code"], item["label"]) for item in self.instance.items]
        return paper_forms.PhotoForm(*args, items=items, **kwargs)

    def perform(self, data: dict[str, Any]) -> str:
        add_photo(sign_off_id=self.instance.pk, **data, actor=self.actor, now=timezone.now())
        return _now("The photo was added.")


class PhotoView(InstanceSpecificView):
    """One photo of the form, for who may read it: `?photo=12`."""

    def check_action_permitted(self, user: Any) -> bool:
        return bool(self.permission_helper.user_can_inspect_obj(user, self.instance))

    def get(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> FileResponse:
        asked = request.GET.get("photo", "")
        photo = get_object_or_404(self.instance.photos.all(), pk=int(asked) if asked.isdecimal() else 0)
        response = FileResponse(photo.file.open("rb"), content_type="image/jpeg")
        response.headers["Cache-Control"] = "private, no-store"
        return response
