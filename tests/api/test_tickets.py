"""Tickets over the REST face: the same rules as the pages, and nothing internal."""

import json

import pytest
from django.core.files.storage import FileSystemStorage
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customer.models import ServiceChoice
from support.models import Attachment, Ticket
from support.services import attachment as files
from support.services.joining import merge_tickets
from tests.api.clients import client_of, fields_of, problem_of
from tests.factories.customer import make_device, make_expired_device
from tests.factories.support import (
    actor_of,
    answer,
    choose,
    make_agent,
    make_covered_device,
    make_pay_per_case_device,
    make_ticket,
    note,
    reply,
)
from tests.support.files import HTML, PDF, picture, upload

pytestmark = pytest.mark.django_db
URL = "/api/v1/tickets/"


@pytest.fixture(autouse=True)
def _store(monkeypatch, tmp_path):
    storage = FileSystemStorage(location=tmp_path)
    monkeypatch.setattr(Attachment._meta.get_field("file"), "storage", storage)
    monkeypatch.setattr(files, "private_storage", lambda: storage)


def wish_for(device, **values):
    wish = {"device": device.pk, "title": "صدا", "description": "موتور صدا می‌دهد.", "importance": "high"}
    return wish | values


def test_a_ticket_is_opened_and_shown(api, buyer):
    device = make_covered_device(buyer)
    sent = api.post("/api/v1/attachments/", {"file": upload("a.jpg", picture())}, format="multipart")
    assert sent.status_code == 201
    assert set(sent.json()) == {"id", "name", "size", "content_type", "url"}
    made = api.post(URL, wish_for(device, attachments=[sent.json()["id"]]), format="json")
    assert made.status_code == 201
    body = made.json()
    expected = {"title": "صدا", "importance": "high", "importance_label": "زیاد", "status": "open", "closed_at": None}
    assert expected.items() <= body.items()
    assert body["attachments"][0]["id"] == sent.json()["id"]
    assert api.get(f"{URL}{body['number']}/").json() == body
    assert [row["number"] for row in api.get(URL).json()["results"]] == [body["number"]]
    assert b"".join(api.get(sent.json()["url"]).streaming_content)


GATES = [
    (make_covered_device, None, ""),
    (make_device, None, "sign_off.missing"),
    (make_expired_device, None, "service.expired"),
    (make_expired_device, ServiceChoice.Choice.WITHDRAW, "service.withdrawn"),
    (make_pay_per_case_device, None, "ticket.tariff_not_accepted"),
]


@pytest.mark.parametrize(("make", "choice", "code"), GATES)
def test_the_gate_is_that_of_the_pages(api, buyer, make, choice, code):
    device = make(buyer)
    if choice:
        choose(device, choice)
    made = api.post(URL, wish_for(device), format="json")
    if not code:
        assert made.status_code == 201
        return
    refused = problem_of(made, 409)
    assert refused["code"] == code
    assert ("next" in refused) == (code != "ticket.tariff_not_accepted")
    assert not Ticket.objects.exists()


def test_pay_per_case_is_opened_with_consent(api, buyer):
    device = make_pay_per_case_device(buyer)
    assert api.post(URL, wish_for(device, accept_tariff=True), format="json").status_code == 201


def test_the_same_key_opens_one_ticket_and_uploads_one_file(api, buyer):
    device, key = make_covered_device(buyer), {"HTTP_IDEMPOTENCY_KEY": "k1"}
    first, second = (api.post(URL, wish_for(device), format="json", **key) for _ in range(2))
    assert (first.json(), second.headers["Idempotent-Replay"]) == (second.json(), "true")
    assert Ticket.objects.count() == 1
    key = {"HTTP_IDEMPOTENCY_KEY": "k2"}
    for content, status in ((PDF, 201), (PDF, 201), (PDF + b" ", 422)):
        sent = api.post("/api/v1/attachments/", {"file": upload("a.pdf", content)}, format="multipart", **key)
        assert sent.status_code == status
    assert Attachment.objects.count() == 1


def test_bad_fields_are_named(api, buyer):
    device = make_covered_device(buyer)
    bad = wish_for(device, title="", description="ب" * 20_001, importance="burning")
    assert set(fields_of(api.post(URL, bad, format="json"))) == {"title", "description", "importance"}
    lying = api.post("/api/v1/attachments/", {"file": upload("a.jpg", HTML)}, format="multipart")
    assert fields_of(lying) == {"attachments": "attachment.lying_type"}
    assert fields_of(api.post("/api/v1/attachments/", {}, format="multipart")) == {"file": "required"}


