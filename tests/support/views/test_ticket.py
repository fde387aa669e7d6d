"""A buyer's pages of the support desk."""

import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.core.files.storage import FileSystemStorage
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from customer.models import Device, ServiceChoice, Trace
from kernel.persian import persian_digits
from support.models import Attachment, Message, Ticket, TicketDraft
from support.services import attachment as files
from support.services.joining import merge_tickets
from support.services.ticket import close_ticket
from support.suggestions import Suggestion
from tests.factories.customer import make_buyer, make_device, make_expired_device
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
from tests.support.files import HTML, MP4, PDF, picture, upload

pytestmark = pytest.mark.django_db
XSS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "<svg/onload=alert(1)>",
    "javascript:alert(1)",
    "{{ 7|add:7 }}{% debug %}",
    "</textarea><script>alert(1)</script>",
    "<a href='javascript:alert(1)'>x</a>",
]


@pytest.fixture(autouse=True)
def _fresh(monkeypatch, tmp_path):
    cache.clear()
    storage = FileSystemStorage(location=tmp_path)
    monkeypatch.setattr(Attachment._meta.get_field("file"), "storage", storage)
    monkeypatch.setattr(files, "private_storage", lambda: storage)


@pytest.fixture
def buyer(client):
    buyer = make_buyer()
    client.force_login(buyer.user)
    return buyer


def text_of(response) -> str:
    return response.content.decode()


def wish_for(device, **values):
    wish = {"device": device.pk, "title": "صدای ناهنجار", "description": "موتور صدا می‌دهد.", "importance": "high"}
    return wish | values


def refused_text(answered) -> str:
    return re.sub(r"\s+", " ", text_of(answered))


# --- the list --------------------------------------------------------------------------------------------------------


def queries_of(client, url) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return [query["sql"] for query in queries]


def test_the_list_takes_six_queries_whatever_its_length(client, buyer):
    device = make_covered_device(buyer)
    make_ticket(device=device)
    client.get("/tickets/")
    one = queries_of(client, "/tickets/")
    for _ in range(3):
        make_ticket(device=device)
    assert len(queries_of(client, "/tickets/")) == len(one) <= 6


def test_the_list_filters_searches_and_marks_the_unread(client, buyer):
    device = make_covered_device(buyer, identifier="ZX-778")
    first = make_ticket(device=device, title="صفحه‌نمایش خاموش", importance="urgent")
    second = make_ticket(device=device, title="نصب نرم‌افزار", importance="low")
    answer(first, make_agent())
    theirs = make_ticket()
    shown = text_of(client.get("/tickets/"))
    assert first.title in shown
    assert second.title in shown
    assert theirs.title not in shown
    assert shown.count("row-unread") == 1
    for query, hits in {
        "status=answered": {first},
        "status=open": {second},
        "status=unread": {first},
        "status=closed": set(),
        "importance=low": {second},
        f"device={device.pk}": {first, second},
        "q=صفحه نمايش": {first},
        "q=صفحهنمایش خاموش": {first},
        "q=نرمافزار": {second},
        "q=zx-۷۷۸": {first, second},
        f"q={second.number}": {second},
        "status=nonsense&importance=nonsense&device=nonsense": {first, second},
    }.items():
        shown = text_of(client.get(f"/tickets/?{query}"))
        assert {ticket for ticket in (first, second) if ticket.title in shown} == hits, query


def test_an_empty_list_leads_to_a_new_ticket(client, buyer):
    assert reverse("ticket_new") in text_of(client.get("/tickets/"))


# --- a new ticket ----------------------------------------------------------------------------------------------------


def test_a_ticket_with_files_is_opened_without_any_script(client, buyer):
    device = make_covered_device(buyer)
    sent = [upload("عکس.jpg", picture()), upload("log.txt", b"E12")]
    response = client.post("/tickets/new/", wish_for(device, attachments=sent))
    ticket = Ticket.objects.get()
    assert response.url == f"/tickets/{ticket.number}/"
    assert ticket.attachments.count() == 2
    shown = text_of(client.get(response.url))
    for text in ("صدای ناهنجار", "موتور صدا می‌دهد.", "log.txt", persian_digits(ticket.number)):
        assert text in shown


GATES = [
    (make_covered_device, None, ""),
    (make_pay_per_case_device, None, ""),
    (make_device, None, "/sign-offs/"),
    (make_expired_device, None, "/service/"),
    (make_expired_device, ServiceChoice.Choice.WITHDRAW, "/service/"),
]


