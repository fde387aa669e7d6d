"""What a person can do with one record: by POST, with its own permission, by calling one verb."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from wagtail.admin import messages
from wagtail_modeladmin.views import InstanceSpecificView

from kernel.actor import Actor
from kernel.refused import Refused


class ActView(InstanceSpecificView):
    """A button, or with `form_class` a small form. Subclasses name themselves and call their verb in `perform`.

    An act without a form works on POST only; who comes by the address itself sees the record instead.
    """

    name: ClassVar[str] = ""
    label: ClassVar[str | Promise] = ""
    permission: ClassVar[str] = ""
    icon: ClassVar[str] = "check"
    is_dangerous: ClassVar[bool] = False
    form_class: ClassVar[type[forms.Form] | None] = None
    lead: ClassVar[str | Promise] = ""
    template_name = "admin/act.html"

    @classmethod
    def is_offered(cls, _obj: Any) -> bool:
        """Whether the button is shown for this record; the verb decides anyway."""
        return True

    def perform(self, data: dict[str, Any]) -> str:
        """Calls the verb; returns what to tell the person. Raises Refused."""
        raise NotImplementedError

    def check_action_permitted(self, user: Any) -> bool:
        can_read = self.permission_helper.user_can_inspect_obj(user, self.instance)
        return bool(can_read and user.has_perm(self.permission))

    @property
    def actor(self) -> Actor:
        return Actor.of(self.request)

    @property
    def read_url(self) -> str:
        return str(self.url_helper.get_action_url("inspect", self.instance.pk))

    def get_page_title(self) -> str:
        return str(self.label)

    def breadcrumbs(self) -> list[dict[str, str]]:
        return [
            {"url": reverse("wagtailadmin_home"), "label": _("Home")},
            {"url": self.index_url, "label": self.verbose_name_plural},
            {"url": self.read_url, "label": self.model_admin.read_title(self.instance)},
            {"url": "", "label": str(self.label)},
        ]

    def initial(self) -> dict[str, Any]:
        """What the form starts with."""
        return {}

    def make_form(self, *args: Any, **kwargs: Any) -> forms.Form:
        """The form, for acts whose fields depend on the record."""
        return (self.form_class or forms.Form)(*args, **kwargs)

    def get(self, _request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        if self.form_class is None:
            return redirect(self.read_url)
        return self.page(self.make_form(initial=self.initial()))

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        form = self.make_form(request.POST, request.FILES)
        if not form.is_valid():
            return self.page(form)
        try:
            said = self.perform(form.cleaned_data)
        except Refused as refused:
            return self.refuse(form, refused)
        messages.success(request, said)
        return redirect(self.way_back())

    def refuse(self, form: forms.Form, refused: Refused) -> HttpResponse:
        """Shows what the verb said: on its field if there is a form, else where the person came from."""
        if self.form_class is None:
            messages.error(self.request, refused.message)
            return redirect(self.way_back())
        form.add_error(refused.field if refused.field in form.fields else None, refused.message)
        return self.page(form)

    def page(self, form: forms.Form) -> HttpResponse:
        context = self.get_context_data(form=form, title=self.label, media=form.media)
        return self.render_to_response(context)

    def way_back(self) -> str:
        """The list or page with the button, else the record."""
        back = self.request.headers.get("Referer", "")
        known = url_has_allowed_host_and_scheme(back, {self.request.get_host()}) and self.form_class is None
        return back if known and self.request.path not in back else self.read_url

    def http_method_not_allowed(self, *_args: Any, **_kwargs: Any) -> HttpResponse:
        raise PermissionDenied
