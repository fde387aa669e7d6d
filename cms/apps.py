from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CmsConfig(AppConfig):
    name = "cms"
    verbose_name = _("Content")

    def ready(self) -> None:
        """Search, and what was kept of pages, learn of every change of content; the admin learns the calendar."""
        from wagtail.documents import get_document_model
        from wagtail.images import get_image_model
        from wagtail.models import PageViewRestriction, Site, get_page_models
        from wagtail.signals import post_page_move
        from wagtailmedia import get_media_model

        from cms.admin.jalali import speak_jalali
        from cms.admin.link_forms import name_fields
        from cms.models import PortalSettings, Topic
        from cms.page_cache import content_changed, watch
        from cms.searching import events
        from customer.models import Brand, DeviceModel, DeviceType

        watch(*get_page_models(), PageViewRestriction, Site, PortalSettings, Topic, Brand, DeviceModel, DeviceType)
        watch(get_image_model(), get_document_model(), get_media_model())
        post_page_move.connect(content_changed, dispatch_uid="content_moved")
        events.listen()
        speak_jalali()
        name_fields()
