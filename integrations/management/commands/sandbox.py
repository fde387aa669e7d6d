"""`manage.py sandbox`: the stand-ins for the outside services, in the foreground."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations.sandbox.serve import DEFAULT_HOST, DEFAULT_PORT, serve


class Command(BaseCommand):
    """Needs no database and no settings."""

    help = "Serves the stand-ins for payment, SMS and CRM; the front page shows what they received."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`--port`, `--host`, `--portal`."""
        parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="default %(default)s")
        parser.add_argument("--host", default=DEFAULT_HOST, help="default %(default)s: this machine only")
        parser.add_argument("--portal", default="", help="a portal on this machine that is told how messages fare")

    def handle(self, *args: Any, **options: Any) -> None:
        """Serves until interrupted."""
        try:
            serve(options["port"], options["host"], say=self.stdout.write, portal=options["portal"])
        except OSError as error:
            place = f"{options['host']}:{options['port']}"
            raise CommandError(f"The sandbox cannot listen on {place}: {error.strerror}") from error
