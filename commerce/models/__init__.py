"""Nouns of this app: what is allowed."""

from commerce.models.ledger import LedgerEntry
from commerce.models.order import NumberSeries, Order, OrderLine
from commerce.models.payment import Payment
from commerce.models.plan import PlanPrice, ServicePlan, VatRate

__all__ = [
    "LedgerEntry",
    "NumberSeries",
    "Order",
    "OrderLine",
    "Payment",
    "PlanPrice",
    "ServicePlan",
    "VatRate",
]
