"""The own password of a member of staff, on Wagtail's account page, by the verb that throttles, traces and signs out.

Wagtail's own panel is switched off: it leaves no trace and every other session open.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from wagtail.admin.forms.auth import PasswordChangeForm
from wagtail.admin.views.account import AccountView, ChangePasswordPanel, NotificationsSettingsPanel

from customer.models import User
from customer.services.sign_in import change_password
from kernel.actor import Actor


class OwnPasswordForm(PasswordChangeForm):
    """Wagtail's fields; whether the present password is right is for the verb to say, which counts the tries."""

    def __init__(self, user: User, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(user, *args, **kwargs)
        self.actor = actor

    def clean_old_password(self) -> str:
        old: str = self.cleaned_data["old_password"]
        return old

    def save(self, commit: bool = True) -> User:
        old, new = self.cleaned_data["old_password"], self.cleaned_data["new_password1"]
        changed = change_password(user=self.user, old=old, new=new, actor=self.actor, now=timezone.now())
        # The view renews the session of this browser by what it holds.
        self.user.password, self.user.session_epoch = changed.password, changed.session_epoch
        return changed


class OwnPasswordPanel(ChangePasswordPanel):
    request: HttpRequest

    def is_active(self) -> bool:
        return bool(self.user.has_usable_password())

    def form_class(self, *args: Any, **kwargs: Any) -> OwnPasswordForm:
        return OwnPasswordForm(*args, actor=Actor.of(self.request), **kwargs)


class StaffAccountView(AccountView):
    """Wagtail's page without its choice of e-mails, of which none is ever sent."""

    def get_panels(self) -> list[Any]:
        return [panel for panel in super().get_panels() if not isinstance(panel, NotificationsSettingsPanel)]
