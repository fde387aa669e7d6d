"""Who may open the buyers' pages at all."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from customer.services.buyer import set_buyer_active
from kernel.actor import SYSTEM
from tests.factories.customer import make_buyer, make_device, make_user

pytestmark = pytest.mark.django_db

PAGES = [
    "/dashboard/",
    "/devices/",
    "/devices/1/",
    "/inbox/",
    "/inbox/1/",
    "/inbox/1/acknowledge/",
    "/inbox/read-all/",
    "/profile/",
    "/profile/password/",
    "/profile/corrections/new/",
    "/profile/tokens/abc/revoke/",
    "/profile/sign-out-everywhere/",
]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("method", ["get", "post"])
def test_visitor_is_sent_to_sign_in(client, path, method):
    response = getattr(client, method)(path)
    assert (response.status_code, response["Location"]) == (302, f"/login/?next={path}")


@pytest.mark.parametrize("path", PAGES)
def test_staff_have_no_buyers_pages(client, path):
    client.force_login(make_user())
    assert client.get(path).status_code == 403


@pytest.mark.parametrize("path", ["/inbox/read-all/", "/profile/sign-out-everywhere/", "/profile/tokens/abc/revoke/"])
def test_acts_do_nothing_when_only_looked_at(client, path):
    buyer = make_buyer()
    client.force_login(buyer.user)
    assert client.get(path).status_code == 302
    buyer.user.refresh_from_db()
    assert buyer.user.session_epoch == 0


def test_acts_need_a_token_against_forgery():
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_buyer().user)
    assert client.post(reverse("inbox_read_all")).status_code == 403


def test_session_of_a_closed_account_ends_at_the_next_click(client):
    device = make_device()
    client.force_login(device.owner.user)
    assert client.get("/devices/").status_code == 200
    set_buyer_active(buyer_id=device.owner_id, active=False, reason="", actor=SYSTEM, now=timezone.now())
    assert client.get("/devices/").status_code == 302


def test_pages_are_kept_by_no_cache(client):
    client.force_login(make_buyer().user)
    assert "no-store" in client.get("/profile/")["Cache-Control"]
