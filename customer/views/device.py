"""The buyer's devices."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render

from customer import papers, queries
from customer.forms import DeviceSearchForm
from customer.models import Device
from customer.rules import ServiceStatus
from customer.views.access import BuyerRequest, buyer_only
from kernel.jalali import tehran_today
from kernel.paging import CountingPaginator

PER_PAGE = 12


@buyer_only
def device_list(request: BuyerRequest) -> HttpResponse:
    """All devices, what is urgent first; narrowed by status and by words."""
    today = tehran_today()
    form = DeviceSearchForm(request.GET)
    form.is_valid()
    status, words = form.cleaned_data.get("status", ""), form.cleaned_data.get("q", "")
    devices = Device.objects.visible_to(request.user)
    if status:
        devices = devices.in_status(status, today)
    if words:
        devices = devices.matching(words)
    devices = devices.with_names().with_standing(today).by_urgency()
    page = CountingPaginator(devices, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "nav_current": "device_list",
        "page_obj": page,
        "statuses": ServiceStatus,
        "status": status,
        "words": words,
    }
    return render(request, "customer/device_list.html", context)


@buyer_only
def device_detail(request: BuyerRequest, pk: int) -> HttpResponse:
    """One device: its facts, its service and what happened to it."""
    devices = Device.objects.visible_to(request.user).with_names().with_standing(tehran_today())
    device = get_object_or_404(devices, pk=pk)
    context = {
        "nav_current": "device_list",
        "device": device,
        "standing": device.standing,
        "events": queries.timeline(device),
        "papers": papers.papers_of(device, request.user),
        "warranty_is_over": device.warranty_ends_on is not None and device.warranty_ends_on < tehran_today(),
    }
    return render(request, "customer/device_detail.html", context)
