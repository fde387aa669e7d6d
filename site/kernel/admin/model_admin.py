"""The base of every ModelAdmin of the house: strict about who sees what, calm about queries."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.admin.utils import label_for_field
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import URLPattern, re_path
from django.utils.functional import Promise
from django.utils.module_loading import import_string
from wagtail_modeladmin.helpers import ButtonHelper, PermissionHelper
from wagtail_modeladmin.options import ModelAdmin
from wagtail_modeladmin.views import InstanceSpecificView

from kernel.admin.acts import ActView
from kernel.admin.export import ExportColumn
from kernel.admin.listing import ListView
from kernel.admin.reading import Fact, ReadView, Section


class ReadPermissions(PermissionHelper):
    """Lists and read pages are for who may view; nothing is made, changed or deleted here."""

    def user_can_list(self, user: Any) -> bool:
        return bool(self.user_has_specific_permission(user, self.get_perm_codename("view")))

    def user_can_inspect_obj(self, user: Any, _obj: Any) -> bool:
        return self.user_can_list(user)

    def user_can_create(self, _user: Any) -> bool:
        return False

    def user_can_edit_obj(self, _user: Any, _obj: Any) -> bool:
        return False

    def user_can_delete_obj(self, _user: Any, _obj: Any) -> bool:
        return False


class EditPermissions(ReadPermissions):
    """Who may add adds, who may change changes; still nobody deletes."""

    def user_can_create(self, user: Any) -> bool:
        return bool(PermissionHelper.user_can_create(self, user))

    def user_can_edit_obj(self, user: Any, obj: Any) -> bool:
        return bool(PermissionHelper.user_can_edit_obj(self, user, obj))


class Buttons(ButtonHelper):
    """The title of a row leads to its read page; beside it stand the acts that are open for the row."""

    def get_primary_button(self, obj: Any) -> dict[str, Any] | None:
        can_read = self.permission_helper.user_can_inspect_obj(self.request.user, obj)
        return {"url": self.url_helper.get_action_url("inspect", obj.pk)} if can_read else None

    def get_buttons_for_obj(self, obj: Any, **_unused: Any) -> list[dict[str, Any]]:
        """For the read page: editing first, then every act that is open."""
        can_edit = self.permission_helper.user_can_edit_obj(self.request.user, obj)
        edit = [{**self.edit_button(obj.pk), "icon": "edit"}] if can_edit else []
        return edit + self.act_buttons(obj, self.view.model_admin.acts)

    def act_buttons(self, obj: Any, acts: Iterable[type[ActView]]) -> list[dict[str, Any]]:
        """Those of the acts that this person may do and this record offers."""
        return [
            {
                "url": self.url_helper.get_action_url(act.name, obj.pk),
                "label": act.label,
                "icon": act.icon,
                "is_post": act.form_class is None,
                "is_dangerous": act.is_dangerous,
            }
            for act in acts
            if self.request.user.has_perm(act.permission) and act.is_offered(obj)
        ]


class PortalAdmin(ModelAdmin):
    """Read-only unless a subclass brings forms and acts. Nothing is indexed behind the verbs' backs."""

    menu_icon = "list-ul"
    list_per_page = 50
    list_select_related: ClassVar[Any] = ()
    list_filter: ClassVar[Any] = ()
    inspect_view_enabled = True
    history_view_enabled = False
    permission_helper_class = ReadPermissions
    button_helper_class = Buttons
    index_view_class = ListView
    inspect_view_class = ReadView
    index_template_name = "admin/list.html"
    inspect_template_name = "admin/read.html"
    search_hint: str | Promise = ""
    export_columns: ClassVar[Iterable[ExportColumn]] = ()
    export_filename = "export"
    acts: ClassVar[tuple[type[ActView], ...]] = ()
    row_acts: ClassVar[tuple[type[ActView], ...]] = ()
    pages: ClassVar[dict[str, type[InstanceSpecificView]]] = {}

    def search(self, queryset: QuerySet[Any], _text: str) -> QuerySet[Any]:
        """The rows that match what was typed, already cleaned."""
        return queryset

    def get_extra_attrs_for_field_col(self, _obj: Any, field_name: str) -> dict[str, str]:
        """The head of the column, for narrow screens where each row is a card."""
        return {"data-label": str(label_for_field(field_name, self.model, self))}

    def facts(self, obj: Any, _request: HttpRequest) -> list[Fact]:
        """The lines of the read page."""
        return []

    def sections(self, obj: Any, request: HttpRequest) -> list[Section]:
        """The tables under them, from every app that has something to say (`settings.ADMIN_SECTIONS`)."""
        sources = settings.ADMIN_SECTIONS.get(self.opts.label_lower, [])
        found = [import_string(source)(obj, request) for source in sources]
        return [section for section in found if section is not None]

    def read_title(self, obj: Any) -> str:
        """The heading of the read page."""
        return str(obj)

    def states(self, _obj: Any) -> list[Any]:
        """Pills beside that heading."""
        return []

    def exported(self, request: HttpRequest, columns: list[ExportColumn]) -> None:
        """Called when the list is taken out of the house as a sheet."""

    def register_indexing(self) -> None:
        """Wagtail's reference index would add queries to every payment and order; deleting is not done here anyway."""

    def get_permissions_for_registration(self) -> Any:
        """The groups' permissions come from a migration, all of them."""
        return self.permission_helper.get_all_model_permissions()

    def get_admin_urls_for_registration(self) -> tuple[URLPattern, ...]:
        """List and read page, the forms that exist, and the acts."""
        views = {"index": self.index_view, "inspect": self.inspect_view}
        if isinstance(self.permission_helper, EditPermissions):
            views |= {"create": self.create_view, "edit": self.edit_view}
        views |= {act.name: self._page(act) for act in self.acts}
        views |= {name: self._page(page) for name, page in self.pages.items()}
        helper = self.url_helper
        return tuple(
            re_path(helper.get_action_url_pattern(name), view, name=helper.get_action_url_name(name))
            for name, view in views.items()
        )

    def inspect_view(self, request: HttpRequest, instance_pk: str) -> HttpResponseBase:
        return super().inspect_view(request, self._known(instance_pk))

    def edit_view(self, request: HttpRequest, instance_pk: str) -> HttpResponseBase:
        return super().edit_view(request, self._known(instance_pk))

    def _page(self, page: type[InstanceSpecificView]) -> Any:
        def view(request: HttpRequest, instance_pk: str) -> HttpResponseBase:
            response: HttpResponseBase = page.as_view(model_admin=self, instance_pk=self._known(instance_pk))(request)
            return response

        return view

    def _known(self, instance_pk: str) -> str:
        """The key as it came, if a row could have it; else the page does not exist."""
        field = self.opts.pk
        if field is None:
            raise Http404
        try:
            field.to_python(instance_pk)
        except ValidationError as error:
            raise Http404 from error
        return instance_pk
