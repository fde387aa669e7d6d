"""What people write runs nowhere: every field of the desk, read back in a browser by the buyer and by an agent."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from django.core.cache import cache
from django.core.files.storage import FileSystemStorage
from django.utils import timezone
from playwright.sync_api import Dialog

from customer.models import Buyer, Device, User
from support.models import Attachment, CannedReply, SavedFilter, Ticket
from support.services import attachment as files
from support.services.conversation import save_draft
from support.services.desk import Work, log_work, note_remote_session
from support.services.ticket import close_ticket, rate_ticket
from tests.e2e.test_agent import make_agent
from tests.e2e.visitor import Visitor
from tests.factories.content import make_home
from tests.factories.customer import PASSWORD
from tests.factories.support import actor_of, answer, make_ticket, note, reply
from tests.support.files import PDF, upload

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
on_a_desk = pytest.mark.browser_context_args(viewport={"width": 1280, "height": 900})
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "</textarea></title></style><script>alert(1)</script>",
    "--></script><script>alert(1)</script>",
    '" autofocus onfocus=alert(1) x="',
    "' onmouseover='alert(1)",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<a href=javascript:alert(1)>x</a> javascript:alert(1)",
    "<details open ontoggle=alert(1)>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<img src=1 onerror=alert(1)//",
    "{{ 7|add:7 }}{% debug %}${alert(1)}",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\u202e<script>alert(1)</script>",
]


@pytest.fixture
def _store(monkeypatch, tmp_path):
    storage = FileSystemStorage(location=tmp_path)
    monkeypatch.setattr(Attachment._meta.get_field("file"), "storage", storage)
    monkeypatch.setattr(files, "private_storage", lambda: storage)


def stored(owner: User, evil: str) -> Attachment:
    name = f"{evil.replace('/', ' ')[:70]}.pdf"
    return files.store_upload(owner_id=owner.pk, upload=upload(name, PDF), now=timezone.now())


def a_hostile_ticket(device: Device, agent: User, evil: str) -> Ticket:
    cache.clear()  # nobody opens so many in an hour
    sara, now = device.owner.user, timezone.now()
    ticket = make_ticket(
        device=device, title=evil[:150], description=evil, attachment_ids=[stored(sara, evil).pk], importance="urgent"
    )
    answer(ticket, agent, evil, attachment_ids=[stored(agent, evil).pk])
    reply(ticket, evil)
    note(ticket, agent, evil, attachment_ids=[stored(agent, evil).pk])
    note_remote_session(number=ticket.number, session_id=evil[:40], actor=actor_of(agent), now=now)
    work = Work(activity="phone", minutes=5, worked_on=now.date(), note=evil)
    log_work(number=ticket.number, work=work, actor=actor_of(agent), now=now)
    for person in (sara, agent):
        save_draft(author_id=person.pk, ticket=ticket, body=evil, title=evil, now=now)
    return ticket


def look_everywhere(visitor: Visitor, paths: list[str]) -> None:
    """Only for what runs: these words are no Persian and nobody would lay a page out for them."""
    for path in paths:
        visitor.page.goto(f"{visitor.site}{path}")
        visitor.page.wait_for_load_state("load")
        assert (
            visitor.page.evaluate("document.querySelectorAll('[onerror], [onload], [onfocus], [ontoggle]').length") == 0
        )


@on_a_desk
@pytest.mark.usefixtures("_store")
def test_nothing_that_people_write_runs(visitor: Visitor, devices):
    make_home()
    device, agent, said = devices[0], make_agent(first_name=HOSTILE[0], last_name=HOSTILE[1]), []
    visitor.page.on("dialog", lambda dialog: note_dialog(dialog, said))
    Buyer.objects.filter(pk=device.owner_id).update(first_name=HOSTILE[1], last_name=HOSTILE[3])
    device.refresh_from_db()
    tickets = [a_hostile_ticket(device, agent, evil) for evil in HOSTILE]
    closed = tickets[-1]
    close_ticket(number=closed.number, why=Ticket.ClosedWhy.SOLVED, actor=actor_of(agent), now=timezone.now())
    rate_ticket(
        buyer=device.owner,
        number=closed.number,
        stars=1,
        note=HOSTILE[2],
        actor=actor_of(device.owner),
        now=timezone.now(),
    )
    CannedReply.objects.create(title=HOSTILE[0], body=HOSTILE[1])
    SavedFilter.objects.create(owner=agent, name=HOSTILE[5][:60], query="view=mine", is_shared=True)

    visitor.sign_in("sara", PASSWORD)
    searches = [f"?q={quote(evil)}" for evil in HOSTILE]
    mine = [f"/tickets/{ticket.number}/" for ticket in tickets]
    buyers = ["/dashboard/", "/tickets/", "/tickets/new/", "/inbox/", f"/devices/{device.pk}/"]
    look_everywhere(visitor, [*buyers, *mine, f"{mine[0]}print/", *(f"/tickets/{one}" for one in searches)])

    visitor.page.context.clear_cookies()
    visitor.page.goto(f"{visitor.site}/login/")
    visitor.page.fill("input[name=username]", agent.username)
    visitor.page.fill("input[name=password]", PASSWORD)
    visitor.page.locator("form:has(input[name=password]) [type=submit]").first.click()
    visitor.page.wait_for_load_state("load")
    desk = [f"/admin/tickets/{ticket.number}/" for ticket in tickets]
    look_everywhere(visitor, ["/admin/tickets/", *desk, *(f"/admin/tickets/{one}" for one in searches)])
    assert said == []


def note_dialog(dialog: Dialog, said: list[str]) -> None:
    said.append(dialog.message)
    dialog.dismiss()
