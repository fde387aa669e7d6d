"""Changing the key under which national codes are sealed."""

import base64

import pytest
from django.core.management import call_command
from django.db import connection

from customer.models import Buyer
from tests.factories.customer import make_buyer

pytestmark = pytest.mark.django_db


def sealed() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT national_code FROM customer_buyer ORDER BY id")
        return [row[0] for row in cursor.fetchall()]


def test_rotation_seals_anew_and_loses_nothing(settings, capsys):
    codes = [make_buyer().national_code for _ in range(3)]
    settings.FIELD_KEYS = settings.FIELD_KEYS | {"next": base64.b64encode(b"n" * 32).decode()}
    settings.FIELD_KEY_CURRENT = "next"
    call_command("rotate_field_keys")

    assert "customer.Buyer.national_code: 3 sealed anew" in capsys.readouterr().out
    assert all(value.startswith("next:") for value in sealed())
    settings.FIELD_KEYS = {"next": settings.FIELD_KEYS["next"]}
    assert [buyer.national_code for buyer in Buyer.objects.order_by("pk")] == codes
    call_command("rotate_field_keys")
    assert "customer.Buyer.national_code: 0 sealed anew" in capsys.readouterr().out
