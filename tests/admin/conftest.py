"""Signed-in members of staff, one per role."""

from __future__ import annotations

import pytest
from django.test import Client

from customer.roles import Role
from tests.factories.customer import make_staff


@pytest.fixture
def sign_in(db):
    """A client signed in as a new member of staff in a role."""

    def signed_in(role: Role | None, **values) -> Client:
        client = Client()
        client.force_login(make_staff(role, **values))
        return client

    return signed_in


@pytest.fixture
def administrator(sign_in) -> Client:
    return sign_in(Role.ADMINISTRATOR)


@pytest.fixture
def finance(sign_in) -> Client:
    return sign_in(Role.FINANCE)


@pytest.fixture
def support(sign_in) -> Client:
    return sign_in(Role.SUPPORT)


@pytest.fixture
def auditor(sign_in) -> Client:
    return sign_in(Role.AUDITOR)


@pytest.fixture
def superuser(sign_in) -> Client:
    return sign_in(Role.ADMINISTRATOR, is_superuser=True)
