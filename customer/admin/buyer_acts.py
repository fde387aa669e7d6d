"""What an administrator does with a buyer's account: make, change, close it, set a password, look at the code."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from customer.admin import forms, slip
from customer.models import Buyer
from customer.services import buyer as buyers
from customer.services import trace
from customer.services.correction import data_of
from kernel.admin.acts import ActView
from kernel.admin.forms import VerbCreateView, VerbEditView
from kernel.identity import local_mobile


class CreateBuyer(VerbCreateView):
    """Makes the account; the next page is the slip with the password."""

    form_class = forms.NewBuyerForm
    template_name = "customer/admin/buyer_form.html"

    def save(self, data: dict[str, Any]) -> Buyer:
        password = data.pop("password") or buyers.generate_password()
        made = buyers.create_buyer(
            username=data.pop("username"),
            password=password,
            data=buyers.BuyerData(**data),
            actor=self.actor,
            now=timezone.now(),
        )
        slip.keep(self.request, made.pk, password)
        return made

    def success_message(self, saved: Any) -> str:
        return _now("The account of %(buyer)s was made.") % {"buyer": saved}

    def url_after(self, saved: Any) -> str:
        return str(self.url_helper.get_action_url("slip", saved.pk))


class EditBuyer(VerbEditView):
    """Changes the identity; an empty national code means: as it is."""

    form_class = forms.EditBuyerForm
    template_name = "customer/admin/buyer_form.html"

    def get_initial(self) -> dict[str, Any]:
        buyer: Buyer = self.instance
        names = ("first_name", "last_name", "main_operator", "city", "street", "building")
        return {name: getattr(buyer, name) for name in names} | {"phone": local_mobile(buyer.phone)}

    def get_form(self, form_class: Any = None) -> Any:
        form = super().get_form(form_class)
        form.fields["national_code"].widget.attrs["placeholder"] = self.instance.national_code_masked
        return form

    def save(self, data: dict[str, Any]) -> Buyer:
        typed = {name: value for name, value in data.items() if name != "national_code" or value}
        whole = replace(data_of(self.instance), **typed)
        return buyers.update_buyer(buyer_id=self.instance.pk, data=whole, actor=self.actor, now=timezone.now())


class ResetPassword(ActView):
    """A new password ends every session; the next page is the slip."""

    name = "reset-password"
    label = _("New password")
    permission = "customer.reset_password"
    icon = "key"
    form_class = forms.PasswordForm
    lead = _("The present password stops working at once, and the buyer is signed out everywhere.")

    def perform(self, data: dict[str, Any]) -> str:
        password = data["password"] or buyers.generate_password()
        buyers.reset_password(buyer_id=self.instance.pk, password=password, actor=self.actor, now=timezone.now())
        slip.keep(self.request, self.instance.pk, password)
        return _now("The new password of %(buyer)s holds from now on.") % {"buyer": self.instance}

    def way_back(self) -> str:
        return str(self.url_helper.get_action_url("slip", self.instance.pk))


class CloseAccount(ActView):
    """Nothing is deleted; the buyer cannot sign in any more."""

    name = "close"
    label = _("Close the account")
    permission = "customer.change_buyer"
    icon = "lock"
    is_dangerous = True
    form_class = forms.ReasonForm
    lead = _(
        "The buyer is signed out everywhere and cannot sign in again until the account is opened. Nothing is lost."
    )

    @classmethod
    def is_offered(cls, obj: Any) -> bool:
        return bool(obj.user.is_active)

    def perform(self, data: dict[str, Any]) -> str:
        set_active(self, active=False, reason=data["reason"])
        return _now("The account of %(buyer)s is closed.") % {"buyer": self.instance}


class OpenAccount(ActView):
    name = "open"
    label = _("Open the account again")
    permission = "customer.change_buyer"
    icon = "lock-open"
    form_class = forms.ReasonForm

    @classmethod
    def is_offered(cls, obj: Any) -> bool:
        return not obj.user.is_active

    def perform(self, data: dict[str, Any]) -> str:
        set_active(self, active=True, reason=data["reason"])
        return _now("The account of %(buyer)s is open again.") % {"buyer": self.instance}


def set_active(act: ActView, *, active: bool, reason: str) -> None:
    """Opens or closes the account of the act's buyer."""
    buyers.set_buyer_active(buyer_id=act.instance.pk, active=active, reason=reason, actor=act.actor, now=timezone.now())


class SeeNationalCode(ActView):
    """Shows the whole code on a page of its own; that somebody looked is traced."""

    name = "national-code"
    label = _("Show the national code")
    permission = "customer.see_national_code"
    icon = "view"

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        buyer: Buyer = self.instance
        subject = f"buyer:{buyer.pk}"
        trace.record("buyer.national_code_seen", subject, actor=self.actor, now=timezone.now(), buyer_id=buyer.pk)
        self.template_name = "customer/admin/national_code.html"
        return self.render_to_response(self.get_context_data(title=buyer.full_name, read_url=self.read_url))
