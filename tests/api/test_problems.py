"""Whatever goes wrong is told as a problem document, in Persian."""

from __future__ import annotations

import json

import pytest
from rest_framework.test import APIClient

from customer.api.me import MeView
from kernel.refused import Refused
from tests.api.clients import fields_of, problem_of

CORRECTIONS = "/api/v1/me/corrections/"


@pytest.mark.parametrize("path", ["nope/", "nope", "", "devices", "devices/x/", "devices/-1/", "a%00b/"])
def test_an_unknown_address_is_404(api, anonymous, path):
    for client in (api, anonymous):
        assert problem_of(client.get(f"/api/v1/{path}"), 404)["code"] == "not_found"


@pytest.mark.parametrize("digits", [20, 5000])
def test_an_endless_number_is_404(api, digits):
    problem_of(api.get(f"/api/v1/devices/{'9' * digits}/"), 404)


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options", "trace"])
def test_a_wrong_method_is_405_and_names_the_right_ones(api, method):
    answer = api.generic(method.upper(), "/api/v1/me/")
    assert problem_of(answer, 405)["code"] == "method_not_allowed"
    assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize("path", ["schema/", "docs/"])
def test_the_documents_refuse_in_json_too(anonymous, db, path):
    problem_of(anonymous.post(f"/api/v1/{path}"), 405)


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/xml", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"],
)
def test_another_content_type_is_415(api, content_type):
    answer = api.generic("POST", CORRECTIONS, b"field=city", content_type=content_type)
    assert problem_of(answer, 415)["code"] == "unsupported_media_type"


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"not json",
        b"[1]",
        b'"text"',
        b"null",
        b"NaN",
        b'{"years": Infinity}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
        b'{"years": ' + b"9" * 5_000 + b"}",
    ],
    ids=range(11),
)
def test_malformed_json_is_400(api, body):
    answer = api.generic("POST", CORRECTIONS, body, content_type="application/json")
    assert problem_of(answer, 400)["code"] == "parse_error"


def test_a_body_beyond_the_limit_is_413(api, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000
    body = json.dumps({"note": "x" * 2_000})
    assert problem_of(api.generic("POST", CORRECTIONS, body, content_type="application/json"), 413)["code"]


def test_a_bug_is_500_and_tells_nothing(buyer, api, monkeypatch, caplog):
    def bug(_view, _request):
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr(MeView, "get", bug)
    api.raise_request_exception = False
    answer = api.get("/api/v1/me/")
    assert problem_of(answer, 500)["code"] == "server_error"
    assert "secret" not in answer.content.decode()
    assert "the secret of the house" in caplog.text  # told to those who run the house


def test_a_refusal_carries_its_way_on(buyer, api, monkeypatch):
    def refuse(_view, _request):
        raise Refused("service.expired", "خدمات پایان یافته است.", next_label="تمدید", next_url="/devices/1/service/")

    monkeypatch.setattr(MeView, "get", refuse)
    body = problem_of(api.get("/api/v1/me/"), 409)
    assert body["next"] == {"label": "تمدید", "url": "/devices/1/service/"}
    assert "errors" not in body


def test_the_language_of_the_client_changes_nothing(api):
    answer = api.post(CORRECTIONS, {"field": "x"}, format="json", HTTP_ACCEPT_LANGUAGE="en")
    assert fields_of(answer) == {"field": "invalid_choice", "proposed": "required"}
    for row in answer.json()["errors"]:
        assert "valid" not in row["detail"]


@pytest.mark.parametrize("accept", ["application/xml", "text/html", "application/problem+json", "garbage", ""])
def test_answers_are_json_whatever_is_accepted(api, accept):
    answer = api.get("/api/v1/me/", HTTP_ACCEPT=accept)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")


LISTS = ["devices/", "orders/", "inbox/", "auth/tokens/", "me/corrections/"]


@pytest.mark.parametrize("path", LISTS)
def test_lists_have_one_shape_and_bounded_pages(api, device, path):
    body = api.get(f"/api/v1/{path}?page_size=100000").json()
    assert body.keys() == {"count", "next", "previous", "results"}
    for page in ("2", "9" * 30):
        problem_of(api.get(f"/api/v1/{path}?page={page}"), 404)
    for number in ("0", "-1", "x", "", "1.5", "9" * 5000):
        assert list(fields_of(api.get(f"/api/v1/{path}?page={number}"))) == ["page"]
        assert list(fields_of(api.get(f"/api/v1/{path}?page_size={number}"))) == ["page_size"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("devices/?ordering=owner", "ordering"),
        ("devices/?ordering=", "ordering"),
        ("devices/?service_status=gone", "service_status"),
        ("devices/?service_status=", "service_status"),
        ("orders/?status=unpaid", "status"),
        ("orders/?ordering=buyer__national_code", "ordering"),
        ("inbox/?unread=maybe", "unread"),
        ("inbox/?kind=x", "kind"),
        ("me/corrections/?status=x", "status"),
        (f"devices/?search={'ا' * 101}", "search"),
        (f"orders/?search={'ا ' * 3000}", "search"),
    ],
)
def test_a_query_that_means_nothing_is_400(api, query, field):
    assert list(fields_of(api.get(f"/api/v1/{query}"))) == [field]


@pytest.mark.parametrize(
    "search", ["a" * 100, "ا " * 50, "%00", "%", "_", "'; drop table", "\ud800".encode("utf-8", "surrogatepass")]
)
@pytest.mark.parametrize("path", ["devices/", "orders/", "inbox/"])
def test_any_search_is_answered(api, path, search):
    assert api.get(f"/api/v1/{path}", {"search": search}).json()["count"] == 0


def test_private_answers_are_kept_by_no_cache(api, anonymous, device):
    assert "no-store" in api.get("/api/v1/devices/").headers["Cache-Control"]


def test_pages_keep_their_own_errors(db):
    client = APIClient()
    answer = client.get("/no-such-page/", follow=True)
    assert "json" not in answer.headers["Content-Type"]
