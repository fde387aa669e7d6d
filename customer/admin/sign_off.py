"""The central register of installation sign-offs."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, ClassVar

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from customer.admin import sign_off_acts
from customer.admin.device import identified
from customer.models import Buyer, Device, SignOff, User
from customer.models.sign_off import Standing
from customer.services import trace
from customer.services.record import clean_code
from kernel.actor import Actor
from kernel.admin import columns
from kernel.admin.columns import column
from kernel.admin.export import ExportColumn
from kernel.admin.filters import ListFilter
from kernel.admin.model_admin import PortalAdmin
from kernel.admin.reading import Fact
from kernel.jalali import jalali_year, parse_jalali, tehran_today
from kernel.persian import persian_digits

Status = SignOff.Status
KINDS: dict[str, str] = {
    Standing.WAITING: "warn",
    Standing.CONFIRMED: "ok",
    Standing.DECLINED: "late",
    Standing.SUPERSEDED: "",
    Status.WITHDRAWN: "",
}
LONG = timedelta(days=3)
LONG_CHOICE, DECLINED_CHOICE = "waiting_long", "to_put_right"


def waiting_long(queryset: Any) -> Any:
    """Forms that the buyer has left unanswered for more than three days."""
    return queryset.filter(status=Status.WAITING, prepared_at__lt=timezone.now() - LONG)


def to_put_right(queryset: Any) -> Any:
    """Declined forms after which nobody has prepared another one that waits or holds."""
    later = SignOff.objects.filter(device=OuterRef("device"), pk__gt=OuterRef("pk"))
    answered = Exists(later.filter(status__in=[Status.WAITING, Status.CONFIRMED]))
    return queryset.filter(~answered, status=Status.DECLINED)


def standing_pill(sign_off: SignOff) -> str:
    """waiting / confirmed / declined / superseded / withdrawn, in its colour."""
    standing = sign_off.standing
    label = sign_off.get_status_display() if standing == sign_off.status else Standing(standing).label
    return columns.pill(label, KINDS[Status(standing) if standing in Status.values else Standing(standing)])


def person_name(user: User) -> str:
    """A member of staff by name, or by username."""
    return user.get_full_name() or user.username


def standing_word(form: SignOff) -> str:
    """The state of a form in plain text."""
    is_superseded = form.standing == Standing.SUPERSEDED
    return str(Standing.SUPERSEDED.label) if is_superseded else str(form.get_status_display())


class StandingFilter(ListFilter):
    title = _("State")
    parameter_name = "standing"
    options = (
        *Standing.choices,
        (Status.WITHDRAWN.value, Status.WITHDRAWN.label),
        (LONG_CHOICE, _("waiting for more than 3 days")),
        (DECLINED_CHOICE, _("declined, to be put right")),
    )

    def apply(self, queryset: Any, value: str) -> QuerySet[Any]:
        special = {LONG_CHOICE: waiting_long, DECLINED_CHOICE: to_put_right}.get(value)
        found: QuerySet[Any] = special(queryset) if special else queryset.in_standing(value)
        return found


class TimeFilter(ListFilter):
    """By the day of the installation."""

    title = _("Installed")
    parameter_name = "installed"
    options = (
        ("month", _("in the last 30 days")),
        ("year", _("this year")),
        ("last_year", _("last year")),
        ("earlier", _("earlier")),
    )

    def apply(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        today = tehran_today()
        this_year, last_year = (_new_year(today, back) for back in (0, 1))
        wanted = {
            "month": Q(installed_on__gt=today - timedelta(days=30)),
            "year": Q(installed_on__gte=this_year),
            "last_year": Q(installed_on__gte=last_year, installed_on__lt=this_year),
            "earlier": Q(installed_on__lt=last_year),
        }
        return queryset.filter(wanted[value])


class TechnicianFilter(ListFilter):
    """Who prepared the form; beside each name, how many of his forms wait."""

    title = _("Prepared by")
    parameter_name = "technician"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, str]]:
        rows = SignOff.objects.waiting().order_by().values_list("prepared_by").annotate(n=Count("pk"))
        waiting = dict(rows)
        in_roles = User.groups.through.objects.values("user_id")
        staff = User.objects.filter(Q(pk__in=in_roles) | Q(pk__in=list(waiting)) | Q(is_superuser=True))
        people = staff.order_by("last_name", "pk")
        return [(str(person.pk), _with_count(person, waiting.get(person.pk, 0))) for person in people]

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = str(self.value() or "")
        return queryset.filter(prepared_by=int(value)) if value.isascii() and value.isdecimal() else queryset


class SignOffAdmin(PortalAdmin):
    model = SignOff
    menu_label = _("Installation sign-offs")
    menu_icon = "form"
    list_display = ("device_name", "buyer_name", "technician", "installed", "state", "confirmed", "record_code")
    list_filter = (StandingFilter, TimeFilter, TechnicianFilter)
    list_select_related = ("device__model__brand", "buyer", "prepared_by", "record", "superseded_by")
    ordering = ("-pk",)
    search_hint = _("Serial, dongle, user ID, the buyer, or the code of the record")
    acts = (sign_off_acts.AddPhoto, sign_off_acts.CorrectSignOff, sign_off_acts.WithdrawSignOff)
    pages: ClassVar = {"photo": sign_off_acts.PhotoView}
    export_filename = "sign-offs"
    export_columns = (
        ExportColumn(label=_("Device"), value=lambda form: str(form.device.model)),
        ExportColumn(label=_("Identifier"), value=lambda form: form.device.identifier),
        ExportColumn(label=_("Buyer"), value=lambda form: form.buyer.full_name),
        ExportColumn(label=_("Prepared by"), value=lambda form: person_name(form.prepared_by)),
        ExportColumn(label=_("Installation date"), value=lambda form: columns.plain_day(form.installed_on)),
        ExportColumn(label=_("Prepared on"), value=lambda form: columns.plain_date_of(form.prepared_at)),
        ExportColumn(label=_("State"), value=standing_word),
        ExportColumn(label=_("Confirmed on"), value=lambda form: columns.plain_date_of(form.confirmed_at)),
        ExportColumn(label=_("Reason of the decline"), value=lambda form: form.decline_reason),
        ExportColumn(label=_("Code of the record"), value=lambda form: form.record.code if form.record else ""),
    )

    def search(self, queryset: Any, text: str) -> QuerySet[Any]:
        """By the device's whole identifier, the buyer, or the code of the record."""
        devices = Device.objects.filter(identified(text)).order_by().values("pk")
        buyers = Buyer.objects.matching(text).order_by().values("pk")
        # One after the other, each from its own index; an OR over them would read the whole table.
        ways = (Q(device__in=devices), Q(buyer__in=buyers), Q(record__code=clean_code(text)))
        by_device, *others = (SignOff.objects.filter(way).order_by().values("pk") for way in ways)
        return queryset.filter(pk__in=by_device.union(*others))

    def exported(self, request: HttpRequest, _taken: list[ExportColumn]) -> None:
        trace.record("sign_off.list_exported", "sign_off:*", actor=Actor.of(request), now=timezone.now())

    @column(_("device"))
    def device_name(self, form: SignOff) -> str:
        return str(form.device)

    @column(_("buyer"), order="buyer__last_name")
    def buyer_name(self, form: SignOff) -> str:
        return columns.record(form.buyer)

    @column(_("prepared by"))
    def technician(self, form: SignOff) -> str:
        return person_name(form.prepared_by)

    @column(_("installation date"), order="installed_on")
    def installed(self, form: SignOff) -> str:
        return columns.day(form.installed_on)

    @column(_("state"), order="status")
    def state(self, form: SignOff) -> str:
        return standing_pill(form)

    @column(_("confirmed at"), order="confirmed_at")
    def confirmed(self, form: SignOff) -> str:
        return columns.moment(form.confirmed_at)

    @column(_("code of the record"))
    def record_code(self, form: SignOff) -> str:
        return columns.code(form.record.code if form.record else "")

    def read_title(self, obj: SignOff) -> str:
        return str(obj.device)

    def states(self, obj: SignOff) -> list[Any]:
        return [standing_pill(obj)]

    def facts(self, obj: SignOff, request: HttpRequest) -> list[Fact]:
        return [
            Fact(label=_("Device"), value=columns.record(obj.device)),
            Fact(label=_("Buyer"), value=columns.record(obj.buyer)),
            Fact(label=_("Installation date"), value=columns.day(obj.installed_on)),
            Fact(label=_("Prepared by"), value=person_name(obj.prepared_by)),
            Fact(label=_("Prepared at"), value=columns.moment(obj.prepared_at)),
            *_outcome(obj, request),
            *_corrections(obj),
            Fact(label=_("Text of the form"), value=columns.lines(obj.statement)),
            Fact(label=_("Version of the text"), value=columns.code(obj.text_version)),
        ]


