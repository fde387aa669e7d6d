"""What staff note among themselves, and what may still be taken back, reaches the buyer nowhere. Nothing runs."""

from __future__ import annotations

import io
import json
import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from django.core.cache import cache
from django.core.files.storage import FileSystemStorage
from django.test import Client
from django.utils import timezone
from pypdf import PdfReader

from integrations.models import OutboxMessage
from integrations.outbox import deliver_due
from integrations.sandbox.server import start
from support.models import Attachment, Ticket
from support.services import attachment as files
from support.services.desk import Work, assign_ticket, log_work
from support.services.joining import merge_tickets, split_ticket
from support.services.ticket import close_ticket
from tests.api.clients import client_of
from tests.factories.customer import make_buyer
from tests.factories.support import actor_of, answer, make_agent, make_covered_device, make_ticket, note, reply
from tests.support.files import PDF, upload

pytestmark = pytest.mark.django_db
# One word that folding, escaping and the PDF engine leave alone; it stands in every secret.
SECRET = "mahramane7731"


@pytest.fixture(scope="module")
def running():
    with start(port=0) as sandbox:
        yield sandbox


@pytest.fixture
def world(running, settings, monkeypatch, tmp_path):
    cache.clear()
    running.reset()
    storage = FileSystemStorage(location=tmp_path)
    monkeypatch.setattr(Attachment._meta.get_field("file"), "storage", storage)
    monkeypatch.setattr(files, "private_storage", lambda: storage)
    settings.OUTBOUND_HOSTS = {running.url.removeprefix("http://")}
    settings.DIDAR_BASE_URL = f"{running.url}/didar/api"
    settings.KAVENEGAR_BASE_URL = f"{running.url}/kavenegar"
    return running


def text_of(response) -> str:
    return response.content.decode()


def unescaped(response) -> str:
    """JSON with its letters as they are read."""
    return json.dumps(response.json(), ensure_ascii=False)


def store(owner_id, name) -> Attachment:
    return files.store_upload(owner_id=owner_id, upload=upload(name, PDF), now=timezone.now())


def deliver_all():
    """Until nothing is left to tell, well after the last moment at which an answer can be taken back."""
    for minute in range(1, 4):
        moment = timezone.now() + timedelta(minutes=minute)
        deliver_due(now=lambda moment=moment: moment)
    assert not OutboxMessage.objects.exclude(status="delivered").exists()


def pages_of(ticket) -> list[str]:
    url = f"/tickets/{ticket.number}/"
    return [
        url,
        f"{url}print/",
        "/tickets/",
        f"/tickets/?q={SECRET}",
        f"/search/?q={SECRET}",
        f"/search/suggest/?q={SECRET}",
        f"/devices/{ticket.device_id}/",
        "/dashboard/",
        "/inbox/",
        "/tickets/new/",
    ]


def without_the_question(page: str) -> str:
    """Without what the buyer himself has typed into a search."""
    return re.sub(rf'value="{SECRET}"|[?&;]q={SECRET}|جست‌وجو: {SECRET}|«{SECRET}»', "", page)


