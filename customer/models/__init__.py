"""Nouns of this app: what is allowed."""

from customer.models.buyer import Buyer, CorrectionRequest, User
from customer.models.code import ConfirmationCode
from customer.models.device import Brand, Device, DeviceModel, DeviceType
from customer.models.idempotency import IdempotentRequest
from customer.models.inbox import InboxItem
from customer.models.record import ChainHead, RecordKey, SignedRecord, SigningKey
from customer.models.service import ServiceChoice, ServicePeriod
from customer.models.sign_off import ChecklistItem, ChecklistTemplate, SignOff, SignOffPhoto
from customer.models.trace import Trace
from customer.models.transfer import Ownership, Transfer

__all__ = [
    "Brand",
    "Buyer",
    "ChainHead",
    "ChecklistItem",
    "ChecklistTemplate",
    "ConfirmationCode",
    "CorrectionRequest",
    "Device",
    "DeviceModel",
    "DeviceType",
    "IdempotentRequest",
    "InboxItem",
    "Ownership",
    "RecordKey",
    "ServiceChoice",
    "ServicePeriod",
    "SignOff",
    "SignOffPhoto",
    "SignedRecord",
    "SigningKey",
    "Trace",
    "Transfer",
    "User",
]
