"""The way to the bank and back."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from commerce.forms import GatewayForm
from commerce.models import Order
from commerce.queries import returning_payment
from commerce.services.payment import check_payment, start_payment
from customer.views.access import BuyerRequest, buyer_only
from kernel import throttle
from kernel.actor import Actor, client_ip


@require_http_methods(["GET", "HEAD", "POST"])
@buyer_only
def order_pay(request: BuyerRequest, number: str) -> HttpResponse:
    """Sends the browser to the bank. Opened by its address (after signing in anew), it shows the order."""
    order = get_object_or_404(Order.objects.visible_to(request.user), number=number)
    form = GatewayForm(request.POST)
    if request.method != "POST" or not form.is_valid():
        return redirect("order_detail", order.number)
    payment = start_payment(
        buyer=request.buyer,
        number=order.number,
        gateway=form.cleaned_data["gateway"],
        callback_url=f"{settings.PUBLIC_URL}/payments/return/{{gateway}}/{{payment_id}}/",
        actor=Actor.of(request),
        now=timezone.now(),
    )
    return redirect(payment.redirect_url)


@csrf_exempt
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def payment_return(request: HttpRequest, gateway: str, payment_id: UUID | None = None) -> HttpResponse:
    """Where the bank sends the browser: by GET or by a cross-site POST, which carries no session.

    What it brings is a hint: the payment is found by the gateway's own id, and the gateway is asked for the truth.
    """
    limits: dict[str, Any] = settings.PAYMENT_RETURN_LIMITS
    throttle.pace("payment.return", client_ip(request) or "", limit=limits["address"], window=limits["window"])
    params = request.GET.dict() | request.POST.dict()
    returning = returning_payment(gateway, params, payment_id=payment_id)
    if returning is None:
        return render(request, "commerce/payment_unknown.html", status=HTTPStatus.NOT_FOUND)
    payment = returning.payment
    check_payment(payment_id=payment.pk, claims_paid=returning.claims_paid, now=timezone.now())
    response = redirect("order_detail", payment.order.number)
    response.status_code = HTTPStatus.SEE_OTHER
    add_never_cache_headers(response)
    return response
