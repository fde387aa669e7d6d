"""How the desk does: volume, first answers, promises kept, reopenings, ratings; by agent and by model."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from customer.services import trace
from kernel.actor import Actor
from kernel.admin import columns
from kernel.admin.export import ExportColumn, as_xlsx
from kernel.jalali import jalali_iso, tehran_today
from support.admin import report_figures as figures
from support.admin.access import REPORTS, SEE, staff_with
from support.admin.forms import PeriodForm
from support.admin.report_figures import Period
from support.models import Ticket

USUAL = timedelta(days=29)


def _name(ticket: Ticket) -> str:
    return (ticket.assignee.get_full_name() or ticket.assignee.get_username()) if ticket.assignee else ""


def _minutes(ticket: Ticket) -> int | None:
    if ticket.first_answered_at is None:
        return None
    return int((ticket.first_answered_at - ticket.created_at).total_seconds() // 60)


def _kept(ticket: Ticket) -> str:
    if ticket.first_answered_at is None:
        return ""
    return _("yes") if ticket.first_answered_at <= ticket.first_answer_due_at else _("no")


EXPORTED = (
    ExportColumn(label=gettext_lazy("Number"), value=lambda ticket: ticket.number),
    ExportColumn(label=gettext_lazy("Opened on"), value=lambda ticket: columns.plain_date_of(ticket.created_at)),
    ExportColumn(label=gettext_lazy("Importance"), value=lambda ticket: ticket.get_importance_display()),
    ExportColumn(label=gettext_lazy("Model"), value=lambda ticket: str(ticket.device.model)),
    ExportColumn(label=gettext_lazy("Assignee"), value=_name),
    ExportColumn(label=gettext_lazy("First answer, minutes"), value=_minutes),
    ExportColumn(label=gettext_lazy("Promise kept"), value=_kept),
    ExportColumn(label=gettext_lazy("Closed on"), value=lambda ticket: columns.plain_date_of(ticket.closed_at)),
    ExportColumn(label=gettext_lazy("Times reopened"), value=lambda ticket: ticket.reopened_count),
    ExportColumn(label=gettext_lazy("Rating"), value=lambda ticket: ticket.rating),
)


def _asked(request: HttpRequest) -> tuple[PeriodForm, Period | None]:
    """The period that was asked for: the last thirty days without any; none while it cannot be read."""
    today = tehran_today()
    usual = {"since": today - USUAL, "until": today}
    form = PeriodForm(request.GET) if "since" in request.GET or "until" in request.GET else PeriodForm(usual)
    if not form.is_valid():
        return form, None
    period = Period(since=form.cleaned_data["since"], until=form.cleaned_data["until"])
    return (form if form.data is not usual else PeriodForm(initial=usual)), period


def _days(period: Period) -> dict[str, str]:
    return {"since": jalali_iso(period.since), "until": jalali_iso(period.until)}


@require_safe
@staff_with(SEE, REPORTS)
def reports(request: HttpRequest) -> HttpResponse:
    """The figures of a period."""
    form, period = _asked(request)
    now = timezone.now()
    context = {
        "view": {
            "breadcrumbs": [
                {"url": reverse("wagtailadmin_home"), "label": _("Home")},
                {"url": reverse("desk_queue"), "label": _("Tickets")},
                {"url": "", "label": _("Reports")},
            ]
        },
        "title": _("Reports of the desk"),
        "media": form.media,
        "form": form,
        "period": period,
    }
    if period is not None:
        context |= {
            "whole": figures.whole(period, now=now),
            "tables": [
                (_("By agent"), _("agent"), figures.by_agent(period, nobody=_("nobody"), now=now)),
                (_("By device model"), _("model"), figures.by_model(period, now=now)),
            ],
            "months": figures.by_month(period),
            "waiting": Ticket.objects.waiting_for_us().count(),
            "sheet": f"{reverse('desk_reports_sheet')}?{urlencode(_days(period))}",
        }
    return render(request, "support/admin/reports.html", context, status=200 if period else 400)


@require_safe
@staff_with(SEE, REPORTS)
def sheet(request: HttpRequest) -> HttpResponseBase:
    """The tickets behind the figures, for Excel: no names of buyers, nothing that was said."""
    _form, period = _asked(request)
    if period is None:
        messages.error(request, _("Choose the days of the report."))
        return redirect("desk_reports")
    rows = figures.tickets_of(period).select_related("device__model__brand", "assignee")
    rows = rows.defer("description", "search_text", "staff_text", "rating_note").order_by("created_at", "pk")
    trace.record(
        "ticket.list_exported",
        "ticket:list",
        actor=Actor.of(request),
        now=timezone.now(),
        since=period.since.isoformat(),
        until=period.until.isoformat(),
    )
    return as_xlsx(rows, EXPORTED, filename="tickets")