@pytest.mark.parametrize(("make", "choice", "way_on"), GATES)
def test_each_device_stands_there_with_the_gates_answer(client, buyer, make, choice, way_on):
    device = make(buyer)
    if choice:
        choose(device, choice)
    shown = text_of(client.get("/tickets/new/"))
    can_choose = f'name="device" value="{device.pk}"' in shown
    assert can_choose == (not way_on)
    assert ("choice-shut" in shown) == bool(way_on)
    assert way_on in shown
    response = client.post("/tickets/new/", wish_for(device))
    opens = not way_on and make is not make_pay_per_case_device
    assert response.status_code == (302 if opens else 409)
    assert Ticket.objects.exists() == opens
    if not opens:
        assert "موتور صدا می‌دهد." in text_of(client.post("/tickets/new/", wish_for(device))) or way_on


def test_pay_per_case_is_opened_with_consent_only(client, buyer):
    device = make_pay_per_case_device(buyer)
    refused = client.post("/tickets/new/", wish_for(device))
    assert refused.status_code == 409
    assert "موتور صدا می‌دهد." in text_of(refused)
    assert client.post("/tickets/new/", wish_for(device, accept_tariff="on")).status_code == 302
    assert Ticket.objects.get().tariff_accepted_at is not None


def test_what_is_missing_is_said_and_nothing_typed_is_lost(client, buyer):
    device = make_covered_device(buyer)
    kept = upload("a.pdf", PDF)
    response = client.post("/tickets/new/", wish_for(device, title="", attachments=[kept]))
    shown = text_of(response)
    assert response.status_code == 400
    assert "موتور صدا می‌دهد." in shown
    pk = Attachment.objects.get().pk
    assert f'name="attachments" value="{pk}" checked' in shown
    again = client.post("/tickets/new/", wish_for(device, attachments=[pk]))
    assert Attachment.objects.get().ticket == Ticket.objects.get(number=again.url.split("/")[2])


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ([("a.jpg", HTML)], "a.jpg:"),
        ([("empty.pdf", b"")], "empty.pdf:"),
        ([(f"{n}.pdf", PDF) for n in range(30)], "حداکثر"),
    ],
)
def test_files_that_are_not_taken_are_named_and_the_text_stays(client, buyer, sent, says):
    device = make_covered_device(buyer)
    response = client.post("/tickets/new/", wish_for(device, attachments=[upload(*one) for one in sent]))
    shown = text_of(response)
    assert response.status_code == 400
    assert says in shown
    assert "موتور صدا می‌دهد." in shown
    assert not Ticket.objects.exists()


def test_a_description_of_a_megabyte_is_refused_and_kept(client, buyer):
    device = make_covered_device(buyer)
    response = client.post("/tickets/new/", wish_for(device, description="ب" * 500_000))
    assert response.status_code == 400
    assert "ب" * 500_000 in text_of(response)


def test_a_foreign_device_cannot_be_chosen(client, buyer):
    make_covered_device(buyer)
    assert client.post("/tickets/new/", wish_for(make_covered_device())).status_code == 400
    assert not Ticket.objects.exists()


def suggest(text, device, buyer):
    return [Suggestion(key="12", title=f"راهنمای {text}", url="/knowledge/12/", summary=str(device))]


def test_articles_are_suggested_and_solving_is_counted(client, buyer, settings):
    settings.TICKET_SUGGESTIONS = [f"{__name__}.suggest"]
    device = make_covered_device(buyer)
    found = client.get("/tickets/new/suggestions/", {"text": "خطای ۱۲", "device": device.pk}).json()["suggestions"]
    assert (found[0]["title"], found[0]["summary"]) == ("راهنمای خطای ۱۲", str(device))
    foreign = make_covered_device()
    found = client.get("/tickets/new/suggestions/", {"text": "خطای ۱۲", "device": foreign.pk}).json()["suggestions"]
    assert found[0]["summary"] == "None"
    assert client.get("/tickets/new/suggestions/", {"text": "خ"}).json() == {"suggestions": []}
    assert "data-suggestions" in text_of(client.get("/tickets/new/"))
    client.post("/tickets/new/solved/", {"key": "12"})
    assert Trace.objects.get(verb="ticket.solved_by_article").subject == "article:12"


