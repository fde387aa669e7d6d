"""Nouns of this app: what is allowed."""

from customer.models.buyer import Buyer, CorrectionRequest, User
from customer.models.device import Brand, Device, DeviceModel, DeviceType
from customer.models.idempotency import IdempotentRequest
from customer.models.inbox import InboxItem
from customer.models.service import ServiceChoice, ServicePeriod
from customer.models.trace import Trace

__all__ = [
    "Brand",
    "Buyer",
    "CorrectionRequest",
    "Device",
    "DeviceModel",
    "DeviceType",
    "IdempotentRequest",
    "InboxItem",
    "ServiceChoice",
    "ServicePeriod",
    "Trace",
    "User",
]
