"""Tickets in great number, each with five messages, written by a few statements of SQL.

What search reads is put together from pieces that `fold` has folded, and compared with what the verbs would write:
`write` raises RuntimeError if a single one of the tickets looked at differs.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from customer.models import User

AGENTS = 12
SENTENCES, SUBJECTS = 2048, 512  # powers of two: a ticket finds its own by the last bits of a hash
LOOKED_AT = 40
LONG_ONE = 20  # messages of the long conversation
FILES = 5

# As people type them: half-spaces, Arabic letters, Persian digits, vowel signs.
STEMS = [
    "دستگاه {} روشن نمی‌شود و چراغ قرمز چشمک می‌زند",
    "صداي غيرعادی از {} هنگام تراش زيركونيا",
    "خطای E۱۲ پس از به‌روزرسانی {} دیده می‌شود",
    "کورهٔ {} به دمای ۱۵۳۰ درجه نمی‌رسد",
    "اتصال {} به شبکه قطع می‌شود",
    "نرم‌افزار {} هنگام نست‌کردن بسته می‌شود",
    "اسکنر {} بعد از کالیبراسیون خطا می‌دهد",
    "لطفاً راهنمای نصب {} را بفرستید",
]
TRIGRAMS = "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'support_ticket' AND indexdef LIKE '%gin%'"

# Every device but those of the fleet, numbered; its names as search has them.
DEVICES = """
CREATE TEMP TABLE bench_device AS
SELECT row_number() OVER (ORDER BY d.id) - 1 AS place, d.id AS device_id, b.id AS buyer_id, b.user_id,
       m.folded || ' · ' || lower(d.identifier) AS device_text,
       o.folded || ' ' || b.phone || ' 0' || substr(b.phone, 4) AS staff_text
FROM customer_device d JOIN customer_buyer b ON b.id = d.owner_id
JOIN bench_model m ON m.id = d.model_id
JOIN bench_name o ON o.first_name = b.first_name AND o.last_name = b.last_name
WHERE d.identifier NOT LIKE 'BM-' || %s || '-%%'
"""
# `kind`: 0 waits for us, 1 waits for the buyer, else closed. Every device has old tickets and new ones.
TICKETS = """
WITH wanted AS (
    SELECT n, d.*, now() - (%(count)s - n) * (interval '600 days' / %(count)s) - interval '1 hour' AS at,
           (hashint4(n) & 1023) %% 10 AS kind, (hashint4(n + 7) & 1023) %% 4 AS rank,
           (hashint4(n + 13) & 1023) %% 4 AS taken
    FROM generate_series(1, %(count)s) n JOIN bench_device d ON d.place = n %% %(devices)s
)
INSERT INTO support_ticket (
    number, buyer_id, device_id, opened_by_id, title, description, importance, rank, status, assignee_id, created_at,
    last_message_at, waiting_since, buyer_wrote_at, first_answered_at, answered_at, buyer_read_at, staff_read_at,
    first_answer_due_at, answer_due_at, resolution_due_at, resolution_left_minutes, due_at, closed_at, closed_why,
    reopened_count, rating, rated_at, rating_note, mode, remote_session_id, search_text, staff_text)
