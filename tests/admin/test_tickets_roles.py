"""Who sees and does what at the desk: every address, every role."""

from __future__ import annotations

from urllib.parse import urljoin

import pytest
from django.core.cache import cache
from django.utils import timezone

from customer.models import User
from customer.roles import Role
from support.models import (
    Attachment,
    CannedReply,
    Holiday,
    Message,
    SavedFilter,
    SlaPolicy,
    Ticket,
    TicketDraft,
    WorkingHours,
    WorkLog,
)
from support.services.attachment import begin_upload, store_upload
from tests.admin.test_roles import is_open
from tests.factories.customer import make_buyer, make_staff
from tests.factories.support import make_ticket, note, reply
from tests.support.files import PDF, upload

A, S, F, E, U = Role.ADMINISTRATOR, Role.SUPPORT, Role.FINANCE, Role.EDITOR, Role.AUDITOR
SEE, READ, ANSWER = {A, S, F, U}, {A, S, U}, {A, S}
PAGES = {
    "": SEE,
    "../ticket-reports/": READ,
    "../ticket-reports/sheet/": READ,
    "{number}/": SEE,
    "{number}/articles/": ANSWER,
}
PAGES |= {"files/{file}/": READ}
# What each act is sent, and who may; for the others nothing changes.
ACTS = {
    "{number}/say/": ({"kind": "reply", "body": "پاسخ"}, ANSWER),
    "{number}/pulse/": ({}, READ),
    "{number}/draft/": ({"kind": "reply", "body": "نیمه"}, ANSWER),
    "{number}/canned/{canned}/": ({}, ANSWER),
    "{number}/undo/1/": ({}, ANSWER),
    "{number}/assign/": ({"assignee": ""}, ANSWER),
    "{number}/take/": ({}, ANSWER),
    "{number}/review/": ({}, ANSWER),
    "{number}/end-review/": ({}, ANSWER),
    "{number}/importance/": ({"importance": "low"}, ANSWER),
    "{number}/remote/": ({"session_id": "1"}, ANSWER),
    "{number}/log-work/": ({"activity": "phone", "minutes": "5", "worked_on": "1405/09/01"}, ANSWER),
    "{number}/link/": ({"into": "{other}", "kind": "related"}, ANSWER),
    "{number}/split/": ({"message": "{message}", "title": "تازه"}, ANSWER),
    "{number}/merge/": ({"into": "{other}"}, ANSWER),
    "{number}/article/": ({}, ANSWER),
    "{number}/close/": ({"why": "solved"}, ANSWER),
    "{number}/reopen/": ({}, ANSWER),
    "bulk/": ({"do": "close", "why": "solved", "numbers": "{other}"}, ANSWER),
    "filters/": ({"name": "صافی", "query": "view=mine"}, ANSWER),
    "filters/1/drop/": ({}, ANSWER),
    "files/uploads/": ({}, ANSWER),
}
SNIPPETS = {
    "cannedreply": (CannedReply, READ, ANSWER),
    "slapolicy": (SlaPolicy, READ, {A}),
    "workinghours": (WorkingHours, READ, {A}),
    "holiday": (Holiday, READ, {A}),
}


@pytest.fixture(autouse=True)
def _fresh_counters(db):
    cache.clear()


@pytest.fixture
def names():
    """A ticket with all that an address may speak of."""
    author = make_staff(S, is_staff=True)
    ticket = make_ticket()
    file = store_upload(owner_id=author.pk, upload=upload("گزارش.pdf", PDF), now=timezone.now())
    note(ticket, author, "راز درون خانه", attachment_ids=[file.pk])
    message = reply(ticket, "نوشتهٔ خریدار")
    other = make_ticket(ticket.buyer)
    canned = CannedReply.objects.create(title="سلام", body="سلام {buyer}")
    return {
        "number": ticket.number,
        "other": other.number,
        "file": file.pk,
        "message": message.pk,
        "canned": canned.pk,
    }


def address(path: str, names: dict) -> str:
    return urljoin("/admin/tickets/", path.format(**names))


def rows() -> list:
    """All that an act could change."""
    tickets = Ticket.objects.order_by("pk").values("pk", "status", "closed_at", "assignee", "importance", "merged_into")
    counts = [model.objects.count() for model in (Message, TicketDraft, WorkLog, SavedFilter, Attachment)]
    return [*tickets, *counts]


@pytest.mark.parametrize("role", [*Role, None], ids=[*Role, "no role"])
def test_pages_are_for_their_roles(sign_in, names, role):
    client = sign_in(role)
    for path, allowed in PAGES.items():
        response = client.get(address(path, names))
        b"".join(response)  # a file that is sent is read to its end
        if role is None:  # Wagtail does not let in who has no role at all
            assert response.status_code == 302, path
            continue
        assert response.status_code == (200 if role in allowed else 403), path


@pytest.mark.parametrize("role", [role for role in Role if role not in ANSWER])
def test_acts_of_others_change_nothing(sign_in, names, role):
    client = sign_in(role)
    before = rows()
    for path, (data, allowed) in ACTS.items():
        sent = {name: value.format(**names) for name, value in data.items()}
        response = client.post(address(path, names), sent)
        assert response.status_code == (200 if role in allowed else 403), path
    assert rows() == before


