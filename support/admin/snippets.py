"""What the desk is set up with: hours, holidays, service levels, canned replies."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.panels import FieldPanel, ObjectList
from wagtail.admin.ui.tables import BooleanColumn, Column
from wagtail.snippets.views import snippets
from wagtail.snippets.views.snippets import InspectView, SnippetViewSetGroup

from customer.admin.catalogue import CatalogueViewSet, CleanTextForm, DeleteView, EditView
from customer.models import User
from kernel.admin import columns
from kernel.fields import JalaliDateField
from kernel.persian import clean, clean_lines, persian_digits
from support.models import CannedReply, Holiday, SlaPolicy, WorkingHours
from support.services.canned import unknown_placeholders


class HoursForm(WagtailAdminModelForm):
    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean()
        opens, closes = data.get("opens_at"), data.get("closes_at")
        if opens and closes and closes <= opens:
            self.add_error("closes_at", _now("The end lies before the beginning."))
        elif opens and closes and "weekday" in data and self._overlaps(data):
            self.add_error(None, _now("These hours overlap with others of the same day."))
        return data

    def _overlaps(self, data: dict[str, Any]) -> bool:
        same_day = WorkingHours.objects.filter(weekday=data["weekday"]).exclude(pk=self.instance.pk)
        return bool(same_day.filter(opens_at__lt=data["closes_at"], closes_at__gt=data["opens_at"]).exists())

    def _get_validation_exclusions(self) -> set[str]:
        """`clean` says what the constraints of the table say, in words that help."""
        return {*super()._get_validation_exclusions(), "opens_at", "closes_at"}


class WorkingHoursViewSet(CatalogueViewSet):
    model = WorkingHours
    icon = "time"
    list_display = [
        "get_weekday_display",
        Column("opens_at", label=_("from"), accessor=lambda hours: persian_digits(f"{hours.opens_at:%H:%M}")),
        Column("closes_at", label=_("to"), accessor=lambda hours: persian_digits(f"{hours.closes_at:%H:%M}")),
    ]
    inspect_view_fields = ["weekday", "opens_at", "closes_at"]
    edit_handler = ObjectList(
        [FieldPanel("weekday"), FieldPanel("opens_at"), FieldPanel("closes_at")],
        base_form_class=HoursForm,
        help_text=_("A day without hours is free; a break at noon makes two rows. Promises count only these hours."),
    )


class HolidayForm(CleanTextForm):
    day = JalaliDateField(label=_("Day"))


class InspectHoliday(InspectView):
    def get_day_display_value(self) -> str:
        return columns.day(self.object.day)


class HolidayViewSet(CatalogueViewSet):
    model = Holiday
    icon = "calendar-alt"
    inspect_view_class = InspectHoliday
    inspect_view_fields = ["day", "title"]
    list_display = [
        Column("day", label=_("day"), accessor=lambda holiday: columns.day(holiday.day), sort_key="day"),
        "title",
    ]
    search_fields = ["title"]
    edit_handler = ObjectList([FieldPanel("day"), FieldPanel("title")], base_form_class=HolidayForm)


class PolicyForm(WagtailAdminModelForm):
    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean()
        answer, solution = data.get("first_answer_minutes"), data.get("resolution_minutes")
        if answer is not None and answer < 1:
            self.add_error("first_answer_minutes", _now("At least one minute."))
        elif answer and solution is not None and solution < answer:
            self.add_error("resolution_minutes", _now("A solution cannot be promised before the answer."))
        return data

    def _get_validation_exclusions(self) -> set[str]:
        """`clean` says what the constraint of the table says, in words that help."""
        return {*super()._get_validation_exclusions(), "first_answer_minutes", "resolution_minutes"}


class SlaPolicyViewSet(CatalogueViewSet):
    model = SlaPolicy
    icon = "history"
    list_display = [
        "__str__",
        Column(
            "first_answer_minutes",
            label=_("answer within, working minutes"),
            accessor=lambda policy: columns.count(policy.first_answer_minutes),
        ),
        Column(
            "resolution_minutes",
            label=_("solution within, working minutes"),
            accessor=lambda policy: columns.count(policy.resolution_minutes),
        ),
    ]
    list_filter = ["importance"]
    inspect_view_fields = ["importance", "mode", "first_answer_minutes", "resolution_minutes"]
    edit_handler = ObjectList(
        [
            FieldPanel("importance"),
            FieldPanel("mode"),
            FieldPanel("first_answer_minutes"),
            FieldPanel("resolution_minutes"),
        ],
        base_form_class=PolicyForm,
        help_text=_("For new tickets, and for those whose importance changes; what was promised stays promised."),
    )


class CannedForm(WagtailAdminModelForm):
    """A reply with placeholders that exist; of one's own or of the whole team."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        me = self.for_user.pk if self.for_user else None
        mine_or_kept = {me, self.instance.owner_id}
        self.fields["owner"].queryset = User.objects.filter(pk__in=[pk for pk in mine_or_kept if pk])
        self.fields["owner"].label_from_instance = lambda user: user.get_full_name() or user.get_username()

    def clean_title(self) -> str:
        return clean(self.cleaned_data["title"])

    def clean_body(self) -> str:
        body = clean_lines(self.cleaned_data["body"])
        unknown = unknown_placeholders(body)
        if unknown:
            known = " ".join(f"{{{name}}}" for name in CannedReply.PLACEHOLDERS)
            message = _now("There is no %(unknown)s. What is filled in: %(known)s")
            raise ValidationError(message % {"unknown": f"{{{unknown[0]}}}", "known": known}, code="placeholder")
        return body


