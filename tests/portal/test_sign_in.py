"""The one door: who comes in, where to, and what the others are told."""

import re

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from customer.models import Trace
from customer.roles import Role
from customer.services.buyer import reset_password, set_buyer_active
from kernel.actor import SYSTEM
from tests.factories.customer import PASSWORD, make_buyer, make_staff, make_user

pytestmark = pytest.mark.django_db

RIGHT = {"username": "sara", "password": PASSWORD}


@pytest.fixture(autouse=True)
def _no_tries_yet():
    cache.clear()


@pytest.fixture
def sara():
    return make_buyer("sara")


# --- in ------------------------------------------------------------------------------------------------------------
def test_page_has_the_two_fields_and_no_way_to_register(client):
    content = client.get("/login/").content.decode()
    assert 'name="username"' in content
    assert 'name="password"' in content
    assert "register" not in content


@pytest.mark.usefixtures("sara")
@pytest.mark.parametrize("username", ["sara", " SARA ", "Sara"])
def test_buyer_comes_to_the_dashboard(client, username):
    assert client.post("/login/", RIGHT | {"username": username})["Location"] == "/dashboard/"
    assert client.get("/dashboard/").status_code == 200


def test_sign_in_leaves_a_trace(client, sara):
    client.post("/login/", RIGHT, HTTP_USER_AGENT="Safari")
    trace = Trace.objects.get(verb="signed_in")
    assert (trace.buyer, trace.ip, trace.agent) == (sara, "127.0.0.1", "Safari")


@pytest.mark.usefixtures("sara")
def test_buyer_comes_to_the_page_that_was_asked_for(client):
    assert client.get("/inbox/?show=unread")["Location"] == "/login/?next=/inbox/%3Fshow%3Dunread"
    content = client.get("/login/?next=/inbox/%3Fshow%3Dunread").content.decode()
    assert 'name="next" value="/inbox/?show=unread"' in content
    assert client.post("/login/", RIGHT | {"next": "/inbox/?show=unread"})["Location"] == "/inbox/?show=unread"


@pytest.mark.usefixtures("sara")
@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example/",
        "/\\evil.example/",
        "http:evil.example",
        "javascript:alert(1)",
        "/admin/",
        "\n//evil.example",
    ],
)
def test_nobody_is_sent_elsewhere(client, elsewhere):
    assert client.post("/login/", RIGHT | {"next": elsewhere})["Location"] == "/dashboard/"
    assert client.get("/login/", {"next": elsewhere})["Location"] == "/dashboard/"


def test_staff_come_to_the_admin_with_a_shorter_session(client, settings):
    make_staff(Role.SUPPORT, username="sahar")
    data = {"username": "sahar", "password": PASSWORD, "next": "/dashboard/"}
    assert client.post("/login/", data)["Location"] == "/admin/"
    assert client.session.get_expiry_age() == pytest.approx(settings.STAFF_SESSION_AGE.total_seconds(), abs=60)
    assert client.get("/login/?next=/admin/pages/")["Location"] == "/admin/pages/"


def test_session_of_a_buyer_lasts_as_long_as_set(client, sara, settings):
    client.post("/login/", RIGHT)
    assert client.session.get_expiry_age() == settings.SESSION_COOKIE_AGE


def test_account_without_any_role_finds_a_wall_and_no_circle(client):
    client.force_login(make_user())
    assert client.get("/login/").status_code == 403


@pytest.mark.usefixtures("sara")
def test_buyer_in_the_admin_is_led_home_and_not_in_a_circle(client):
    client.post("/login/", RIGHT)
    response = client.get("/admin/", follow=True)
    assert [url for url, _ in response.redirect_chain][-1] == "/dashboard/"


@pytest.mark.parametrize("path", ["/admin/", "/admin/login/", "/_util/login/"])
def test_every_other_door_leads_to_this_one(client, path):
    response = client.get(path, follow=True)
    assert response.redirect_chain[-1][0].startswith("/login/")
    assert response.status_code == 200


# --- not in --------------------------------------------------------------------------------------------------------
def answer(client, **data) -> tuple[int, str]:
    """Status and page, without what differs from one page to the next anyway."""
    response = client.post("/login/", data)
    page = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", response.content.decode())
    return response.status_code, page.replace(data["username"], "…")


def test_wrong_password_unknown_name_and_closed_account_look_the_same(client, sara):
    closed = make_buyer("omid")
    set_buyer_active(buyer_id=closed.pk, active=False, reason="", actor=SYSTEM, now=timezone.now())
    wrong = answer(client, username="sara", password="wrong")
    unknown = answer(client, username="nobody", password=PASSWORD)
    disabled = answer(client, username="omid", password=PASSWORD)
    assert wrong == unknown == disabled
    assert wrong[0] == 401
    assert "نام کاربری یا گذرواژه درست نیست" in wrong[1]


@pytest.mark.parametrize("missing", ["username", "password"])
def test_empty_field_is_named(client, missing):
    response = client.post("/login/", RIGHT | {missing: ""})
    assert list(response.context["form"].errors) == [missing]


def test_password_does_not_come_back_in_the_page(client):
    assert "hunter2-secret" not in client.post("/login/", RIGHT | {"password": "hunter2-secret"}).content.decode()


@pytest.mark.parametrize("username", ["sara", "nobody"])
def test_too_many_tries_close_the_door_for_a_while(client, sara, settings, username):
    settings.SIGN_IN_LIMITS = settings.SIGN_IN_LIMITS | {"account": 3}
    statuses = [client.post("/login/", {"username": username, "password": "wrong"}).status_code for _ in range(4)]
    assert statuses == [401, 401, 401, 429]
    response = client.post("/login/", {"username": username, "password": PASSWORD})
    assert response.status_code == 429
    assert 0 < int(response["Retry-After"]) <= 15 * 60
    assert "۱۵ دقیقه" in response.content.decode()


def test_tries_at_many_names_from_one_address_are_counted_together(client, settings):
    settings.SIGN_IN_LIMITS = settings.SIGN_IN_LIMITS | {"address": 2}
    statuses = [client.post("/login/", {"username": f"n{n}", "password": "x"}).status_code for n in range(3)]
    assert statuses == [401, 401, 429]


def test_name_in_other_letters_is_the_same_name_to_the_throttle(client, sara, settings):
    settings.SIGN_IN_LIMITS = settings.SIGN_IN_LIMITS | {"account": 2}
    names = ["sara", "SARA", " Sara "]
    assert [client.post("/login/", {"username": n, "password": "x"}).status_code for n in names] == [401, 401, 429]


# --- out -----------------------------------------------------------------------------------------------------------
def test_signing_out_needs_a_post(client, sara):
    client.force_login(sara.user)
    assert client.get("/logout/").status_code == 405
    assert client.get("/dashboard/").status_code == 200
    assert client.post("/logout/")["Location"] == "/login/"
    assert client.get("/dashboard/").status_code == 302


def test_reset_password_ends_the_session(client, sara):
    client.force_login(sara.user)
    reset_password(buyer_id=sara.pk, password="kaveh-2241-nowruz", actor=SYSTEM, now=timezone.now())
    assert client.get(reverse("dashboard")).status_code == 302
