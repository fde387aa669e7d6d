"""`manage.py load_demo`: the demo's people; with `--buyers` and `--devices` a crowd as well."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from portal.demo import load
from portal.demo_crowd import make_crowd


class Command(BaseCommand):
    help = "Makes the demo's buyers, devices and prices. Running it again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--buyers", type=int, default=0, help="this many further buyers, for scale")
        parser.add_argument("--devices", type=int, default=None, help="devices among them (default: three each)")

    def handle(self, *args: Any, **options: Any) -> None:
        if not getattr(settings, "DEMO_ALLOWED", False):
            raise CommandError("The demo's sign-ins are public; they are made on a demo installation only.")
        now = timezone.now()
        made = load(now)
        self.stdout.write("demo loaded" if made else "demo was there already")
        if buyers := options["buyers"]:
            devices = 3 * buyers if options["devices"] is None else options["devices"]
            self.stdout.write(f"{make_crowd(buyers=buyers, devices=devices, now=now)} buyers added")
