"""What notices add to the admin: their screens, a button on their pages, and figures on the first page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.widgets import Button
from wagtail_modeladmin.options import ModelAdminGroup, modeladmin_register

from cms.admin.campaign import CampaignAdmin
from cms.admin.delivery import CallTaskAdmin, RecipientAdmin
from cms.models import CallTask, Campaign, CampaignDelivery, NoticePage
from cms.services.campaign import cancel_unpublished
from kernel.actor import Actor
from kernel.admin.columns import list_url
from kernel.admin.tiles import Tile


@modeladmin_register
class NoticesGroup(ModelAdminGroup):
    menu_label = _("Notices")
    menu_icon = "mail"
    menu_order = 320
    items = (CampaignAdmin, RecipientAdmin, CallTaskAdmin)


def _send_button(page: Any, user: Any) -> Iterator[Button]:
    """To the sending of this notice: publishing alone tells nobody."""
    if isinstance(page.specific_deferred, NoticePage) and page.live and user.has_perm("cms.add_campaign"):
        url = f"{reverse('cms_campaign_modeladmin_create')}?page={page.pk}"
        yield Button(_now("Send this notice"), url, icon_name="mail", priority=15)


@hooks.register("register_page_header_buttons")
def offer_sending_in_header(page: Any, user: Any, view_name: str = "", next_url: str | None = None) -> Iterator[Button]:
    yield from _send_button(page, user)


@hooks.register("register_page_listing_more_buttons")
def offer_sending_in_list(page: Any, user: Any, next_url: str | None = None) -> Iterator[Button]:
    yield from _send_button(page, user)


@hooks.register("after_unpublish_page")
def stop_sending(request: HttpRequest, page: Any) -> None:
    """What has not been sent of a notice that is taken off never is; the worker sees to it in any case."""
    if isinstance(page.specific_deferred, NoticePage):
        cancel_unpublished(page_id=page.pk, actor=Actor.of(request), now=timezone.now())


@hooks.register("construct_homepage_summary_items")
def tell_of_notices(request: HttpRequest, items: list[Any]) -> None:
    """Notices that wait for approval, and buyers to call."""
    waiting, task = Campaign.Status.WAITING_APPROVAL, CampaignDelivery.Status.TASK
    items.append(
        Tile(
            request,
            label=_("notices wait for approval"),
            permission="cms.approve_campaign",
            rows=Campaign.objects.filter(status=waiting),
            url=list_url(Campaign, status=waiting),
            icon="mail",
            order=240,
        )
    )
    items.append(
        Tile(
            request,
            label=_("buyers to call"),
            permission="cms.change_calltask",
            rows=CallTask.objects.filter(status=task),
            url=list_url(CallTask, status=task),
            icon="mobile-alt",
            order=241,
        )
    )