def test_a_draft_of_a_new_ticket_comes_back_until_it_was_sent(client, buyer):
    device = make_covered_device(buyer)
    client.post("/tickets/new/draft/", {"title": "ناتمام", "body": "داشتم می‌نوشتم"})
    shown = text_of(client.get("/tickets/new/"))
    assert 'value="ناتمام"' in shown
    assert "داشتم می‌نوشتم" in shown
    refused = client.post("/tickets/new/", wish_for(device, title=""))
    assert "draft_sent" not in refused.cookies
    assert TicketDraft.objects.exists()
    assert client.post("/tickets/new/", wish_for(device)).cookies["draft_sent"].value == "ticket-new"
    assert not TicketDraft.objects.exists()
    assert "داشتم می‌نوشتم" not in text_of(client.get("/tickets/new/"))


# --- the conversation ------------------------------------------------------------------------------------------------


def test_the_detail_takes_few_queries_whatever_was_said(client, buyer):
    ticket, agent = make_ticket(buyer), make_agent()
    answer(ticket, agent)
    url = f"/tickets/{ticket.number}/"
    client.get(url)
    one = queries_of(client, url)
    for _ in range(10):
        reply(ticket)
    for _ in range(3):
        stored = files.store_upload(owner_id=buyer.user_id, upload=upload("a.pdf", PDF), now=timezone.now())
        reply(ticket, attachment_ids=[stored.pk])
    assert len(queries_of(client, url)) == len(one) <= 8


def test_a_reply_is_sent_and_shown(client, buyer):
    ticket = make_ticket(buyer)
    response = client.post(
        f"/tickets/{ticket.number}/", {"body": "هنوز خاموش است", "attachments": [upload("a.mp4", MP4)]}
    )
    message = Message.objects.get()
    assert response.url == f"/tickets/{ticket.number}/#m{message.pk}"
    shown = text_of(client.get(response.url))
    assert "هنوز خاموش است" in shown
    assert f'id="m{message.pk}"' in shown
    assert "<video" in shown


def test_a_reply_to_a_closed_ticket_is_refused_and_shown_again(client, buyer):
    ticket = make_ticket(buyer)
    close_ticket(number=ticket.number, why=Ticket.ClosedWhy.SOLVED, actor=actor_of(make_agent()), now=timezone.now())
    response = client.post(f"/tickets/{ticket.number}/", {"body": "یک چیز دیگر هم هست"})
    assert response.status_code == 409
    assert "یک چیز دیگر هم هست" in text_of(response)
    assert f"/tickets/{ticket.number}/reopen/" in text_of(response)


def test_reading_marks_the_answer_read_and_a_look_ahead_does_not(client, buyer):
    ticket = make_ticket(buyer)
    answer(ticket, make_agent())
    client.head(f"/tickets/{ticket.number}/")
    ticket.refresh_from_db()
    assert ticket.is_unread(timezone.now())
    client.get(f"/tickets/{ticket.number}/")
    ticket.refresh_from_db()
    assert not ticket.is_unread(timezone.now())


def test_an_answer_appears_without_a_reload_once_it_cannot_be_taken_back(client, buyer):
    ticket, agent = make_ticket(buyer), make_agent()
    news = f"/tickets/{ticket.number}/news/"
    before = client.get(news, {"after": 0}).json()
    assert (before["html"], before["last"]) == ("", 0)
    early = answer(ticket, agent, "زود", now=timezone.now())
    assert client.get(news, {"after": 0}).json()["html"] == ""
    early.deliver_after = timezone.now() - timedelta(seconds=1)
    early.save(update_fields=["deliver_after"])
    after = client.get(news, {"after": 0}).json()
    assert "زود" in after["html"]
    assert after["last"] == early.pk
    assert client.get(news, {"after": early.pk}).json()["html"] == ""


def test_an_answer_appears_although_the_buyer_wrote_before_it_arrived(client, buyer):
    ticket, agent, now = make_ticket(buyer), make_agent(), timezone.now()
    early = answer(ticket, agent, "پاسخی که در راه بود", now=now - timedelta(seconds=9))
    mine = reply(ticket, "هنوز هم خاموش است", now=now - timedelta(seconds=5))
    news = f"/tickets/{ticket.number}/news/"
    assert client.get(news, {"after": mine.pk}).json()["html"] == ""
    Message.objects.filter(pk=early.pk).update(deliver_after=now - timedelta(seconds=1))
    told = client.get(news, {"after": mine.pk}).json()
    assert "پاسخی که در راه بود" in told["html"]
    assert "هنوز هم خاموش است" not in told["html"]
    assert told["last"] == mine.pk


