"""What a buyer does at the bank, and counting what a page costs the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from commerce.models import Order
from integrations.sandbox.server import Sandbox

NOT_COUNTED = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")


@dataclass
class Bank:
    """The sandbox as the payment gateway."""

    sandbox: Sandbox

    def answer(self, page: str, **form: str) -> str:
        """Presses a button of the bank's form; the address (on our side) to which the browser is sent."""
        reply = requests.post(page, data=form, allow_redirects=False, timeout=5)
        assert reply.status_code in {302, 303}, reply.text
        parts = urlsplit(reply.headers["Location"])
        return f"{parts.path}?{parts.query}"

    def take_money_unseen(self, page: str) -> None:
        """Pays, and the browser never comes back."""
        assert requests.post(page, data={"unseen": "paid"}, timeout=5).status_code == 200


def go_to_bank(client: Client, order: Order, **form: str) -> str:
    """Presses "pay"; the address of the bank's page."""
    reply = client.post(reverse("order_pay", args=[order.number]), form)
    assert reply.status_code == 302, reply
    return reply["Location"]


@contextmanager
def counted() -> Iterator[list[str]]:
    """The SQL of a block, without the bounds of transactions."""
    statements: list[str] = []
    with CaptureQueriesContext(connection) as captured:
        yield statements
    statements += [q["sql"] for q in captured.captured_queries if not q["sql"].startswith(NOT_COUNTED)]
