from typing import Any

from django.apps import AppConfig
from django.db import connections, models
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class CustomerConfig(AppConfig):
    name = "customer"
    verbose_name = _("Buyers and devices")

    def ready(self) -> None:
        from wagtail.admin.forms.models import register_form_field_override

        from kernel.fields import JalaliDateField

        register_form_field_override(models.DateField, override={"form_class": JalaliDateField})
        # Sent after all apps have been migrated.
        post_migrate.connect(lay_triggers, sender=self)


def lay_triggers(using: str, **_kwargs: Any) -> None:
    """After every migrate: the frozen tables get their triggers (again)."""
    from kernel.freeze import freeze

    freeze(connections[using])