def test_internal_notes_appear_nowhere(client, buyer):
    ticket, agent = make_ticket(buyer), make_agent()
    note(ticket, agent, "یادداشت‌محرمانه", attachment_ids=[])
    secret = files.store_upload(owner_id=agent.pk, upload=upload("محرمانه.pdf", PDF), now=timezone.now())
    note(ticket, agent, "یادداشت‌محرمانه دو", attachment_ids=[secret.pk])
    url = f"/tickets/{ticket.number}/"
    for path in (url, f"{url}print/", f"{url}news/?after=0", "/tickets/"):
        assert "محرمانه" not in text_of(client.get(path)).encode().decode("unicode_escape", "ignore") + text_of(
            client.get(path)
        )
    assert ticket.title not in text_of(client.get("/tickets/?q=محرمانه"))
    assert client.get(f"/attachments/{secret.pk}/").status_code == 404


@pytest.mark.parametrize("evil", XSS)
def test_nothing_that_people_write_runs(client, buyer, evil):
    device = make_covered_device(buyer)
    name = f"{evil.replace('/', ' ')[:60]}.pdf"
    sent = wish_for(device, title=evil, description=evil, attachments=[upload(name, PDF)])
    assert client.post("/tickets/new/", sent).status_code == 302
    ticket = Ticket.objects.get()
    answer(ticket, make_agent(first_name=evil[:100]), evil)
    reply(ticket, evil)
    url = f"/tickets/{ticket.number}/"
    client.post(f"{url}draft/", {"body": evil})
    pages = [url, f"{url}print/", "/tickets/", f"/tickets/?q={evil}", "/tickets/new/"]
    news = client.get(f"{url}news/?after=0").json()["html"]
    for shown in (*(text_of(client.get(page)) for page in pages), news):
        bare = re.sub(r'<script type="module" src="[^"]*"></script>', "", shown)
        assert "<script" not in bare
        assert not re.search(r"<[^>]*\son\w+\s*=", re.sub(r'"[^"]*"', '""', bare))
        assert 'href="javascript' not in bare.lower()
        assert "href='javascript" not in bare.lower()
        assert "{'" not in shown or "debug" not in shown
    assert "14" not in news.replace("۱۴", "") or "{{" in news or evil != XSS[4]


def test_closing_reopening_and_rating(client, buyer):
    ticket = make_ticket(buyer)
    url = f"/tickets/{ticket.number}/"
    assert client.get(f"{url}close/").url == url
    client.post(f"{url}close/")
    assert "stars-5" in text_of(client.get(url))
    assert client.post(f"{url}rate/", {"note": "بی‌ستاره"}).status_code == 400
    client.post(f"{url}rate/", {"stars": "4", "note": "خوب بود"})
    ticket.refresh_from_db()
    assert (ticket.rating, ticket.rating_note) == (4, "خوب بود")
    client.post(f"{url}reopen/")
    ticket.refresh_from_db()
    assert ticket.closed_at is None


def test_a_merged_ticket_leads_to_where_it_went(client, buyer):
    device = make_covered_device(buyer)
    one, two = make_ticket(device=device), make_ticket(device=device)
    merge_tickets(number=one.number, into=two.number, actor=actor_of(make_agent()), now=timezone.now())
    assert client.get(f"/tickets/{one.number}/").url == f"/tickets/{two.number}/"
    assert one.description in text_of(client.get(f"/tickets/{two.number}/"))


def test_after_a_transfer_the_new_owner_sees_nothing_old(client, buyer):
    ticket = make_ticket()
    Device.objects.filter(pk=ticket.device_id).update(owner=buyer)
    assert ticket.title not in text_of(client.get("/tickets/"))
    assert client.get(f"/tickets/{ticket.number}/").status_code == 404
    assert ticket.title not in text_of(client.get(f"/devices/{ticket.device_id}/"))


def test_a_ticket_stands_in_the_timeline_of_its_device(client, buyer):
    ticket = make_ticket(buyer)
    assert f"/tickets/{ticket.number}/" in text_of(client.get(f"/devices/{ticket.device_id}/"))


def test_a_draft_is_kept_on_the_server(client, buyer):
    ticket = make_ticket(buyer)
    client.post(f"/tickets/{ticket.number}/draft/", {"body": "نیمه‌کاره"})
    assert TicketDraft.objects.get().body == "نیمه‌کاره"
    assert "نیمه‌کاره" in text_of(client.get(f"/tickets/{ticket.number}/"))


