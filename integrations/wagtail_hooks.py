"""What this app adds to the admin."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.snippets.models import register_snippet
from wagtail_modeladmin.options import ModelAdminGroup, modeladmin_register

from integrations.admin import OutboxAdmin
from integrations.admin_channels import LOW, DeliveryReportAdmin, SmsCreditAdmin
from integrations.admin_texts import MessageTemplateViewSet
from integrations.models import OutboxMessage, SmsCredit
from kernel.admin.columns import list_url
from kernel.admin.tiles import Tile

register_snippet(MessageTemplateViewSet)


@modeladmin_register
class MessagesGroup(ModelAdminGroup):
    menu_label = _("Messages and channels")
    menu_icon = "mail"
    menu_order = 330
    items = (OutboxAdmin, DeliveryReportAdmin, SmsCreditAdmin)


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


@hooks.register("construct_homepage_summary_items")
def tell_of_low_credit(request: HttpRequest, items: list[Any]) -> None:
    """At how many providers the credit runs low."""
    items.append(
        Tile(
            request,
            label=_("SMS providers are low on credit"),
            permission="integrations.view_smscredit",
            rows=SmsCredit.objects.filter(low_since__isnull=False),
            url=list_url(SmsCredit, level=LOW),
            icon="warning",
            order=240,
        )
    )
