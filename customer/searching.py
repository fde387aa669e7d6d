"""The buyer's devices, as search finds them."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Window
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from customer.models import Device
from kernel.found import Asked, Group, Hit
from kernel.persian_search import marked


def devices(user: Any, asked: Asked) -> Group:
    """The devices of this person in whose names or identifier every word occurs. One query."""
    found = Device.objects.visible_to(user).matching(asked.text).with_names()
    rows = list(found.annotate(count_of_all=Window(Count("*"))).order_by("pk")[: asked.limit])
    hits = [_hit(device, asked) for device in rows]
    return Group(
        name="devices", label=_("Devices"), icon="device", count=rows[0].count_of_all if rows else 0, hits=hits
    )


def _hit(device: Any, asked: Asked) -> Hit:
    return Hit(
        pk=device.pk,
        title=str(device.model),
        url=reverse("device_detail", args=[device.pk]),
        heading=marked(str(device.model), asked.forms),
        excerpt=marked(f"{device.model.device_type} · {device.identifier}", asked.forms),
    )
