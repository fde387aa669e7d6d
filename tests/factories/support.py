"""Makers of tickets and what is said in them; each call makes another one."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import count

from django.utils import timezone

from customer.models import Buyer, Device, ServiceChoice, User
from customer.roles import Role
from kernel.actor import Actor
from kernel.jalali import tehran_today
from support.models import Message, Ticket
from support.services import conversation
from support.services.ticket import NewTicket, open_ticket
from tests.factories.customer import make_buyer, make_device, make_expired_device, make_period, make_staff

_serial = count(1)
# A Wednesday morning, with working days behind and before it: 2026-11-25 10:00 in Tehran.
WORKDAY = datetime.fromisoformat("2026-11-25T06:30:00+00:00")


def actor_of(person: Buyer | User) -> Actor:
    return Actor(user_id=person.user_id if isinstance(person, Buyer) else person.pk, ip="127.0.0.1", agent="test")


def make_covered_device(owner: Buyer | None = None, **values) -> Device:
    """A device whose contract runs."""
    device = make_device(owner, **values)
    today = tehran_today()
    make_period(device, today - timedelta(days=100), today + timedelta(days=265))
    return device


def make_pay_per_case_device(owner: Buyer | None = None, **values) -> Device:
    """A device whose contract is over and whose owner pays case by case."""
    device = make_expired_device(owner, **values)
    choose(device, ServiceChoice.Choice.PAY_PER_CASE)
    return device


def choose(device: Device, choice: str, on: date | None = None) -> ServiceChoice:
    return ServiceChoice.objects.create(
        device=device,
        buyer=device.owner,
        choice=choice,
        made_on=on or tehran_today(),
        made_at=timezone.now(),
        made_by=device.owner.user,
    )


def make_agent(**values) -> User:
    return make_staff(Role.SUPPORT, is_staff=True, **{"first_name": "نگار", "last_name": "سلیمی"} | values)


def make_ticket(buyer: Buyer | None = None, *, now: datetime | None = None, **values) -> Ticket:
    """A ticket that was opened through the front door, an hour ago."""
    device = values.pop("device", None) or make_covered_device(buyer or make_buyer())
    wish = {
        "device_id": device.pk,
        "title": f"دستگاه روشن نمی‌شود {next(_serial)}",
        "description": "از دیروز صبح روشن نمی‌شود و چراغ قرمز چشمک می‌زند.",
        "importance": "medium",
    } | values
    now = now or timezone.now() - timedelta(hours=1)
    return open_ticket(buyer=device.owner, wish=NewTicket(**wish), actor=actor_of(device.owner), now=now)


def reply(
    ticket: Ticket, body: str = "کابل برق را عوض کردم؛ فرقی نکرد.", *, now: datetime | None = None, **values
) -> Message:
    buyer = ticket.buyer
    return conversation.add_message(
        buyer=buyer, number=ticket.number, body=body, actor=actor_of(buyer), now=now or timezone.now(), **values
    )


def answer(ticket: Ticket, agent: User, body: str = "لطفاً فیوز پشت دستگاه را ببینید.", **values) -> Message:
    """An answer that has reached the buyer unless `now` says otherwise."""
    now = values.pop("now", None) or timezone.now() - timedelta(minutes=1)
    return conversation.answer_ticket(number=ticket.number, body=body, actor=actor_of(agent), now=now, **values)


def note(
    ticket: Ticket, agent: User, body: str = "مشتری عصبانی است.", *, now: datetime | None = None, **values
) -> Message:
    return conversation.add_note(
        number=ticket.number, body=body, actor=actor_of(agent), now=now or timezone.now(), **values
    )
