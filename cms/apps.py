from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CmsConfig(AppConfig):
    name = "cms"
    verbose_name = _("Content")

    def ready(self) -> None:
        """Search learns of every page that is published, changed, taken back or deleted."""
        from cms.searching import events

        events.listen()
