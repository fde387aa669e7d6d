"""`python -m tests.benchmarks.fan_out --buyers 100000`: how fast a notice is enqueued and drained, on PostgreSQL.

Starts a database of its own (or uses DATABASE_URL's server), makes the crowd, and prints: rows a second of the fan-out
to inbox and SMS, of its replay (which adds nothing), the peak of memory, and messages a second of one worker against a
provider that costs nothing. The goals are of CPU time: on a machine to itself wall time comes to about the same.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import django

from tests import servers

GOAL_ROWS, GOAL_DRAIN = 33_000, 5_000


class Clock:
    """Wall and CPU time, of this process and of its PostgreSQL backend: on a shared machine only the second is fair."""

    def __init__(self) -> None:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            self.backend = Path(f"/proc/{cursor.fetchone()[0]}/stat")
        self.wall, self.cpu = time.perf_counter(), self._cpu()

    def _cpu(self) -> float:
        ticks = self.backend.read_text().rpartition(")")[2].split()[11:13]
        return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK") + time.process_time()

    def told(self, what: str, rows: int) -> float:
        """Prints what was done; returns rows per second of CPU."""
        wall, cpu = time.perf_counter() - self.wall, self._cpu() - self.cpu
        print(f"{what} in {wall:.2f} s, {cpu:.2f} s of CPU: {rows / wall:,.0f}/s, {rows / cpu:,.0f} per second of CPU")
        return rows / cpu


class FreePort:
    """A provider of text messages that takes everything at once."""

    name = "free"
    batch_size = 200

    def send_batch(self, messages: Sequence, *, recover: bool = False) -> list:
        from integrations.ports import SmsOutcome, SmsReceipt, SmsStatus

        return [
            SmsOutcome(m.local_id, receipt=SmsReceipt(external_id=str(m.local_id), status=SmsStatus.QUEUED))
            for m in messages
        ]

    def find(self, messages: Sequence) -> dict:
        return {}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--buyers", type=int, default=100_000)
    parser.add_argument("--drain", type=int, default=20_000, help="messages to drain")
    options = parser.parse_args()
    with servers.running_postgres() as url, servers.fresh_database(url, "fan_out") as database:
        sys.path.insert(0, str(servers.ROOT / "site"))
        os.environ.update(DATABASE_URL=database, DJANGO_SETTINGS_MODULE="portal.settings.demo")
        django.setup()
        _measure(options.buyers, options.drain)


def _measure(buyers: int, drain: int) -> None:
    from django.core.management import call_command
    from django.db import connection, transaction
    from django.utils import timezone

    from cms.models import CampaignDelivery
    from cms.services.drain import send_one_batch
    from cms.services.fan_out import enqueue, fan_out
    from customer.models import InboxItem
    from integrations import sms
    from tests.factories.cms import make_running

    connection.settings_dict["CONN_MAX_AGE"] = 3600  # as in production
    call_command("migrate", verbosity=0)
    call_command("load_demo", buyers=buyers, devices=buyers, verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    campaign = make_running(throttle_per_minute=10**6)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    clock = Clock()
    added = fan_out(campaign_id=campaign.pk, now=timezone.now())
    inbox = InboxItem.objects.filter(dedupe_key=campaign.dedupe_key).count()
    enqueued = clock.told(f"fan-out: {added:,} deliveries and {inbox:,} inbox items", added + inbox)
    clock = Clock()
    with transaction.atomic():
        again = enqueue(campaign, now=timezone.now())
    clock.told(f"replay: {again} rows added", added + inbox)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory
    print(f"memory: {grown:,} kB more at the peak")
    sms.providers = lambda: [FreePort()]
    clock, sent = Clock(), 0
    while sent < drain and (count := send_one_batch(campaign_id=campaign.pk, channel="sms")):
        sent += count
    drained = clock.told(f"drain: {sent:,} messages by one worker", sent)
    left = CampaignDelivery.objects.filter(status="sending").count()
    misses = [
        name
        for name, met in {
            f"fan-out ≥ {GOAL_ROWS:,} rows/s": enqueued >= GOAL_ROWS,
            "replay adds nothing": again == 0,
            f"drain ≥ {GOAL_DRAIN:,} messages/s": drained >= GOAL_DRAIN,
            "nothing left in hand": left == 0,
        }.items()
        if not met
    ]
    print("all goals met" if not misses else "missed: " + "; ".join(misses))
    raise SystemExit(1 if misses else 0)


if __name__ == "__main__":
    main()
