"""`python peer_seed.py N`: N tickets with five follow-ups each, one with twenty. Prints session, queue and that one."""

from __future__ import annotations

import sys

import django

TITLES = [
    "The mill does not start",
    "Strange noise of the spindle",
    "Error E12 after the update",
    "The furnace stays cold",
]
TICKETS = """
INSERT INTO helpdesk_ticket (title, queue_id, created, modified, submitter_email, assigned_to_id, status, on_hold,
                             description, priority, secret_key)
SELECT (%(titles)s::text[])[1 + n %% 4] || ' ' || n, %(queue)s,
       now() - (%(count)s - n) * (interval '600 days' / %(count)s),
       now(), 'buyer' || n %% 3000 || '@example.ir', CASE WHEN n %% 4 > 0 THEN %(agent)s END,
       CASE WHEN n %% 5 = 0 THEN 1 ELSE 4 END, false, repeat('It has been like this since yesterday. ', 3), 1 + n %% 5,
       md5(n::text)
FROM generate_series(1, %(count)s) n
"""
FOLLOW_UPS = """
INSERT INTO helpdesk_followup (ticket_id, date, title, comment, public, user_id)
SELECT t.id, t.created + m * interval '10 minutes', 'Comment', repeat('Please look at the fuse behind it. ', 3), true,
       CASE WHEN m %% 2 = 1 THEN %(agent)s END
FROM helpdesk_ticket t CROSS JOIN generate_series(%(first)s, %(last)s) m WHERE %(only)s = 0 OR t.id = %(only)s
"""


def main() -> None:
    django.setup()
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
    from django.contrib.sessions.backends.db import SessionStore
    from django.db import connection
    from helpdesk.models import Queue, Ticket

    agent = get_user_model().objects.create_superuser("agent", "agent@example.ir", "peer")
    queue = Queue.objects.create(title="Support", slug="support", allow_public_submission=True)
    values = {"count": int(sys.argv[1]), "titles": TITLES, "queue": queue.pk, "agent": agent.pk}
    with connection.cursor() as cursor:
        cursor.execute(TICKETS, values)
        cursor.execute(FOLLOW_UPS, {**values, "first": 1, "last": 5, "only": 0})
        last = Ticket.objects.order_by("-pk")[0].pk
        cursor.execute(FOLLOW_UPS, {**values, "first": 6, "last": 20, "only": last})
    session = SessionStore()
    session[SESSION_KEY] = str(agent.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = agent.get_session_auth_hash()
    session.create()
    print(f"{session.session_key} {queue.pk} {last}")


if __name__ == "__main__":
    main()
