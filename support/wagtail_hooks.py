"""What this app adds to the admin."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem
from wagtail.snippets.models import register_snippet

from customer.admin.trace import ACTS
from kernel.admin.tiles import Tile
from support.admin import acts, queue, reads, reports, ticket, uploads
from support.admin.access import ANSWER, SEE
from support.admin.menu import QueueMenuItem, ReportsMenuItem
from support.admin.snippets import DeskGroup
from support.models import Ticket

ACTS.update(
    {
        "ticket.opened": _("opened a ticket"),
        "ticket.replied": _("wrote in a ticket"),
        "ticket.answered": _("answered a ticket"),
        "ticket.answer_undone": _("took an answer back"),
        "ticket.noted": _("wrote an internal note"),
        "ticket.in_review": _("began to look into a ticket"),
        "ticket.review_ended": _("put a ticket back from review"),
        "ticket.assigned": _("assigned a ticket"),
        "ticket.importance": _("changed the importance of a ticket"),
        "ticket.remote_session": _("kept the id of a remote session"),
        "ticket.work_logged": _("recorded work on a ticket"),
        "ticket.closed": _("closed a ticket"),
        "ticket.reopened": _("opened a ticket again"),
        "ticket.rated": _("rated a ticket"),
        "ticket.warned": _("warned of the closing of a ticket"),
        "ticket.answer_overdue": _("answer became overdue"),
        "ticket.resolution_overdue": _("solution became overdue"),
        "ticket.took_in": _("merged a ticket into this one"),
        "ticket.split_off": _("split a ticket off"),
        "ticket.linked": _("linked two tickets"),
        "ticket.article_drafted": _("began an article from a ticket"),
        "ticket.solved_by_article": _("found the answer in an article"),
        "ticket.list_exported": _("took the list of tickets as a sheet"),
        "cannedreply.saved": _("saved a canned reply"),
        "cannedreply.deleted": _("deleted a canned reply"),
        "slapolicy.saved": _("saved a service level"),
        "slapolicy.deleted": _("deleted a service level"),
        "workinghours.saved": _("saved working hours"),
        "workinghours.deleted": _("deleted working hours"),
        "holiday.saved": _("saved a holiday"),
        "holiday.deleted": _("deleted a holiday"),
    }
)
register_snippet(DeskGroup)

OF_A_TICKET = {
    "say": acts.say,
    "assign": acts.assign,
    "take": acts.take,
    "review": acts.review,
    "end_review": acts.end_review,
    "importance": acts.importance,
    "close": acts.close,
    "reopen": acts.reopen,
    "remote": acts.remote,
    "log_work": acts.log_work,
    "merge": acts.merge,
    "link": acts.link,
    "split": acts.split,
    "article": acts.article,
    "pulse": ticket.pulse,
    "draft": ticket.draft,
    "articles": ticket.articles,
}


@hooks.register("register_admin_urls")
def add_desk() -> list[URLPattern]:
    """The queue and each ticket below /admin/tickets/; the reports beside it, so that the menu marks one of them."""
    return [
        path("tickets/", queue.queue, name="desk_queue"),
        path("tickets/bulk/", queue.bulk, name="desk_bulk"),
        path("tickets/filters/", queue.filter_save, name="desk_filter_save"),
        path("tickets/filters/<int:pk>/drop/", queue.filter_drop, name="desk_filter_drop"),
        path("ticket-reports/", reports.reports, name="desk_reports"),
        path("ticket-reports/sheet/", reports.sheet, name="desk_reports_sheet"),
        path("tickets/files/uploads/", uploads.upload_begin, name="desk_upload_begin"),
        path("tickets/files/uploads/<str:pk>/", uploads.upload, name="desk_upload"),
        path("tickets/files/<str:pk>/", ticket.attachment, name="desk_attachment"),
        path("tickets/<slug:number>/", ticket.ticket, name="desk_ticket"),
        path("tickets/<slug:number>/undo/<int:pk>/", acts.undo, name="desk_undo"),
        path("tickets/<slug:number>/canned/<int:pk>/", ticket.canned, name="desk_canned"),
        *(
            path(f"tickets/<slug:number>/{name.replace('_', '-')}/", view, name=f"desk_{name}")
            for name, view in OF_A_TICKET.items()
        ),
    ]


@hooks.register("register_admin_menu_item")
def add_queue() -> MenuItem:
    return QueueMenuItem(_("Tickets"), reverse("desk_queue"), name="desk", icon_name="comment", order=304)


@hooks.register("register_admin_menu_item")
def add_reports() -> MenuItem:
    url = reverse("desk_reports")
    return ReportsMenuItem(_("Reports of the desk"), url, name="desk-reports", icon_name="table", order=305)


@hooks.register("construct_homepage_summary_items")
def tell_of_tickets(request: HttpRequest, items: list[Any]) -> None:
    """Tickets of nobody, and promises that were not kept."""
    now = timezone.now()
    open_ones = Ticket.objects.still_open()
    mine = Ticket.objects.waiting_for_us().filter(assignee=request.user.pk)
    tiles = [
        (_("tickets that nobody has taken"), SEE, open_ones.filter(assignee=None), "view=unassigned"),
        (_("tickets that are overdue"), SEE, open_ones.filter(due_at__lt=now), "overdue=1"),
        (_("of my tickets wait for me"), ANSWER, mine, "view=mine"),
    ]
    for order, (label, permission, rows, query) in enumerate(tiles, start=180):
        few = rows.order_by()[: reads.MOST_COUNTED]
        url = f"{reverse('desk_queue')}?{query}"
        items.append(Tile(request, label=label, permission=permission, rows=few, url=url, icon="comment", order=order))