def test_foreign_things_do_not_exist(api, buyer, other):
    ticket = make_ticket(other)
    kept = files.store_upload(owner_id=other.user_id, upload=upload("a.pdf", PDF), now=timezone.now())
    reply(ticket, attachment_ids=[kept.pk])
    problem_of(api.post(URL, wish_for(ticket.device), format="json"), 404)
    for path in (f"{URL}{ticket.number}/", f"{URL}{ticket.number}/messages/", f"/api/v1/attachments/{kept.pk}/"):
        problem_of(api.get(path), 404)
    for act in ("close", "reopen"):
        problem_of(api.post(f"{URL}{ticket.number}/{act}/"), 404)
    problem_of(api.post(f"{URL}{ticket.number}/messages/", {"body": "x"}, format="json"), 404)


def test_a_conversation_without_anything_internal(api, buyer):
    ticket, agent = make_ticket(buyer), make_agent()
    secret = files.store_upload(owner_id=agent.pk, upload=upload("secret.pdf", PDF), now=timezone.now())
    note(ticket, agent, "محرمانه", attachment_ids=[secret.pk])
    said = answer(ticket, agent, "پاسخ")
    answer(ticket, agent, "هنوز نرسیده", now=timezone.now())
    path = f"{URL}{ticket.number}/messages/"
    sent = api.post(path, {"body": "ممنون"}, format="json")
    assert sent.status_code == 201
    rows = api.get(path).json()["results"]
    assert [(row["body"], row["is_mine"]) for row in rows] == [("پاسخ", False), ("ممنون", True)]
    assert rows[0]["id"] == said.pk
    whole = json.dumps([rows, api.get(f"{URL}{ticket.number}/").json(), api.get(URL).json()], ensure_ascii=False)
    assert "محرمانه" not in whole
    assert "secret" not in whole
    assert api.get(f"{URL}?search=محرمانه").json()["count"] == 0
    problem_of(api.get(f"/api/v1/attachments/{secret.pk}/"), 404)


def test_reading_marks_read(api, buyer):
    ticket = make_ticket(buyer)
    answer(ticket, make_agent())
    assert api.get(URL).json()["results"][0]["unread"] is True
    api.get(f"{URL}{ticket.number}/messages/")
    assert api.get(URL).json()["results"][0]["unread"] is False


def test_closing_reopening_rating(api, buyer):
    path = f"{URL}{make_ticket(buyer).number}/"
    assert problem_of(api.post(f"{path}rating/", {"stars": 4}, format="json"), 409)["code"] == "ticket.not_ratable"
    assert api.post(f"{path}close/").json()["closed_why"] == "by_buyer"
    refused = problem_of(api.post(f"{path}messages/", {"body": "x"}, format="json"), 409)
    assert (refused["code"], refused["next"]["url"]) == ("ticket.closed", f"/tickets/{path.split('/')[-2]}/")
    assert api.post(f"{path}rating/", {"stars": 4}, format="json").json()["rating"] == 4
    assert fields_of(api.post(f"{path}rating/", {"stars": 9}, format="json")) == {"stars": "max_value"}
    assert api.post(f"{path}reopen/").json()["closed_at"] is None
    assert problem_of(api.post(f"{path}reopen/"), 409)["code"] == "ticket.not_closed"


def test_a_merged_ticket_names_the_other(api, buyer):
    device = make_covered_device(buyer)
    one, two = make_ticket(device=device), make_ticket(device=device)
    merge_tickets(number=one.number, into=two.number, actor=actor_of(make_agent()), now=timezone.now())
    assert api.get(f"{URL}{one.number}/").json()["merged_into"] == two.number


def test_the_list_is_filtered_and_takes_two_queries(api, buyer):
    device = make_covered_device(buyer)
    tickets = [make_ticket(device=device, importance=importance) for importance in ("low", "urgent", "low")]
    answer(tickets[0], make_agent())
    for query, count in {"status=answered": 1, "importance=low": 2, f"device={device.pk}": 3, "device=999": 0}.items():
        assert api.get(f"{URL}?{query}").json()["count"] == count, query
    with CaptureQueriesContext(connection) as queries:
        api.get(URL)
    assert len(queries) == 2
    with CaptureQueriesContext(connection) as queries:
        api.get(f"{URL}{tickets[0].number}/")
    assert len(queries) <= 4


def test_staff_have_no_tickets_here(staff_api):
    problem_of(staff_api.get(URL), 403)
    problem_of(client_of(make_agent()).post("/api/v1/attachments/", {}, format="multipart"), 403)
