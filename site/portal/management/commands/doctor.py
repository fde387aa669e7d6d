"""`manage.py doctor`: is everything as it must be, and how to mend what is not."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import override

from portal.checkup import Finding, Level, examine


class Command(BaseCommand):
    help = "Checks what an operator must have right and says how to mend it. Exit code 1 when something is wrong."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-outside", action="store_true", help="do not knock at the providers' servers")
        parser.add_argument("--english", action="store_true", help="speak English, for terminals without Persian")

    def handle(self, *args: Any, **options: Any) -> None:
        with override("en") if options["english"] else nullcontext():
            findings = []
            for finding in examine(outside=not options["no_outside"]):
                findings.append(finding)
                self.show(finding)
            if any(finding.level == Level.WRONG for finding in findings):
                raise CommandError(_("Something must be mended."), returncode=1)
            self.stdout.write(_("All is well."))

    def show(self, finding: Finding) -> None:
        styles = {Level.FINE: self.style.SUCCESS, Level.ADVICE: self.style.WARNING, Level.WRONG: self.style.ERROR}
        self.stdout.write(styles[finding.level](f"{finding.level} {finding.what}"))
        for line in filter(None, [finding.mend, finding.command]):
            self.stdout.write(f"    {line}")
