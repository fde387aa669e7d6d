"""Outbox handlers of this app."""

from __future__ import annotations

from django.conf import settings

from cms.models import Campaign
from cms.page_cache import begin_anew
from cms.queries import example
from customer.models import User
from integrations import sms
from integrations.outbox import Delivery
from integrations.ports import Retry, Sms

FORGET_AGAIN_SECONDS = 20


def send_test(delivery: Delivery) -> str:
    """A notice as its author would get it, to the author's own phone."""
    asked = delivery.payload
    campaign = Campaign.objects.get(pk=asked["campaign_id"])
    author = User.objects.get(pk=asked["user_id"])
    text = example(campaign, first_name=author.first_name, last_name=author.last_name)
    message = Sms(phone=asked["phone"], text=text, local_id=delivery.message_id)
    return sms.send(message, recover=delivery.recover)[1].external_id


def forget_kept_pages(delivery: Delivery) -> str:
    """The content changed while the cache did not answer. Ends when it does, or when all it kept has run out.

    A page may be kept that was made of pieces which were old already: twice the time.
    """
    has_run_out = (delivery.attempt - 1) * FORGET_AGAIN_SECONDS >= 2 * settings.CONTENT_CACHE_SECONDS
    if not begin_anew() and not has_run_out:
        raise Retry("the cache does not answer", after=FORGET_AGAIN_SECONDS)
    return ""
