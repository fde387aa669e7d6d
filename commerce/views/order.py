"""A buyer's orders: the list, one order from checkout to receipt."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from commerce.models import Order
from commerce.queries import checkout, orders_of
from commerce.rules import Stage
from commerce.services.order import cancel_order
from customer.views.access import BuyerRequest, buyer_only
from integrations import payments as gateways
from kernel.actor import Actor
from kernel.paging import CountingPaginator

PAGE_SIZE = 15
STEPS = [gettext_lazy("Choose the term"), gettext_lazy("Pay"), gettext_lazy("Service renewed")]


@require_safe
@buyer_only
def order_list(request: BuyerRequest) -> HttpResponse:
    """The orders, newest first, one status of them if asked for."""
    status = request.GET.get("status", "")
    status = status if status in Order.Status.values else ""
    page = CountingPaginator(orders_of(request.user, status=status), PAGE_SIZE).get_page(request.GET.get("page"))
    choices = [("", _("All")), *Order.Status.choices]
    filters = [{"value": value, "label": label} for value, label in choices]
    context = {"nav_current": "order_list", "page_obj": page, "status": status, "filters": filters}
    return render(request, "commerce/order_list.html", context)


@require_safe
@buyer_only
def order_detail(request: BuyerRequest, number: str) -> HttpResponse:
    """Checkout while the order is open, afterwards how it ended."""
    page = checkout(_order(request, number), now=timezone.now())
    context = {
        "nav_current": "order_list",
        "page": page,
        "order": page.order,
        "steps": STEPS,
        "step": len(STEPS) + 1 if page.stage == Stage.PAID else 2,
        "gateways": gateways.enabled_gateways() if page.stage.is_payable else [],
        "stage_template": f"commerce/partials/order_{page.stage}.html",
    }
    return render(request, "commerce/order_detail.html", context)


@require_safe
@buyer_only
def order_status(request: BuyerRequest, number: str) -> HttpResponse:
    """What the order's page asks while it waits for the bank: `final` once there is something new to show."""
    stage = checkout(_order(request, number), now=timezone.now()).stage
    return JsonResponse({"status": stage, "final": not stage.is_waiting})


@require_http_methods(["GET", "HEAD", "POST"])
@buyer_only
def order_cancel(request: BuyerRequest, number: str) -> HttpResponse:
    """Gives the order up. Opened by its address (after signing in anew), it shows the order."""
    order = _order(request, number)
    if request.method == "POST":
        cancel_order(buyer=request.buyer, number=number, actor=Actor.of(request), now=timezone.now())
        messages.success(request, _("The order was cancelled."))
    return redirect("order_detail", order.number)


@require_safe
@buyer_only
def order_receipt(request: BuyerRequest, number: str) -> HttpResponse:
    """The receipt of a paid order, made for paper."""
    page = checkout(_order(request, number, status=Order.Status.PAID), now=timezone.now())
    return render(
        request, "commerce/order_receipt.html", {"nav_current": "order_list", "page": page, "order": page.order}
    )


def _order(request: BuyerRequest, number: str, **conditions: str) -> Order:
    orders = Order.objects.visible_to(request.user).select_related("device__model__brand", "service_period")
    return get_object_or_404(orders, number=number, **conditions)
