"""The three choices for a device: renew, pay per case, withdraw."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from commerce.forms import ServiceChoiceForm
from commerce.queries import open_renewal, renewal_quotes
from commerce.services.renewal import request_renewal
from customer import rules
from customer.models import Device, ServiceChoice
from customer.services.service import choose_mode
from customer.views.access import BuyerRequest, buyer_only
from kernel.actor import Actor
from kernel.jalali import tehran_today

Choice = ServiceChoice.Choice


@require_http_methods(["GET", "HEAD", "POST"])
@buyer_only
def device_service(request: BuyerRequest, pk: int) -> HttpResponse:
    """Shows the choices with prices and new dates, asks before pay per case and withdrawal, and takes the choice."""
    today = tehran_today()
    device = get_object_or_404(Device.objects.visible_to(request.user).with_names().with_standing(today), pk=pk)
    if request.method == "POST":
        return _choose(request, device)
    standing, wanted = device.standing, request.GET.get("choice", "")
    if wanted in ServiceChoice.MODES and rules.can_choose(standing, wanted):
        context = {"nav_current": "device_list", "device": device, "choice": wanted}
        return render(request, "commerce/device_service_confirm.html", context)
    return render(
        request,
        "commerce/device_service.html",
        {
            "nav_current": "device_list",
            "device": device,
            "standing": standing,
            "can_renew": rules.can_renew(standing),
            "quotes": renewal_quotes(device, today=today),
            "open_order": open_renewal(device),
            "pay_per_case_closed": rules.why_closed(standing, Choice.PAY_PER_CASE),
            "withdraw_closed": rules.why_closed(standing, Choice.WITHDRAW),
        },
    )


def _choose(request: BuyerRequest, device: Device) -> HttpResponse:
    form = ServiceChoiceForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Please choose again: what was sent is not one of these choices."))
        return redirect("device_service", device.pk)
    choice, actor, now = form.cleaned_data["choice"], Actor.of(request), timezone.now()
    if choice == Choice.RENEW:
        order = request_renewal(
            buyer=request.buyer,
            device_id=device.pk,
            years=form.cleaned_data["years"],
            expected_total_rial=form.cleaned_data["expected_total_rial"],
            actor=actor,
            now=now,
        )
        return redirect("order_detail", order.number)
    made = choose_mode(buyer=request.buyer, device_id=device.pk, choice=choice, actor=actor, now=now)
    messages.success(request, _("Your choice was registered: %(choice)s.") % {"choice": made.get_choice_display()})
    return redirect("device_detail", device.pk)
