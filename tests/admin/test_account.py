"""The account page of staff: the own password is changed by the verb, or not at all."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.test import Client
from knox.models import AuthToken

from customer.models import Trace, User
from customer.roles import Role
from tests.factories.customer import make_staff

ACCOUNT = "/admin/account/"
OLD, NEW = "portal-demo-1", "نان-و-پنیر-و-سبزی-7"


@pytest.fixture
def person(db) -> User:
    cache.clear()
    user = make_staff(Role.SUPPORT, first_name="سهیل", last_name="آذری")
    user.set_password(OLD)
    user.save()
    return user


@pytest.fixture
def signed_in(person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def words(**values) -> dict:
    typed = {"old_password": OLD, "new_password1": NEW, "new_password2": NEW} | values
    names = {"name_email-first_name": "سهیل", "name_email-last_name": "آذری"}
    return (
        names
        | {
            "locale-preferred_language": "fa",
            "theme-theme": "system",
            "theme-contrast": "system",
            "theme-density": "default",
        }
        | {f"password-{name}": value for name, value in typed.items()}
    )


def has(person, password) -> bool:
    return User.objects.get(pk=person.pk).check_password(password)


def test_own_password_is_changed_traced_and_ends_every_other_session(person, signed_in):
    other = Client()
    other.force_login(person)
    token = AuthToken.objects.create(person)[0]
    assert signed_in.get(ACCOUNT).content.decode().count('name="password-old_password"') == 1

    response = signed_in.post(ACCOUNT, words())
    assert response.status_code == 302
    assert has(person, NEW)
    trace = Trace.objects.get(verb="password.changed")
    assert (trace.actor, trace.subject) == (person, f"user:{person.pk}")
    assert signed_in.get(ACCOUNT).status_code == 200
    assert "/login/" in other.get(ACCOUNT).url
    assert not AuthToken.objects.filter(pk=token.pk).exists()


def test_wrong_present_password_changes_nothing_and_is_counted(person, signed_in, settings):
    settings.SIGN_IN_LIMITS = settings.SIGN_IN_LIMITS | {"account": 3}
    for _ in range(3):
        signed_in.post(ACCOUNT, words(old_password="wrong") | {"name_email-first_name": "دیگر"})
    assert signed_in.post(ACCOUNT, words()).status_code == 429
    assert has(person, OLD)
    assert User.objects.get(pk=person.pk).first_name == "سهیل"
    assert not Trace.objects.filter(verb="password.changed").exists()


@pytest.mark.parametrize(
    "new", [{"new_password1": "12345678", "new_password2": "12345678"}, {"new_password2": "other"}]
)
def test_weak_or_mistyped_password_is_said_on_the_page(person, signed_in, new):
    response = signed_in.post(ACCOUNT, words(**new))
    assert response.status_code == 200
    assert "password-new_password2" in response.content.decode()
    assert has(person, OLD)


def test_other_settings_are_saved_without_a_password(person, signed_in):
    typed = words(old_password="", new_password1="", new_password2="") | {"name_email-first_name": "رضا"}
    assert signed_in.post(ACCOUNT, typed).status_code == 302
    assert User.objects.get(pk=person.pk).first_name == "رضا"
    assert has(person, OLD)