def test_what_staff_note_appears_nowhere(world):
    buyer, agent = make_buyer(), make_agent()
    ticket = make_ticket(buyer)
    answer(ticket, agent, "پاسخ آشکار")
    kept = store(agent.pk, f"{SECRET}.pdf")
    note(ticket, agent, f"مشتری عصبانی است {SECRET}", attachment_ids=[kept.pk])
    work = Work(activity="phone", minutes=10, worked_on=timezone.now().date(), note=SECRET)
    log_work(number=ticket.number, work=work, actor=actor_of(agent), now=timezone.now())
    assign_ticket(number=ticket.number, assignee_id=agent.pk, actor=actor_of(agent), now=timezone.now())
    reply(ticket, "ممنون")
    on_its_way = store(agent.pk, "zood.pdf")
    answer(ticket, agent, "هنوز نرسیده zood5512", now=timezone.now(), attachment_ids=[on_its_way.pk])
    close_ticket(number=ticket.number, why=Ticket.ClosedWhy.SOLVED, actor=actor_of(agent), now=timezone.now())

    browser, api = Client(), client_of(buyer.user)
    browser.force_login(buyer.user)
    for path in pages_of(ticket):
        shown = browser.get(path)
        assert shown.status_code == 200, path
        assert SECRET not in without_the_question(text_of(shown)), path
        assert "zood" not in text_of(shown), path
    news = unescaped(browser.get(f"/tickets/{ticket.number}/news/?after=0"))
    assert "پاسخ آشکار" in news
    pdf = browser.get(f"/tickets/{ticket.number}/transcript.pdf").content
    on_paper = "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    url = "/api/v1/tickets/"
    told = [
        unescaped(api.get(path))
        for path in (url, f"{url}{ticket.number}/", f"{url}{ticket.number}/messages/", "/api/v1/inbox/")
    ]
    assert api.get(f"{url}?search={SECRET}").json()["count"] == 0
    assert api.get(f"/api/v1/search/?q={SECRET}").json()["count"] == 0
    for secret in (SECRET, "zood"):
        assert secret not in news
        assert secret not in on_paper
        assert secret.encode() not in pdf
        assert not [one for one in told if secret in one]
    for hidden in (kept, on_its_way):
        assert browser.get(f"/attachments/{hidden.pk}/").status_code == 404
        assert browser.get(f"/attachments/{hidden.pk}/?show=1").status_code == 404
        assert browser.get(f"/attachments/uploads/{hidden.pk}/").status_code == 404
        assert api.get(f"/api/v1/attachments/{hidden.pk}/").status_code == 404

    deliver_all()
    outside = json.dumps(world.snapshot(), ensure_ascii=False, default=str)
    assert ticket.number in outside
    assert SECRET not in outside
    assert "zood" not in outside
    assert SECRET not in json.dumps(list(buyer.inbox.values()), default=str)
    assert SECRET not in json.dumps(list(OutboxMessage.objects.values()), default=str)


def test_it_stays_hidden_when_tickets_are_merged_and_split(world):
    buyer, agent = make_buyer(), make_agent()
    device = make_covered_device(buyer)
    source, target = make_ticket(device=device), make_ticket(device=device)
    kept = store(agent.pk, f"{SECRET}.pdf")
    note(source, agent, SECRET, attachment_ids=[kept.pk])
    said = reply(source, "موضوع دیگری هم هست")
    merge_tickets(number=source.number, into=target.number, actor=actor_of(agent), now=timezone.now())
    made = split_ticket(message_id=said.pk, title="موضوع دیگر", actor=actor_of(agent), now=timezone.now())
    browser = Client()
    browser.force_login(buyer.user)
    for ticket in (target, made):
        for path in (*pages_of(ticket), f"/tickets/{ticket.number}/news/?after=0"):
            assert SECRET not in without_the_question(text_of(browser.get(path))), path
    assert browser.get(f"/attachments/{kept.pk}/").status_code == 404
    assert "Split off" not in text_of(browser.get(f"/tickets/{target.number}/"))
    assert "جدا شد" not in text_of(browser.get(f"/tickets/{target.number}/"))


# --- nothing runs ----------------------------------------------------------------------------------------------------

EVIL = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "javascript:alert(1)",
    "<a href='javascript:alert(1)'>x</a>",
    "</textarea><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<!--><script>alert(1)</script>-->",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<style>@import 'https://evil.example/x.css'</style>",
    "<form action=https://evil.example><button>x",
    "{{ 7|add:7 }}{% debug %}{# x #}",
    "${alert(1)}`",
    "\u202e<img src=x onerror=alert(1)>\u202c",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
]