# --- files -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def video(buyer):
    ticket = make_ticket(buyer)
    stored = files.store_upload(owner_id=buyer.user_id, upload=upload("فیلم.mp4", MP4), now=timezone.now())
    reply(ticket, attachment_ids=[stored.pk])
    return stored


def test_a_file_comes_inert(client, video):
    response = client.get(f"/attachments/{video.pk}/")
    assert b"".join(response.streaming_content) == MP4
    assert response.headers["Content-Type"] == "video/mp4"
    assert response.headers["Content-Disposition"].startswith("attachment; filename*=utf-8''%D9%81")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'; ")
    assert response.headers["Content-Security-Policy"].endswith("; sandbox")
    assert response.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize(
    ("name", "content", "shown"),
    [("a.jpg", picture(), "inline"), ("a.pdf", PDF, "inline"), ("a.txt", b"<script>alert(1)</script>", "attachment")],
)
def test_pictures_recordings_and_pdf_are_shown_in_place_and_text_is_not(client, buyer, name, content, shown):
    kept = files.store_upload(owner_id=buyer.user_id, upload=upload(name, content), now=timezone.now())
    assert disposition(client, f"/attachments/{kept.pk}/?show=1") == shown
    assert disposition(client, f"/attachments/{kept.pk}/") == "attachment"


def disposition(client, url) -> str:
    response = client.get(url)
    assert b"".join(response.streaming_content)
    return response.headers["Content-Disposition"].partition(";")[0]


@pytest.mark.parametrize(
    ("asked", "status", "expected"),
    [
        ("bytes=0-3", 206, MP4[:4]),
        ("bytes=4-", 206, MP4[4:]),
        ("bytes=-5", 206, MP4[-5:]),
        ("bytes=5-99999", 206, MP4[5:]),
        ("bytes=99999-", 416, b""),
        ("bytes=9-3", 200, MP4),
        ("bytes=-", 200, MP4),
        ("bytes=0-1,4-5", 200, MP4),
        ("lines=1-2", 200, MP4),
    ],
)
def test_a_player_may_ask_for_a_range(client, video, asked, status, expected):
    response = client.get(f"/attachments/{video.pk}/?show=1", headers={"Range": asked})
    content = b"".join(response.streaming_content) if response.streaming else response.content
    assert (response.status_code, content) == (status, expected)
    if status == 206:
        assert response.headers["Content-Length"] == str(len(expected))
        assert response.headers["Content-Range"].endswith(f"/{len(MP4)}")


def test_in_production_nginx_serves_it(client, video, settings, tmp_path):
    settings.X_ACCEL_PREFIX, settings.PRIVATE_ROOT = "/private-files/", tmp_path
    response = client.get(f"/attachments/{video.pk}/")
    assert response.headers["X-Accel-Redirect"] == f"/private-files/private/{video.file.name}"
    assert response.headers["Content-Type"] == "video/mp4"
    assert response.content == b""


def test_a_foreign_file_does_not_exist(client, video):
    client.force_login(make_buyer().user)
    assert client.get(f"/attachments/{video.pk}/").status_code == 404
    assert client.get(f"/attachments/uploads/{video.pk}/").status_code == 404


def test_uploading_in_pieces_over_the_wire(client, buyer):
    begun = client.post("/attachments/uploads/", {"name": "a.mp4", "size": len(MP4)}, content_type="application/json")
    assert begun.status_code == 201
    url = f"/attachments/uploads/{begun.json()['id']}/"

    def send(offset, piece):
        return client.patch(url, piece, content_type="application/octet-stream", headers={"Upload-Offset": str(offset)})

    assert send(0, MP4[:100]).json()["received"] == 100
    again = send(0, MP4[:100])
    assert (again.status_code, again.json()["code"]) == (409, "upload.offset")
    assert client.get(url).json()["received"] == 100
    assert send(100, MP4[100:]).json()["ready"]
    assert client.delete(url).status_code == 200
    assert not Attachment.objects.exists()


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"name": "a.mp4"}', b'{"name": "a.mp4", "size": "x"}', b'{"name": "a.mp4", "size": 1e999}']
)
def test_a_malformed_announcement_is_refused(client, buyer, body):
    response = client.post("/attachments/uploads/", body, content_type="application/json")
    assert (response.status_code, response.json()["code"]) == (400, "upload.malformed")
