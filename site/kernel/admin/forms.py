"""Forms whose truth lies in the verbs: the form has the shape, the verb says yes or no."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic.edit import FormView
from wagtail.admin import messages
from wagtail_modeladmin.views import InstanceSpecificView, WMABaseView

from kernel.actor import Actor
from kernel.refused import Refused


class VerbFormView(WMABaseView, FormView):
    """A form page; subclasses bring `form_class` and call their verb in `save`."""

    template_name = "admin/form.html"

    def save(self, data: dict[str, Any]) -> Any:
        """Calls the verb with cleaned data; returns the record. Raises Refused, naming the field."""
        raise NotImplementedError

    def success_message(self, saved: Any) -> str:
        return _("Saved: %(object)s") % {"object": saved}

    def url_after(self, saved: Any) -> str:
        return str(self.url_helper.get_action_url("inspect", saved.pk))

    @property
    def actor(self) -> Actor:
        return Actor.of(self.request)

    def form_valid(self, form: forms.Form) -> HttpResponse:
        try:
            saved = self.save(form.cleaned_data)
        except Refused as refused:
            form.add_error(refused.field if refused.field in form.fields else None, refused.message)
            return self.form_invalid(form)
        messages.success(self.request, self.success_message(saved))
        return redirect(self.url_after(saved))

    def form_invalid(self, form: forms.Form) -> HttpResponse:
        messages.error(self.request, _("Nothing was saved. Please look at the fields marked below."))
        return self.render_to_response(self.get_context_data(form=form))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return {**context, "title": self.get_page_title(), "media": context["form"].media}


class VerbCreateView(VerbFormView):
    """A new record."""

    def check_action_permitted(self, user: Any) -> bool:
        return bool(self.permission_helper.user_can_create(user))

    def get_page_title(self) -> str:
        return _("New %(object)s") % {"object": self.verbose_name}

    def breadcrumbs(self) -> list[dict[str, str]]:
        return [
            {"url": reverse("wagtailadmin_home"), "label": _("Home")},
            {"url": self.index_url, "label": self.verbose_name_plural},
            {"url": "", "label": self.get_page_title()},
        ]


class VerbEditView(VerbFormView, InstanceSpecificView):
    """A record that exists."""

    def check_action_permitted(self, user: Any) -> bool:
        return bool(self.permission_helper.user_can_edit_obj(user, self.instance))

    def get_page_title(self) -> str:
        return _("Edit %(object)s") % {"object": self.model_admin.read_title(self.instance)}

    def breadcrumbs(self) -> list[dict[str, str]]:
        return [
            {"url": reverse("wagtailadmin_home"), "label": _("Home")},
            {"url": self.index_url, "label": self.verbose_name_plural},
            {"url": self.url_after(self.instance), "label": self.model_admin.read_title(self.instance)},
            {"url": "", "label": _("Edit")},
        ]
