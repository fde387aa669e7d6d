from django.apps import AppConfig
from django.db import models
from django.utils.translation import gettext_lazy as _


class CustomerConfig(AppConfig):
    name = "customer"
    verbose_name = _("Buyers and devices")

    def ready(self) -> None:
        from wagtail.admin.forms.models import register_form_field_override

        from kernel.fields import JalaliDateField

        register_form_field_override(models.DateField, override={"form_class": JalaliDateField})
