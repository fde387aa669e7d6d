"""The buyer's inbox.

What changes something acts on POST only; who comes by the address itself sees the page instead.
"""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from customer.models import InboxItem
from customer.services import inbox as verbs
from customer.views.access import BuyerRequest, buyer_only
from kernel.actor import Actor
from kernel.paging import CountingPaginator

PER_PAGE = 20


@buyer_only
def inbox(request: BuyerRequest) -> HttpResponse:
    """All messages, newest first; `?show=unread` leaves out what was read, `?show=notices` all but the company's."""
    items = InboxItem.objects.visible_to(request.user)
    show = request.GET.get("show", "")
    if show == "unread":
        items = items.unread()
    elif show == "notices":
        items = items.filter(kind__in=InboxItem.NOTICES)
    page = CountingPaginator(items, PER_PAGE).get_page(request.GET.get("page"))
    context = {"nav_current": "inbox", "page_obj": page, "show": show}
    return render(request, "customer/inbox.html", context)


@require_safe
@buyer_only
def inbox_read(request: BuyerRequest, pk: int) -> HttpResponse:
    """One message; opening it counts as reading it."""
    try:
        item = verbs.mark_read(user=request.user, item_id=pk, now=timezone.now())
    except InboxItem.DoesNotExist as error:
        raise Http404 from error
    return render(request, "customer/inbox_item.html", {"nav_current": "inbox", "item": item})


@buyer_only
def inbox_acknowledge(request: BuyerRequest, pk: int) -> HttpResponse:
    """The buyer confirms having read a message that asks for it."""
    if request.method == "POST":
        try:
            verbs.acknowledge(user=request.user, item_id=pk, actor=Actor.of(request), now=timezone.now())
        except InboxItem.DoesNotExist as error:
            raise Http404 from error
        messages.success(request, _("Thank you. Your confirmation was registered."))
        back = request.POST.get("next", "")
        if url_has_allowed_host_and_scheme(back, {request.get_host()}):
            return redirect(back)
    return redirect("inbox_read", pk=pk)


@buyer_only
def inbox_read_all(request: BuyerRequest) -> HttpResponse:
    """Everything that needs no confirmation counts as read."""
    if request.method == "POST":
        verbs.mark_all_read(user=request.user, now=timezone.now())
    return redirect("inbox")