SELECT '1403-' || lpad(n::text, 7, '0'), buyer_id, device_id, user_id, t.raw, s.raw,
       (ARRAY['urgent', 'high', 'medium', 'low'])[rank + 1], rank,
       CASE WHEN kind = 0 AND n %% 2 = 0 THEN 'open' WHEN kind = 0 THEN 'in_review' ELSE 'answered' END,
       CASE WHEN taken > 0 THEN (%(agents)s::bigint[])[1 + n %% %(agent_count)s] END, at,
       at + interval '50 minutes', CASE WHEN kind = 0 THEN at + interval '50 minutes' END,
       at + CASE WHEN kind = 0 THEN interval '50 minutes' ELSE interval '40 minutes' END,
       at + interval '10 minutes', at + CASE WHEN kind = 0 THEN interval '30 minutes' ELSE interval '50 minutes' END,
       at + CASE WHEN kind = 1 AND n %% 3 = 0 THEN interval '35 minutes' ELSE interval '55 minutes' END,
       at + CASE WHEN kind = 0 AND n %% 3 = 0 THEN interval '45 minutes' ELSE interval '55 minutes' END,
       at + interval '1 day',
       CASE WHEN kind = 0 THEN now() + (n %% 400 - 40) * interval '1 hour' END,
       CASE WHEN kind = 0 THEN now() + (n %% 400 + 60) * interval '1 hour' END,
       CASE WHEN kind = 1 THEN 600 END,
       CASE WHEN kind = 0 THEN now() + (n %% 400 - 40) * interval '1 hour' END,
       CASE WHEN kind > 1 THEN at + interval '55 minutes' END, CASE WHEN kind > 1 THEN 'solved' ELSE '' END,
       0, CASE WHEN kind > 5 THEN 1 + n %% 5 END, CASE WHEN kind > 5 THEN at + interval '57 minutes' END, '',
       'contract', '',
       concat_ws(' ', '1403-' || lpad(n::text, 7, '0'), t.folded, s.folded, device_text, m1.folded, m2.folded,
                 m4.folded, m5.folded),
       w.staff_text || ' ' || m3.folded
FROM wanted w
JOIN bench_title t ON t.id = hashint4(n + 1) & %(titles)s
JOIN bench_text s ON s.id = hashint4(n + 2) & %(texts)s
JOIN bench_text m1 ON m1.id = hashint4(n + 101) & %(texts)s JOIN bench_text m2 ON m2.id = hashint4(n + 102) & %(texts)s
JOIN bench_text m3 ON m3.id = hashint4(n + 103) & %(texts)s JOIN bench_text m4 ON m4.id = hashint4(n + 104) & %(texts)s
JOIN bench_text m5 ON m5.id = hashint4(n + 105) & %(texts)s
ORDER BY n
"""
# 1 and 4 are the desk's, 2 the buyer's, 3 an internal note, 5 of whoever has spoken last.
MESSAGES = """
INSERT INTO support_message (ticket_id, author_id, from_staff, is_internal, body, created_at)
SELECT t.id, CASE WHEN staff THEN coalesce(t.assignee_id, %(agent)s) ELSE t.opened_by_id END, staff, m = 3, s.raw,
       t.created_at + m * interval '10 minutes'
FROM support_ticket t CROSS JOIN generate_series(1, 5) m
JOIN bench_text s ON s.id = hashint4(substr(t.number, 6)::int + 100 + m) & %(texts)s,
LATERAL (SELECT m IN (1, 3, 4) OR m = 5 AND t.waiting_since IS NULL AS staff) who
WHERE t.number LIKE '1403-%%'
ORDER BY t.id, m
"""
MORE_OF_ONE = """
INSERT INTO support_message (ticket_id, author_id, from_staff, is_internal, body, created_at)
SELECT t.id, CASE WHEN m %% 2 = 0 THEN t.opened_by_id ELSE %(agent)s END, m %% 2 = 1, false, t.description,
       t.created_at + m * interval '10 minutes'
FROM support_ticket t CROSS JOIN generate_series(6, %(most)s) m WHERE t.id = %(ticket)s
"""


def write(*, tickets: int, fleet_id: int) -> None:
    """Writes so many tickets, spread over all devices but the fleet's."""
    from django.db import connection, transaction

    from customer.roles import Role
    from tests.factories.customer import make_staff

    agents = [make_staff(Role.SUPPORT, is_staff=True, first_name="نگار", last_name=f"سلیمی {n}") for n in range(AGENTS)]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(TRIGRAMS)
        indexes = cursor.fetchall()
        for name, _definition in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
        _pieces()
        cursor.execute(DEVICES, [fleet_id])
        cursor.execute("SELECT count(*) FROM bench_device")
        values = {
            "count": tickets,
            "devices": cursor.fetchone()[0],
            "agents": [agent.pk for agent in agents],
            "agent_count": AGENTS,
            "agent": agents[0].pk,
            "titles": SUBJECTS - 1,
            "texts": SENTENCES - 1,
        }
        cursor.execute("ANALYZE bench_device; ANALYZE bench_text; ANALYZE bench_title")
        cursor.execute("SET LOCAL work_mem = '128MB'; SET LOCAL maintenance_work_mem = '512MB'")
        cursor.execute(TICKETS, values)
        cursor.execute(MESSAGES, values)
    with transaction.atomic(), connection.cursor() as cursor:  # no index is made while checks of keys are pending
        cursor.execute("SET LOCAL maintenance_work_mem = '512MB'")
        for _name, definition in indexes:
            cursor.execute(definition)
    _compare(tickets)