def _seen_by(user: Any) -> Any:
    """A reply that is for one agent only is no business of the others."""
    every = CannedReply.objects.all()
    if user.has_perm("support.change_slapolicy"):
        return every
    return every.filter(Q(owner__isnull=True) | Q(owner=user.pk))


class NotOfOthers:
    """The pages of one reply are closed where its line in the list is not shown."""

    def get_object(self, queryset: Any = None) -> Any:
        found = super().get_object(queryset) if queryset is not None else super().get_object()  # type: ignore[misc]
        if not _seen_by(self.request.user).filter(pk=found.pk).exists():  # type: ignore[attr-defined]
            raise Http404
        return found


class EditCanned(NotOfOthers, EditView):
    pass


class DeleteCanned(NotOfOthers, DeleteView):
    pass


class InspectCanned(NotOfOthers, InspectView):
    pass


class CannedHistory(NotOfOthers, snippets.HistoryView):
    pass


class CannedUsage(NotOfOthers, snippets.UsageView):
    pass


def _owner(canned: CannedReply) -> str:
    return canned.owner.get_full_name() or canned.owner.get_username() if canned.owner else columns.NOTHING


class CannedReplyViewSet(CatalogueViewSet):
    model = CannedReply
    icon = "comment"
    edit_view_class = EditCanned
    delete_view_class = DeleteCanned
    inspect_view_class = InspectCanned
    history_view_class = CannedHistory
    usage_view_class = CannedUsage
    list_display = [
        "title",
        "device_type",
        Column("owner", label=_("only for"), accessor=_owner),
        BooleanColumn("is_active", label=_("in use")),
        Column("used_count", label=_("times used"), accessor=lambda canned: columns.count(canned.used_count)),
    ]
    list_filter = ["device_type", "is_active"]
    search_fields = ["title", "body"]
    inspect_view_fields = ["title", "body", "device_type", "owner", "is_active", "used_count"]
    edit_handler = ObjectList(
        [
            FieldPanel("title"),
            FieldPanel(
                "body",
                help_text=_(
                    "Filled in when it is used: {buyer} name of the buyer, {device} model, {serial} identifier, "
                    "{number} and {title} of the ticket, {agent} your name."
                ),
            ),
            FieldPanel("device_type"),
            FieldPanel("owner"),
            FieldPanel("is_active"),
        ],
        base_form_class=CannedForm,
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        return _seen_by(request.user).select_related("device_type", "owner")


class DeskGroup(SnippetViewSetGroup):
    menu_label = _("Set-up of the desk")
    menu_icon = "cog"
    menu_order = 306
    add_to_admin_menu = True
    items = (CannedReplyViewSet, SlaPolicyViewSet, WorkingHoursViewSet, HolidayViewSet)
