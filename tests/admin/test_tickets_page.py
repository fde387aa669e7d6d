"""One ticket before an agent: saying, taking back, handing over, joining, and what a colleague does meanwhile."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cms.models import ArticlePage
from commerce.models import LedgerEntry
from customer.models import Trace
from integrations.models import OutboxMessage
from kernel.jalali import format_date, tehran_today
from kernel.persian import persian_digits
from portal.templatetags.portal import file_size
from support.anonymous import without_personal_data
from support.models import Attachment, CannedReply, Message, Ticket, TicketDraft, TicketLink, WorkLog
from support.services.attachment import store_upload
from support.services.ticket import close_ticket
from tests.factories.commerce import make_order, make_payment, make_plans, make_vat
from tests.factories.content import make_page
from tests.factories.customer import make_buyer
from tests.factories.support import (
    actor_of,
    answer,
    make_agent,
    make_covered_device,
    make_ticket,
    note,
    reply,
)
from tests.support.files import PDF, upload

REPLY = "لطفاً فیوز را عوض کنید."


@pytest.fixture(autouse=True)
def _fresh_counters(db):
    cache.clear()


@pytest.fixture
def agent():
    return make_agent()


@pytest.fixture
def desk(client, agent):
    client.force_login(agent)
    return client


@pytest.fixture
def colleague():
    return make_agent(first_name="بهرام", last_name="توکلی")


@pytest.fixture
def ticket():
    return make_ticket(title="اسپیندل نمی‌چرخد")


def url(ticket: Ticket, act: str = "") -> str:
    return f"/admin/tickets/{ticket.number}/{act}/" if act else f"/admin/tickets/{ticket.number}/"


def say(client, ticket: Ticket, body: str = REPLY, *, kind: str = "reply", **data):
    return client.post(url(ticket, "say"), {"kind": kind, "body": body} | data)


def stored(owner) -> Attachment:
    return store_upload(owner_id=owner.pk, upload=upload("گزارش.pdf", PDF), now=timezone.now())


def shown(client, ticket: Ticket) -> str:
    response = client.get(url(ticket), {"stay": ""})
    assert response.status_code == 200
    return response.content.decode()


# --- reading ---------------------------------------------------------------------------------------------------------


def test_the_page_tells_all_that_an_answer_needs(desk, agent, ticket):
    reply(ticket, "کولت را تمیز کردم")
    note(ticket, agent, "بلبرینگ مشکوک است")
    before = make_ticket(ticket.buyer, title="درخواست آموزش")
    buyer, device = ticket.buyer, ticket.device
    make_plans(device.model)
    make_vat()
    values = {"kind": "credit", "amount_rial": 7_000_000, "balance_rial": 7_000_000, "created_at": timezone.now()}
    LedgerEntry.objects.create(buyer=buyer, sequence=1, payment=make_payment(make_order(device)), **values)
    page = shown(desk, ticket)
    for text in (
        ticket.description,
        "کولت را تمیز کردم",
        "بلبرینگ مشکوک است",
        buyer.full_name,
        device.identifier,
        before.title,
        "خریدار بدهی دارد",
    ):
        assert text in page, text
    assert "۷۰۰٬۰۰۰" not in page  # how much is for who may see the ledger
    assert page.count("desk-said-note") == 1
    ticket.refresh_from_db()
    assert ticket.staff_read_at is not None


def test_no_debt_is_spoken_of_where_there_is_none(desk, ticket):
    assert "خریدار بدهی دارد" not in shown(desk, ticket)


def test_a_merged_ticket_leads_to_where_it_went(desk, agent, ticket):
    target = make_ticket(ticket.buyer)
    desk.post(url(ticket, "merge"), {"into": persian_digits(target.number)})
    assert desk.get(url(ticket)).url == url(target)
    assert target.number in shown(desk, target)
    assert ticket.description in shown(desk, target)
    assert desk.get("/admin/tickets/1300-000001/").status_code == 404


def test_what_people_write_never_runs(desk, agent, ticket):
    evil = '<script>alert(1)</script><img src=x onerror=alert(1)> javascript:alert(1) http://a.example/?"><b>x'
    reply(ticket, evil)
    note(ticket, agent, evil)
    page = shown(desk, ticket)
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert 'href="javascript' not in page


# --- saying ----------------------------------------------------------------------------------------------------------


def test_an_answer_waits_ten_seconds_and_then_reaches_the_buyer(desk, client, agent, ticket):
    response = say(desk, ticket)
    message = Message.objects.get()
    assert response.url == f"{url(ticket)}#m{message.pk}"
    now = timezone.now()
    assert not Message.objects.delivered(now).exists()
    assert Message.objects.delivered(now + timedelta(seconds=11)).get().body == REPLY
    assert "data-desk-undo" in shown(desk, ticket)
    told = OutboxMessage.objects.get(topic="notify.ticket_answered")
    assert told.next_attempt_at == message.deliver_after


def test_an_answer_is_taken_back_with_its_text_and_files(desk, agent, ticket):
    file = SimpleUploadedFile("راهنما.pdf", PDF, content_type="application/pdf")
    say(desk, ticket, attachments=[file])
    message = Message.objects.get()
    response = desk.post(url(ticket, f"undo/{message.pk}"))
    assert not Message.objects.exists()
    page = desk.get(response.url.partition("#")[0]).content.decode()
    attachment = Attachment.objects.get()
    assert REPLY in page
    assert f'value="{attachment.pk}" checked' in page
    assert "data-desk-undo" not in page
    ticket.refresh_from_db()
    assert (ticket.status, ticket.first_answered_at) == ("open", None)
    say(desk, ticket, attachments=[attachment.pk])
    attachment.refresh_from_db()
    assert attachment.message == Message.objects.get()


def test_an_answer_that_has_left_cannot_be_taken_back(desk, agent, ticket):
    message = answer(ticket, agent)
    response = desk.post(url(ticket, f"undo/{message.pk}"), follow=True)
    assert Message.objects.get() == message
    assert "پس گرفت" in str(list(response.context["messages"])[-1])
    assert desk.post(url(ticket, "undo/999999")).status_code == 404


def test_nobody_takes_back_what_a_colleague_has_said(desk, colleague, ticket):
    message = answer(ticket, colleague, now=timezone.now())
    assert "data-desk-undo" not in shown(desk, ticket)
    desk.post(url(ticket, f"undo/{message.pk}"))
    assert Message.objects.get() == message


def test_a_note_reaches_nobody_outside(desk, agent, ticket):
    say(desk, ticket, "مشتری عصبانی است", kind="note")
    message = Message.objects.get()
    assert (message.is_internal, message.author) == (True, agent)
    ticket.refresh_from_db()
    assert ticket.status == "open"
    assert not OutboxMessage.objects.filter(topic__startswith="notify.ticket_answered").exists()
    desk.force_login(ticket.buyer.user)
    assert "عصبانی" not in desk.get(f"/tickets/{ticket.number}/").content.decode()


def test_two_agents_do_not_answer_past_each_other(desk, colleague, ticket):
    seen = desk.get(url(ticket)).context["last_seen"]
    answer(ticket, colleague, "من دارم بررسی می‌کنم", now=timezone.now())
    response = say(desk, ticket, last_seen=seen)
    page = response.content.decode()
    assert response.status_code == 409
    assert Message.objects.count() == 1
    assert REPLY in page  # nothing typed is lost
    assert "من دارم بررسی می‌کنم" in page
    assert say(desk, ticket, last_seen=response.context["last_seen"]).status_code == 302
    assert Message.objects.count() == 2


def test_a_reply_to_a_closed_ticket_is_refused_and_kept(desk, agent, ticket):
    now = timezone.now()
    close_ticket(number=ticket.number, why=Ticket.ClosedWhy.SOLVED, actor=actor_of(agent), now=now)
    page = shown(desk, ticket)
    assert 'value="reply"' not in page
    response = say(desk, ticket)
    assert response.status_code == 409
    assert REPLY in response.content.decode()
    assert not Message.objects.exists()
    assert say(desk, ticket, kind="note").status_code == 302
    assert Message.objects.get().is_internal


@pytest.mark.parametrize(
    ("body", "files"),
    [("   ", []), ("ا" * 20_001, []), ("متن", [b"MZ\x90\x00 not a picture"])],
    ids=["empty", "long", "file"],
)
def test_what_cannot_be_said_is_said_why_and_kept(desk, ticket, body, files):
    attachments = [SimpleUploadedFile("عکس.jpg", content) for content in files]
    response = say(desk, ticket, body, attachments=attachments)
    assert response.status_code == 400
    assert 'role="alert"' in response.content.decode()
    assert body.strip() in response.content.decode()
    assert not Message.objects.exists()


def test_what_is_typed_is_kept_and_comes_back(desk, agent, ticket):
    assert desk.post(url(ticket, "draft"), {"body": "نیمه‌کاره", "kind": "note"}).json() == {}
    draft = TicketDraft.objects.get()
    assert (draft.author, draft.ticket, draft.body, draft.is_internal) == (agent, ticket, "نیمه‌کاره", True)
    page = shown(desk, ticket)
    assert "نیمه‌کاره" in page
    assert 'value="note" checked' in page
    say(desk, ticket, "نیمه‌کاره، تمام شد", kind="note")
    assert not TicketDraft.objects.exists()


def test_a_note_that_was_kept_as_an_answer_does_not_stand_in_the_box_again(desk, ticket):
    """The kind was changed a moment before sending."""
    desk.post(url(ticket, "draft"), {"body": "راز درون خانه", "kind": "reply"})
    say(desk, ticket, "راز درون خانه", kind="note")
    assert not TicketDraft.objects.exists()
    assert shown(desk, ticket).count("راز درون خانه") == 1


def test_the_page_needs_as_many_queries_for_a_long_talk_as_for_a_short_one(desk, agent, ticket):
    def queries() -> int:
        shown(desk, ticket)
        with CaptureQueriesContext(connection) as found:
            shown(desk, ticket)
        return len(found)

    answer(ticket, agent, attachment_ids=[stored(agent).pk])
    note(ticket, agent)
    make_ticket(ticket.buyer)
    one = queries()
    for _n in range(3):
        reply(ticket)
        answer(ticket, agent, attachment_ids=[stored(agent).pk])
        note(ticket, agent)
        make_ticket(ticket.buyer)
    assert queries() == one


def test_the_size_of_a_file_is_told_in_persian(desk, agent, ticket):
    file = stored(agent)
    answer(ticket, agent, attachment_ids=[file.pk])
    assert f"<small>{file_size(file.size)}</small>" in shown(desk, ticket)


def test_drafts_are_nobody_elses_business(desk, colleague, ticket):
    TicketDraft.objects.create(author=colleague, ticket=ticket, body="راز", saved_at=timezone.now())
    assert "راز" not in shown(desk, ticket)


def test_canned_replies_are_filled_in_and_counted(desk, agent, colleague, ticket):
    body = "سلام {buyer}، دستگاه {device} با سریال {serial}، تیکت {number} «{title}» {agent} {nonsense}"
    canned = CannedReply.objects.create(title="سلام", body=body)
    private = CannedReply.objects.create(title="شخصی", body="راز", owner=colleague)
    text = desk.post(url(ticket, f"canned/{canned.pk}")).json()["text"]
    device = ticket.device
    assert text == (
        f"سلام {ticket.buyer.full_name}، دستگاه {device.model} با سریال {device.identifier}، "
        f"تیکت {ticket.number} «{ticket.title}» {agent.get_full_name()} {{nonsense}}"
    )
    canned.refresh_from_db()
    assert canned.used_count == 1
    assert desk.post(url(ticket, f"canned/{private.pk}")).status_code == 404
    assert "شخصی" not in shown(desk, ticket)


# --- colleagues ------------------------------------------------------------------------------------------------------


def test_agents_learn_who_else_looks_and_writes(desk, agent, colleague, ticket):
    other = Client()
    other.force_login(colleague)
    assert desk.post(url(ticket, "pulse"), {"writing": "0"}).json()["others"] == []
    told = other.post(url(ticket, "pulse"), {"writing": "1"}).json()
    assert told["others"] == ["نگار سلیمی هم این تیکت را باز کرده است."]
    told = desk.post(url(ticket, "pulse"), {"writing": "0"}).json()
    assert (told["others"], told["is_writing"]) == (["بهرام توکلی همین حالا در این تیکت می‌نویسد."], True)
    say(other, ticket)
    told = desk.post(url(ticket, "pulse"), {"writing": "0"}).json()
    assert (told["others"], told["last"]) == ([], Message.objects.get().pk)


# --- whose it is -----------------------------------------------------------------------------------------------------


def test_a_ticket_is_handed_over_with_a_reason(desk, agent, colleague, ticket):
    desk.post(url(ticket, "take"))
    ticket.refresh_from_db()
    assert (ticket.assignee, ticket.status) == (agent, "in_review")
    desk.post(url(ticket, "assign"), {"assignee": colleague.pk, "note": "در شیراز است"})
    ticket.refresh_from_db()
    assert ticket.assignee == colleague
    assert (Message.objects.get().body, Message.objects.get().is_internal) == ("در شیراز است", True)
    desk.post(url(ticket, "assign"), {"assignee": ""})
    ticket.refresh_from_db()
    assert ticket.assignee is None


def test_nobody_but_an_agent_gets_a_ticket(desk, ticket):
    response = desk.post(url(ticket, "assign"), {"assignee": ticket.buyer.user_id, "note": "دلیل"})
    assert response.status_code == 400
    assert "دلیل" in response.content.decode()
    ticket.refresh_from_db()
    assert ticket.assignee is None


def test_importance_and_review_and_remote_session(desk, agent, ticket):
    desk.post(url(ticket, "importance"), {"importance": "urgent"})
    desk.post(url(ticket, "review"))
    desk.post(url(ticket, "remote"), {"session_id": "123 456 789"})
    ticket.refresh_from_db()
    assert (ticket.importance, ticket.status, ticket.remote_session_id) == ("urgent", "in_review", "123 456 789")
    assert desk.post(url(ticket, "importance"), {"importance": "huge"}).status_code == 400


def test_a_review_is_begun_and_ended_by_the_one_button_that_is_there(desk, ticket):
    begin, end = url(ticket, "review"), url(ticket, "end-review")
    for there, other, status, words in ((begin, end, "in_review", "در حال بررسی"), (end, begin, "open", "باز")):
        page = shown(desk, ticket)
        assert f'action="{there}"' in page
        assert f'action="{other}"' not in page
        response = desk.post(there, follow=True)
        assert words in str(list(response.context["messages"])[-1])
        ticket.refresh_from_db()
        assert ticket.status == status
    say(desk, ticket)
    page = shown(desk, ticket)
    assert begin not in page
    assert end not in page


def test_a_ticket_is_closed_and_opened_again(desk, agent, ticket):
    assert desk.post(url(ticket, "close"), {"why": "merged"}).status_code == 400
    desk.post(url(ticket, "close"), {"why": "solved"})
    ticket.refresh_from_db()
    assert (ticket.closed_why, ticket.closed_by) == ("solved", agent)
    assert desk.post(url(ticket, "close"), {"why": "solved"}).status_code == 409
    desk.post(url(ticket, "reopen"))
    ticket.refresh_from_db()
    assert (ticket.closed_at, ticket.reopened_count) == (None, 1)


def test_work_is_recorded_apart_from_what_was_said(desk, agent, ticket):
    today = format_date(tehran_today(), "numeric")
    work = {"activity": "phone", "minutes": "۲۵", "worked_on": today, "note": "راهنمایی"}
    assert desk.post(url(ticket, "log-work"), work).status_code == 302
    logged = WorkLog.objects.get()
    assert (logged.minutes, logged.worked_on, logged.author) == (25, tehran_today(), agent)
    assert not Message.objects.exists()
    assert "۲۵ دقیقه" in shown(desk, ticket)
    tomorrow = format_date(tehran_today() + timedelta(days=1), "numeric")
    assert desk.post(url(ticket, "log-work"), work | {"worked_on": tomorrow}).status_code == 400
    assert desk.post(url(ticket, "log-work"), work | {"minutes": "0"}).status_code == 400


# --- tickets that belong together ------------------------------------------------------------------------------------


def test_a_message_becomes_a_ticket_of_its_own(desk, agent, ticket):
    message = reply(ticket, "راستی، چاپگر هم کار نمی‌کند")
    response = desk.post(url(ticket, "split"), {"message": message.pk, "title": ""})
    assert response.status_code == 400
    desk.post(url(ticket, "split"), {"message": message.pk, "title": "چاپگر"})
    made = Ticket.objects.get(title="چاپگر")
    assert made.description == message.body
    assert made.title in shown(desk, ticket)
    other = make_ticket()
    foreign = reply(other)
    assert desk.post(url(ticket, "split"), {"message": foreign.pk, "title": "x"}).status_code == 404
    assert desk.post(url(ticket, "split"), {"message": "x", "title": "x"}).status_code == 404


def test_tickets_are_linked_and_merged_only_with_what_exists(desk, ticket):
    other, foreign = make_ticket(ticket.buyer), make_ticket()
    desk.post(url(ticket, "link"), {"into": other.number, "kind": "related"})
    assert TicketLink.objects.get().other == other
    assert desk.post(url(ticket, "link"), {"into": other.number, "kind": "related"}).status_code == 409
    for act in ("link", "merge"):
        response = desk.post(url(ticket, act), {"into": "1300-000009", "kind": "related"})
        assert response.status_code == 400, act
    response = desk.post(url(ticket, "merge"), {"into": foreign.number})
    assert response.status_code == 409
    assert "یک خریدار" in response.content.decode()


# --- files -----------------------------------------------------------------------------------------------------------


def test_files_of_buyers_and_notes_are_opened_by_agents_only(desk, agent, ticket):
    file = stored(agent)
    note(ticket, agent, attachment_ids=[file.pk])
    address = f"/admin/tickets/files/{file.pk}/"
    response = desk.get(address)
    assert b"".join(response.streaming_content) == PDF
    assert response.headers["Content-Disposition"].startswith("attachment")
    free = stored(agent)
    assert desk.get(f"/admin/tickets/files/{free.pk}/").status_code == 404
    desk.force_login(ticket.buyer.user)
    assert desk.get(address).status_code == 302
    assert desk.get(f"/attachments/{file.pk}/").status_code == 404


def test_a_file_comes_in_pieces_and_goes_along_with_what_is_said(desk, agent, ticket):
    page = shown(desk, ticket)
    assert 'data-uploads="/admin/tickets/files/uploads/"' in page
    assert "js/uploads.js" in page
    told = {"name": "گزارش.pdf", "size": len(PDF)}
    begun = desk.post("/admin/tickets/files/uploads/", told, content_type="application/json")
    address = f"/admin/tickets/files/uploads/{begun.json()['id']}/"

    def send(offset: int, piece: bytes):
        headers = {"Upload-Offset": str(offset)}
        return desk.patch(address, piece, content_type="application/octet-stream", headers=headers)

    assert (begun.status_code, send(0, PDF[:20]).json()["received"]) == (201, 20)
    assert (send(0, PDF[:20]).status_code, desk.get(address).json()["received"]) == (409, 20)
    assert send(20, PDF[20:]).json()["ready"]
    file = Attachment.objects.get()
    assert file.owner == agent
    say(desk, ticket, "", attachments=[file.pk])
    file.refresh_from_db()
    assert file.message == Message.objects.get()
    assert (desk.get(address).status_code, desk.delete(address).status_code) == (404, 404)


def test_the_file_of_somebody_else_does_not_go_along(desk, colleague, ticket):
    say(desk, ticket, attachments=[stored(colleague).pk])
    assert Attachment.objects.get().message is None
    assert not Message.objects.get().attachments.exists()


# --- articles --------------------------------------------------------------------------------------------------------


def test_an_article_begins_from_what_was_said_without_whose_it_was(desk, agent):
    make_page()
    buyer = make_buyer(first_name="شیرین", last_name="کیانی")
    device = make_covered_device(buyer, identifier="ZX-90817")
    text = "من شیرین کیانی هستم، ۰۹۱۲ ۱۱۱ ۲۲ ۳۳ و a.b@example.com، سریال ZX-90817، خطای E12"
    ticket = make_ticket(device=device, title="خطای E12 خانم کیانی", description=text)
    answer(ticket, agent, "خانم کیانی، نسخهٔ ۴٫۲ را نصب کنید")
    note(ticket, agent, "مشتری عصبانی است")
    response = desk.post(url(ticket, "article"))
    assert response.status_code == 302
    page = ArticlePage.objects.get(title="خطای E12 خانم [نام]")
    body = page.plain_text()
    assert not page.live
    assert page.get_latest_revision_as_object().device_models.get() == device.model
    for word in ("شیرین", "کیانی", "۱۱۱", "example", "90817", "عصبانی"):
        assert word not in body, word
    for word in ("خطای E12", "نسخهٔ ۴٫۲"):
        assert word in body, word
    assert Trace.objects.filter(verb="ticket.article_drafted").exists()


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("کد ملی ۰۰۸۴۵۷۵۹۴۸ است", "کد ملی [شماره] است"),
        ("کارت 6037-9911-2233-4455", "کارت [شماره]"),
        ("+98 912 111 2233 زنگ بزنید", "[شماره] زنگ بزنید"),
        ("خطای ۱۵۳۰ درجه، نسخهٔ 4.2.1", "خطای ۱۵۳۰ درجه، نسخهٔ 4.2.1"),
        ("سارا و سارایی", "[نام] و سارایی"),
        ("بنویسید به sara@clinic.ir لطفاً", "بنویسید به [رایانامه] لطفاً"),
    ],
)
def test_personal_data_is_taken_out_and_facts_stay(text, clean):
    assert without_personal_data(text, ["سارا"]) == clean