def _with_count(person: User, waiting: int) -> str:
    if not waiting:
        return person_name(person)
    return _now("%(name)s (%(count)s waiting)") % {"name": person_name(person), "count": persian_digits(str(waiting))}


def _new_year(today: date, years_back: int) -> date:
    """The first day of the Jalali year that many years ago."""
    return parse_jalali(f"{jalali_year(today) - years_back}/1/1")


def _outcome(obj: SignOff, request: HttpRequest) -> list[Fact]:
    """What has become of the form."""
    if obj.status == Status.DECLINED:
        again = sign_off_acts.PrepareSignOff
        can_prepare = request.user.has_perm(again.permission) and again.is_offered(obj.device)
        url = reverse(f"customer_device_modeladmin_{again.name}", args=[obj.device_id])
        again_link = columns.link(url, _now("Prepare another form"))
        return [
            Fact(label=_("Declined at"), value=columns.moment(obj.declined_at)),
            Fact(label=_("Reason of the decline"), value=columns.lines(obj.decline_reason)),
            *([Fact(label=_("When it has been put right"), value=again_link)] if can_prepare else []),
        ]
    if obj.status == Status.WAITING and request.user.has_perm("customer.prepare_signoff"):
        link = columns.link(f"/sign-offs/{obj.pk}/in-person/", _now("Show the form to the buyer on this phone"))
        return [Fact(label=_("In person"), value=link)]
    return [Fact(label=_("Confirmed at"), value=columns.moment(obj.confirmed_at))] if obj.record else []


def _corrections(obj: SignOff) -> list[Fact]:
    """The forms before and after this one."""
    found = []
    if obj.supersedes is not None:
        found.append(Fact(label=_("Corrects"), value=columns.record(obj.supersedes)))
        found.append(Fact(label=_("Reason of the correction"), value=obj.correction_reason))
    if obj.correction is not None:
        found.append(Fact(label=_("Corrected by"), value=columns.record(obj.correction)))
    return found
