"""Signing in and out of the REST face."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings as django_settings
from django.test import Client
from django.utils import timezone
from knox.models import AuthToken
from rest_framework.test import APIClient

from customer.models import Trace
from customer.services.token import purge_tokens
from tests.api.clients import client_of, fields_of, problem_of
from tests.factories.customer import PASSWORD, make_buyer, make_staff

TOKEN = "/api/v1/auth/token/"
TOKENS = "/api/v1/auth/tokens/"


def sign_in(client, username="sara", password=PASSWORD):
    return client.post(TOKEN, {"username": username, "password": password}, format="json")


def test_sign_in_gives_a_token_that_works(buyer, anonymous):
    response = sign_in(anonymous)
    assert response.status_code == 200
    body = response.json()
    assert body.keys() == {"token", "expires_at"}
    assert body["expires_at"].endswith("Z")
    me = anonymous.get("/api/v1/me/", HTTP_AUTHORIZATION=f"Bearer {body['token']}")
    assert me.json()["username"] == "sara"
    assert list(Trace.objects.values_list("verb", flat=True).order_by("pk")) == ["signed_in", "token.issued"]


def test_the_token_is_kept_as_a_hash(buyer, anonymous):
    text = sign_in(anonymous).json()["token"]
    row = AuthToken.objects.get()
    assert text not in {row.digest, row.token_key}
    assert len(row.token_key) < len(text) / 4


@pytest.mark.parametrize("username", ["SARA", "  sara ", "sara\u200e"])
def test_sign_in_takes_the_name_as_people_type_it(buyer, anonymous, username):
    assert sign_in(anonymous, username).status_code == 200


def test_unknown_wrong_and_closed_get_the_same_answer(buyer, anonymous):
    closed = make_buyer("omid")
    closed.user.is_active = False
    closed.user.save()
    answers = [sign_in(anonymous, "nobody"), sign_in(anonymous, "sara", "no-such-word"), sign_in(anonymous, "omid")]
    bodies = [problem_of(answer, 401) for answer in answers]
    assert bodies[0]["code"] == "sign_in.failed"
    assert bodies[0] == bodies[1] == bodies[2]
    assert {answer.headers["WWW-Authenticate"] for answer in answers} == {"Bearer"}
    assert not AuthToken.objects.exists()


def test_too_many_tries_are_refused_even_with_the_right_password(buyer, anonymous):
    for _ in range(5):
        problem_of(sign_in(anonymous, password="wrong"), 401)
    answer = sign_in(anonymous)
    assert problem_of(answer, 429)["code"] == "throttled"
    assert 0 < int(answer.headers["Retry-After"]) <= 900


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"username", "password"}),
        ({"username": "sara"}, {"password"}),
        ({"username": "", "password": ""}, {"username", "password"}),
        ({"username": None, "password": ["x"]}, {"username", "password"}),
        ({"username": "a" * 151, "password": "p" * 257}, {"username", "password"}),
        ({"username": "sa\x00ra", "password": "x"}, {"username"}),
    ],
)
def test_malformed_credentials_name_their_fields(db, anonymous, body, fields):
    rows = problem_of(anonymous.post(TOKEN, body, format="json"), 400)["errors"]
    assert {row["field"] for row in rows} == fields


def test_half_a_character_is_no_name(db, anonymous):
    body = rb'{"username": "\ud800", "password": "x"}'
    answer = anonymous.generic("POST", TOKEN, body, content_type="application/json")
    assert fields_of(answer) == {"username": "surrogate_characters_not_allowed"}


def test_an_old_token_does_not_keep_anybody_from_signing_in(buyer, anonymous):
    anonymous.credentials(HTTP_AUTHORIZATION="Bearer of-bad-news")
    assert sign_in(anonymous).status_code == 200


def test_the_twenty_first_token_ends_the_first(buyer, anonymous, settings):
    settings.REST_KNOX = {**django_settings.REST_KNOX, "TOKEN_LIMIT_PER_USER": 2}
    first, _second, third = [sign_in(anonymous).json()["token"] for _ in range(3)]
    assert AuthToken.objects.count() == 2
    problem_of(APIClient().get("/api/v1/me/", HTTP_AUTHORIZATION=f"Bearer {first}"), 401)
    assert APIClient().get("/api/v1/me/", HTTP_AUTHORIZATION=f"Bearer {third}").status_code == 200


def test_sign_out_ends_this_token_only(buyer, api):
    another = client_of(buyer.user)
    assert api.delete(TOKEN).status_code == 204
    assert problem_of(api.get("/api/v1/me/"), 401)["code"] == "authentication_failed"
    assert another.get("/api/v1/me/").status_code == 200


def test_tokens_are_listed_without_secrets(buyer, api, other):
    client_of(other.user)
    client_of(buyer.user)
    body = api.get(TOKENS).json()
    assert body["count"] == 2
    assert body["results"][0].keys() == {"key", "created_at", "expires_at", "is_current"}
    assert [row["is_current"] for row in body["results"]] == [False, True]


def test_a_listed_token_can_be_revoked(buyer, api):
    another = client_of(buyer.user)
    key = api.get(TOKENS).json()["results"][0]["key"]
    assert api.delete(f"{TOKENS}{key}/").status_code == 204
    problem_of(another.get("/api/v1/me/"), 401)
    problem_of(api.delete(f"{TOKENS}{key}/"), 404)


def test_a_foreign_token_cannot_be_revoked(api, other):
    theirs = client_of(other.user)
    key = AuthToken.objects.get(user=other.user).token_key
    problem_of(api.delete(f"{TOKENS}{key}/"), 404)
    assert theirs.get("/api/v1/me/").status_code == 200


def test_signing_out_everywhere_ends_tokens_and_page_sessions(buyer, api):
    browser = Client()
    browser.force_login(buyer.user)
    assert api.delete(TOKENS).status_code == 204
    problem_of(api.get("/api/v1/me/"), 401)
    problem_of(browser.get("/api/v1/me/"), 401)


def test_an_expired_token_is_no_token(buyer, api):
    with time_machine.travel(timezone.now() + timedelta(days=31), tick=False):
        assert problem_of(api.get("/api/v1/me/"), 401)["code"] == "authentication_failed"
        assert purge_tokens(now=timezone.now()) == 1
    assert not AuthToken.objects.exists()


def test_a_closed_account_has_no_token(buyer, api):
    buyer.user.is_active = False
    buyer.user.save()
    problem_of(api.get("/api/v1/me/"), 401)


BAD_HEADERS = ["Bearer", "Bearer a b", "Bearer x", "Bearer \xff", "Bearer \x00", "Token x", "Basic c2FyYTp4", ""]


@pytest.mark.parametrize("header", BAD_HEADERS)
def test_a_bad_authorization_header_is_401(db, header):
    answer = APIClient().get("/api/v1/me/", HTTP_AUTHORIZATION=header)
    problem_of(answer, 401)
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_staff_get_tokens_but_no_buyers_resources(db, anonymous):
    make_staff(username="support")
    token = sign_in(anonymous, "support").json()["token"]
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    assert problem_of(client.get("/api/v1/me/"), 403)["code"] == "permission_denied"
    assert client.delete(TOKEN).status_code == 204
    problem_of(client.delete(TOKEN), 401)


def test_the_session_of_the_pages_reads(buyer):
    browser = Client()
    browser.force_login(buyer.user)
    assert browser.get("/api/v1/me/").json()["username"] == "sara"


def test_the_session_of_the_pages_writes_only_with_csrf(buyer):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(buyer.user)
    assert problem_of(browser.post("/api/v1/inbox/read-all/"), 403)["code"] == "csrf.failed"
    browser.cookies["csrftoken"] = "a" * 32
    answer = browser.post("/api/v1/inbox/read-all/", "", "application/json", headers={"X-CSRFToken": "a" * 32})
    assert answer.json() == {"count": 0}


def test_a_token_needs_no_csrf(buyer):
    client = APIClient(enforce_csrf_checks=True)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {AuthToken.objects.create(buyer.user)[1]}")
    assert client.post("/api/v1/inbox/read-all/").status_code == 200


def test_calls_are_limited_per_person(buyer, api, other, settings):
    settings.API_LIMITS = {**django_settings.API_LIMITS, "person": 2}
    assert [api.get("/api/v1/me/").status_code for _ in range(2)] == [200, 200]
    answer = api.get("/api/v1/me/")
    assert problem_of(answer, 429)["code"] == "throttled"
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert client_of(other.user).get("/api/v1/me/").status_code == 200


def test_authentication_costs_one_query(buyer, api, django_assert_num_queries):
    with django_assert_num_queries(1):
        api.get("/api/v1/me/")
