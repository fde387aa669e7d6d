"""Outbox handlers of this app."""

from __future__ import annotations

from cms.models import Campaign
from cms.queries import example
from customer.models import User
from integrations import sms
from integrations.outbox import Delivery
from integrations.ports import Sms


def send_test(delivery: Delivery) -> str:
    """A notice as its author would get it, to the author's own phone."""
    asked = delivery.payload
    campaign = Campaign.objects.get(pk=asked["campaign_id"])
    author = User.objects.get(pk=asked["user_id"])
    text = example(campaign, first_name=author.first_name, last_name=author.last_name)
    message = Sms(phone=asked["phone"], text=text, local_id=delivery.message_id)
    return sms.send(message, recover=delivery.recover)[1].external_id