@pytest.mark.parametrize("role", sorted(ANSWER))
def test_acts_are_open_to_who_answers(sign_in, names, role):
    client = sign_in(role)
    for path, (data, _allowed) in ACTS.items():
        sent = {name: value.format(**names) for name, value in data.items()}
        assert client.post(address(path, names), sent).status_code != 403, path


def test_acts_are_never_done_by_a_look(sign_in, names):
    client = sign_in(S)
    before = rows()
    for path in ACTS:
        assert client.get(address(path, names)).status_code == 405, path
    assert rows() == before


@pytest.mark.parametrize("role", [*Role, None], ids=[*Role, "no role"])
def test_an_upload_is_gone_on_with_by_who_began_it_and_answers(sign_in, names, role):
    client = sign_in(role)
    me = int(client.session["_auth_user_id"])
    mine, theirs = (
        begin_upload(owner_id=owner, name="film.mp4", size=1000, now=timezone.now())
        for owner in (me, make_staff(S, is_staff=True).pk)
    )
    outside = 403 if role else 302
    for upload_of, status in ((mine, 200), (theirs, 404)):
        url = address(f"files/uploads/{upload_of.pk}/", names)
        for act in (client.get, client.delete):
            assert act(url).status_code == (status if role in ANSWER else outside)
        assert client.post(url).status_code in {405, outside}
    left = {theirs.pk} if role in ANSWER else {mine.pk, theirs.pk}
    assert set(Attachment.objects.filter(ticket=None).values_list("pk", flat=True)) == left
    if role in ANSWER:  # what was said already is no upload any more, whoever's it is
        Attachment.objects.filter(pk=names["file"]).update(owner=me)
        assert client.delete(address("files/uploads/{file}/", names)).status_code == 404


def test_buyers_and_visitors_stay_outside(client, names):
    before = rows()
    for user in (Ticket.objects.get(number=names["number"]).buyer.user, make_buyer().user, None):
        if user is None:
            client.logout()
        else:
            client.force_login(user)
        for path in PAGES:
            response = client.get(address(path, names))
            assert (response.status_code, "/login/" in response.url) == (302, True), path
        for path, (data, _allowed) in ACTS.items():
            sent = {name: value.format(**names) for name, value in data.items()}
            response = client.post(address(path, names), sent)
            assert (response.status_code, "/login/" in response.url) == (302, True), path
    assert rows() == before


@pytest.mark.parametrize("role", Role)
def test_the_menu_shows_the_desk_to_its_people(sign_in, role):
    page = sign_in(role).get("/admin/").content.decode()
    assert ('"/admin/tickets/"' in page) is (role in SEE)
    assert ("/admin/ticket-reports/" in page) is (role in READ)
    assert ("/admin/snippets/support/cannedreply/" in page) is (role in READ)


def test_finance_sees_that_there_is_a_ticket_and_not_what_was_said(sign_in, names):
    page = sign_in(F).get(address("{number}/", names)).content.decode()
    ticket = Ticket.objects.get(number=names["number"])
    assert ticket.title in page
    for text in (ticket.description, "راز درون خانه", "نوشتهٔ خریدار", names["file"]):
        assert text not in page, text


def test_an_auditor_reads_all_and_does_nothing(sign_in, names):
    page = sign_in(U).get(address("{number}/", names)).content.decode()
    assert "راز درون خانه" in page
    for path in ACTS:
        if path not in {"{number}/pulse/"} and path.startswith("{number}"):
            assert f'action="{address(path, names)}"' not in page, path
    ticket = Ticket.objects.get(number=names["number"])
    assert ticket.staff_read_at is None  # his look is no reading by the desk


@pytest.mark.parametrize("role", Role)
def test_the_set_up_of_the_desk_is_read_and_written_by_its_roles(sign_in, names, role):
    client = sign_in(role)
    for name, (model, readers, writers) in SNIPPETS.items():
        base, pk = f"/admin/snippets/support/{name}", model.objects.first().pk
        assert is_open(client, f"{base}/") is (role in readers), name
        assert is_open(client, f"{base}/inspect/{pk}/") is (role in readers), name
        assert is_open(client, f"{base}/add/") is (role in writers), name
        assert is_open(client, f"{base}/edit/{pk}/") is (role in writers), name
        assert is_open(client, f"{base}/delete/{pk}/") is (role in writers), name


def test_a_reply_of_ones_own_is_closed_to_other_agents(sign_in):
    owner = make_staff(S)
    private = CannedReply.objects.create(title="شخصی", body="راز", owner=owner)
    other = sign_in(S)
    base = "/admin/snippets/support/cannedreply"
    assert "شخصی" not in other.get(f"{base}/").content.decode()
    for page in ("inspect", "edit", "delete"):
        assert other.get(f"{base}/{page}/{private.pk}/").status_code in {302, 404}, page
    other.post(f"{base}/delete/{private.pk}/")
    assert CannedReply.objects.filter(pk=private.pk).exists()
    assert User.objects.filter(pk=owner.pk).exists()


def test_service_levels_are_not_deleted_by_the_dozen(sign_in):
    before = SlaPolicy.objects.count()
    first = SlaPolicy.objects.first().pk
    url = f"/admin/bulk/support/slapolicy/delete/?id={first}&next=/admin/"
    sign_in(A, is_superuser=True).post(url, {"next": "/admin/"})
    assert SlaPolicy.objects.count() == before
