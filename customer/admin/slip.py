"""The credential slip: a password on paper, shown once.

Between the act and the page the password lies sealed in the session of the administrator, and nowhere else.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from wagtail.admin import messages
from wagtail_modeladmin.views import InstanceSpecificView

from kernel import vault

SESSION_KEY = "customer.slip.%s"
MAKERS = ("customer.add_buyer", "customer.reset_password", "customer.decide_transfer")


def keep(request: HttpRequest, buyer_id: int, password: str) -> None:
    """Seals a new password for the slip of this buyer."""
    request.session[SESSION_KEY % buyer_id] = vault.encrypt(password)


def take(request: HttpRequest, buyer_id: int) -> str | None:
    """The password, once; None when it has been shown already."""
    sealed = request.session.pop(SESSION_KEY % buyer_id, None)
    return vault.decrypt(sealed) if sealed else None


class SlipView(InstanceSpecificView):
    """The printable sheet for the buyer."""

    template_name = "customer/admin/slip.html"

    def check_action_permitted(self, user: Any) -> bool:
        return any(user.has_perm(permission) for permission in MAKERS)

    def get(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        password = take(request, self.instance.pk)
        read_url = self.url_helper.get_action_url("inspect", self.instance.pk)
        if password is None:
            messages.warning(request, _("A slip is shown only once. To print another one, set a new password."))
            return redirect(read_url)
        context = self.get_context_data(
            password=password, read_url=read_url, made_at=timezone.now(), portal_url=settings.PUBLIC_URL
        )
        response = self.render_to_response(context)
        response.headers["Cache-Control"] = "no-store, private"
        return response