class Elements(HTMLParser):
    """What a browser would make of a page: its elements, and the attributes that could run something."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if tag == "script" and not (values.get("src") or "").startswith("/static/"):
            self.found.append("script")
        if tag in {"iframe", "object", "embed", "animate", "base", "style"}:
            self.found.append(tag)
        if tag == "meta" and "http-equiv" in values:
            self.found.append("meta")
        for name, value in attrs:
            spoken = re.sub(r"\s", "", value or "").lower()
            if name.startswith("on") or name == "style" or name == "srcdoc":
                self.found.append(f"{tag} {name}")
            leads = name in {"href", "src", "action", "formaction"}
            if leads and not spoken.startswith(("/", "#", "?", "tel:")):
                self.found.append(f"{tag} {name}={value}")


def what_runs(page: str) -> list[str]:
    reader = Elements()
    reader.feed(page)
    return reader.found


def test_the_reader_sees_what_would_run():
    assert what_runs("<img src=/x onerror=alert(1)>") == ["img onerror"]
    assert what_runs("<script>1</script><a href='javascript:1'>") == ["script", "a href=javascript:1"]
    assert what_runs('<script src="/static/js/page.js"></script><a href="/x">') == []


@pytest.mark.parametrize("evil", EVIL)
def test_nothing_runs_in_any_field_or_file_name(world, evil):
    buyer = make_buyer(first_name=evil[:60])
    device = make_covered_device(buyer, identifier=f"SN{evil[:40]}")
    agent = make_agent(first_name=evil[:100])
    browser, api = Client(), client_of(buyer.user)
    browser.force_login(buyer.user)
    sent = {"device": device.pk, "title": evil, "description": f"{evil}\n{evil}", "importance": "urgent"}
    refused = browser.post("/tickets/new/", {**sent, "importance": evil})
    assert refused.status_code == 400
    named = upload(f"{evil.replace('/', ' ')[:60]}.pdf", PDF)
    assert browser.post("/tickets/new/", {**sent, "attachments": [named]}).status_code == 302
    ticket = Ticket.objects.get()
    answer(ticket, agent, evil)
    reply(ticket, evil)
    url = f"/tickets/{ticket.number}/"
    browser.post(f"{url}draft/", {"body": evil})
    browser.post("/tickets/new/draft/", {"title": evil, "body": evil})
    paths = [
        *(url, f"{url}print/", "/tickets/", f"/tickets/?q={evil}&status={evil}", "/tickets/new/", "/dashboard/"),
        *(f"/tickets/new/?device={evil}", f"/devices/{device.pk}/", "/inbox/", "/search/?q=SN"),
    ]
    for answered in (refused, *(browser.get(path) for path in paths)):
        shown = text_of(answered)
        assert what_runs(shown) == []
        assert "Traceback" not in shown
        policy = answered.headers["Content-Security-Policy"]
        assert "'unsafe-inline'" not in policy.partition("script-src")[2].partition(";")[0]
    close_ticket(number=ticket.number, why=Ticket.ClosedWhy.SOLVED, actor=actor_of(agent), now=timezone.now())
    browser.post(f"{url}rate/", {"stars": 2, "note": evil})
    assert what_runs(text_of(browser.get(url))) == []
    assert what_runs(browser.get(f"{url}news/?after=0").json()["html"]) == []
    for answered in (api.get("/api/v1/tickets/"), api.get(f"/api/v1{url}messages/"), api.get(f"/api/v1{url}")):
        assert answered.headers["Content-Type"] == "application/json"
    kept = Attachment.objects.filter(ticket=ticket).first()
    served = browser.get(f"/attachments/{kept.pk}/?show=1")
    assert served.headers["Content-Type"] == "application/pdf"
    assert "\n" not in served.headers["Content-Disposition"]
    assert b"".join(served.streaming_content) == PDF
    on_paper = browser.get(f"{url}transcript.pdf")
    assert on_paper.status_code == 200
    assert b"/JavaScript" not in on_paper.content
