"""Members of staff: Wagtail's own screens, for staff only.

Buyers' accounts are not among them (they have their own screen and verbs), and only a superuser sees superusers.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Prefetch, ProtectedError, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.functional import cached_property
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from wagtail.admin import messages
from wagtail.admin.ui.tables import Column
from wagtail.users.forms import UserCreationForm, UserEditForm
from wagtail.users.views import users

from customer.admin.catalogue import Traced
from customer.models import User
from customer.services.buyer import clean_username
from kernel.admin import columns
from kernel.persian import clean
from kernel.refused import Refused


def staff_seen_by(person: User) -> QuerySet[User]:
    """Accounts without a buyer; superusers only for their like."""
    staff = User.objects.filter(buyer__isnull=True)
    return staff if person.is_superuser else staff.filter(is_superuser=False)


class StaffFormMixin(forms.Form):
    """Sign-in names in the one spelling that signs in; an e-mail address is nobody's duty."""

    field_order = [
        "username",
        "first_name",
        "last_name",
        "email",
        "password1",
        "password2",
        "groups",
        "is_active",
        "is_superuser",
    ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].required = False
        self.fields["groups"].label = _("Roles")
        self.fields["groups"].help_text = ""
        if "is_superuser" in self.fields:
            self.fields["is_superuser"].label = _("Full access")
            self.fields["is_superuser"].help_text = _(
                "Everything that all roles may do, and more. For one person only."
            )
        for name in ("username", "email"):
            self.fields[name].widget.attrs["dir"] = "ltr"

    def clean_username(self) -> str:
        try:
            return clean_username(self.cleaned_data["username"])
        except Refused as refused:
            raise ValidationError(refused.message, code=refused.code) from refused

    def clean_first_name(self) -> str:
        return clean(self.cleaned_data["first_name"])

    def clean_last_name(self) -> str:
        return clean(self.cleaned_data["last_name"])


class NewStaffForm(StaffFormMixin, UserCreationForm):
    pass


class EditStaffForm(StaffFormMixin, UserEditForm):
    pass


class Limited:
    """What the screens of one account share."""

    def get_queryset(self) -> QuerySet[User]:
        return staff_seen_by(self.request.user)  # type: ignore[attr-defined]

    def get_form(self, form_class: Any = None) -> Any:
        form = super().get_form(form_class)  # type: ignore[misc]
        if not self.request.user.is_superuser:  # type: ignore[attr-defined]
            form.fields.pop("is_superuser", None)
        return form

    def traced_facts(self, saved: User) -> dict[str, Any]:
        groups = ", ".join(saved.groups.values_list("name", flat=True))
        return {"username": saved.username, "is_active": saved.is_active, "groups": groups}


class IndexView(users.IndexView):
    """The list, without ticking many at once."""

    page_title = _("Staff")
    add_item_label = _("New member of staff")

    @cached_property
    def columns(self) -> list[Any]:
        name = next(column for column in super().columns if column.name == "name")
        return [
            name,
            Column("username", label=_("Username"), sort_key="username"),
            Column("roles", label=_("Roles"), accessor=role_names),
            Column("is_active", label=_("Account"), accessor=account_pill, sort_key="is_active"),
            Column("last_login", label=_("Last sign-in"), accessor=last_sign_in, sort_key="last_login"),
        ]

    def get_base_queryset(self) -> QuerySet[User]:
        found = staff_seen_by(self.request.user).select_related("wagtail_userprofile")
        return found.prefetch_related(Prefetch("groups"))


def role_names(user: User) -> str:
    """The groups of a member of staff."""
    names = [group.name for group in user.groups.all()]
    return "، ".join([_now("superuser"), *names] if user.is_superuser else names) or columns.NOTHING


def account_pill(user: User) -> str:
    """Open or closed."""
    return columns.pill(_("open"), "ok") if user.is_active else columns.pill(_("closed"), "late")


def last_sign_in(user: User) -> str:
    """When; a dash for never."""
    return columns.moment(user.last_login)


class CreateView(Limited, Traced, users.CreateView):
    template_name = "customer/admin/staff_form.html"


class EditView(Limited, Traced, users.EditView):
    template_name = "customer/admin/staff_form.html"


class DeleteView(Limited, users.DeleteView):
    """Who has left traces stays on the books: such an account is closed instead."""

    def get_form(self, form_class: Any = None) -> Any:
        return users.DeleteView.get_form(self, form_class)

    def form_valid(self, form: forms.Form) -> HttpResponse:
        try:
            response: HttpResponse = super().form_valid(form)
        except ProtectedError:
            messages.error(self.request, _now("This person has acted here and stays on the books; close the account."))
            return redirect(self.get_success_url())
        return response


class StaffViewSet(users.UserViewSet):
    index_view_class = IndexView
    add_view_class = CreateView
    edit_view_class = EditView
    delete_view_class = DeleteView
    filterset_class = None
    menu_label = _("Staff")
    create_template_name = "customer/admin/staff_form.html"
    edit_template_name = "customer/admin/staff_form.html"

    def get_form_class(self, for_update: bool = False) -> type[forms.Form]:
        return EditStaffForm if for_update else NewStaffForm

    def register_search_area(self) -> None:
        """The list has its own search; there is no common one."""
