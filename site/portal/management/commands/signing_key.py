"""`manage.py signing_key`: makes the key that signs records, or shows the keys that have signed."""

from __future__ import annotations

import base64
import secrets
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.test import override_settings

from customer.models import SigningKey
from kernel import signing


class Command(BaseCommand):
    help = (
        "Makes a key that signs sign-offs and transfers, as a line for the environment; keeps nothing. To change keys, "
        "put the new line in place of the old one: the old public key stays in the database. --show: the present key "
        "and all public keys that have signed here."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--show", action="store_true", help="show the public keys; make nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["show"]:
            self.show()
            return
        seed = base64.b64encode(secrets.token_bytes(signing.SEED_BYTES)).decode()
        with override_settings(SIGNING_KEY=seed):
            public, key_id = signing.public_key(), signing.key_id()
        self.stdout.write("# Secret: keep a copy in a safe place; without it nothing more can be signed with this key.")
        self.stdout.write(f"SIGNING_KEY={seed}")
        self.stdout.write(f"# Public key, for everybody who checks: {public} (key {key_id})")

    def show(self) -> None:
        """The present key first, then the earlier ones, newest first."""
        current = signing.public_key() if settings.SIGNING_KEY else ""
        known = {key.public_key: key for key in SigningKey.objects.order_by("since")}
        if not current:
            self.stdout.write("SIGNING_KEY is not set.")
        elif current in known:
            self.stdout.write(f"{self.line(known.pop(current))}  signs now")
        else:
            self.stdout.write(f"{signing.key_id()}  {current}  signs now, nothing yet")
        for key in reversed(known.values()):
            self.stdout.write(self.line(key))

    def line(self, key: SigningKey) -> str:
        """One public key that has signed here."""
        return f"{key.key_id}  {key.public_key}  since {key.since:%Y-%m-%d}"