def _pieces() -> None:
    """Titles, sentences and names, each as it is written and as search compares it."""
    from django.db import connection

    from customer.models import Buyer, DeviceModel
    from kernel.persian import clean, fold
    from tests.benchmarks.search import made_up_words

    chance = random.Random(11)
    words = made_up_words(chance)
    titles = [clean(chance.choice(STEMS).format(chance.choice(words))) for _ in range(SUBJECTS)]
    texts = [
        clean(f"{chance.choice(STEMS).format(chance.choice(words))}؛ {' '.join(chance.choices(words, k=6))}.")
        for _ in range(SENTENCES)
    ]
    with connection.cursor() as cursor:
        for table, lines in (("bench_title", titles), ("bench_text", texts)):
            cursor.execute(f"CREATE TEMP TABLE {table} (id int PRIMARY KEY, raw text, folded text)")
            rows = [(n, line, fold(line)) for n, line in enumerate(lines)]
            cursor.executemany(f"INSERT INTO {table} VALUES (%s, %s, %s)", rows)
        cursor.execute("CREATE TEMP TABLE bench_model (id bigint, folded text)")
        models = [(model.pk, fold(str(model))) for model in DeviceModel.objects.select_related("brand")]
        cursor.executemany("INSERT INTO bench_model VALUES (%s, %s)", models)
        cursor.execute("CREATE TEMP TABLE bench_name (first_name text, last_name text, folded text)")
        names = Buyer.objects.order_by().values_list("first_name", "last_name").distinct()
        cursor.executemany(
            "INSERT INTO bench_name VALUES (%s, %s, %s)", [(one, two, fold(f"{one} {two}")) for one, two in names]
        )


def _compare(tickets: int) -> None:
    """What search reads of some of them, beside what the verbs make of the same conversations."""
    from support.models import Ticket
    from support.services.steps import rebuild_search

    numbers = [f"1403-{1 + k * tickets // LOOKED_AT:07d}" for k in range(LOOKED_AT)]
    for ticket in Ticket.objects.filter(number__in=numbers):
        written = ticket.search_text, ticket.staff_text
        rebuild_search(ticket)
        if written != (ticket.search_text, ticket.staff_text):
            raise RuntimeError(f"{ticket.number}: {written} is not {(ticket.search_text, ticket.staff_text)}")


def lengthen(number: str, *, agent: User, now: datetime) -> None:
    """Makes one conversation a long one, with files, in an open ticket: its page has the form for a reply as well."""
    from django.db import connection

    from support.models import Attachment, Message, Ticket
    from support.services.steps import rebuild_search

    waits_for_nobody = {"closed_at": None, "closed_why": "", "waiting_since": None, "due_at": None}
    unrated = {"rating": None, "rated_at": None}
    Ticket.objects.filter(number=number).update(status=Ticket.Status.ANSWERED, **waits_for_nobody, **unrated)
    ticket = Ticket.objects.get(number=number)
    with connection.cursor() as cursor:
        cursor.execute(MORE_OF_ONE, {"agent": agent.pk, "most": LONG_ONE, "ticket": ticket.pk})
    said = Message.objects.filter(ticket=ticket, is_internal=False)[:FILES]
    Attachment.objects.bulk_create(
        Attachment(
            owner_id=message.author_id,
            ticket=ticket,
            message=message,
            name=f"عکس {n}.jpg",
            file=f"attachments/bench-{n}.jpg",
            size=240_000,
            received=240_000,
            content_type="image/jpeg",
            sha256="0" * 64,
            state=Attachment.State.READY,
            created_at=now,
        )
        for n, message in enumerate(said)
    )
    rebuild_search(ticket)
