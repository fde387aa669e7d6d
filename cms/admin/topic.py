"""Topics as snippets."""

from __future__ import annotations

from wagtail.admin.panels import FieldPanel, ObjectList

from cms.models import Topic
from customer.admin.catalogue import CatalogueViewSet, CleanTextForm


class TopicViewSet(CatalogueViewSet):
    """Subjects by which articles and tutorials are found; deleting one takes it off its pages."""

    model = Topic
    icon = "tag"
    list_display = ["name", "slug"]
    search_fields = ["name"]
    inspect_view_fields = ["name", "slug"]
    add_to_admin_menu = True
    menu_order = 350
    edit_handler = ObjectList([FieldPanel("name"), FieldPanel("slug")], base_form_class=CleanTextForm)
