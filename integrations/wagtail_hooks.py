"""What this app adds to the admin."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail_modeladmin.options import modeladmin_register

from integrations.admin import OutboxAdmin
from integrations.models import OutboxMessage
from kernel.admin.columns import list_url
from kernel.admin.tiles import Tile

modeladmin_register(OutboxAdmin)


@hooks.register("construct_homepage_summary_items")
def tell_of_parked_messages(request: HttpRequest, items: list[Any]) -> None:
    """How many messages need a person."""
    status = OutboxMessage.Status.PARKED
    items.append(
        Tile(
            request,
            label=_("messages need a person"),
            permission="integrations.view_outboxmessage",
            rows=OutboxMessage.objects.filter(status=status),
            url=list_url(OutboxMessage, status=status),
            icon="mail",
            order=230,
        )
    )
