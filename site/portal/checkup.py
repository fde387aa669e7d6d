"""What `manage.py doctor` looks at: everything an operator must have right, each with how to mend it."""

from __future__ import annotations

import logging
import socket
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core.checks import ERROR, WARNING, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from commerce.models import Payment, PlanPrice, VatRate
from customer.models import User
from integrations.credit import provider_name
from integrations.models import OutboxMessage, SmsCredit
from kernel import signing
from kernel.money import format_rial_as_toman
from kernel.refused import Refused
from portal import health, heartbeat, metrics, pades
from portal.papers import ENGINE_PACKAGES, engine_version

logger = logging.getLogger(__name__)

EXTENSIONS = ("btree_gist",)
OLDEST_POSTGRES = 140_000
CLOCK_SECONDS = 2.0
OUTBOX_WAIT_SECONDS = 600
CONNECT_SECONDS = 3.0
SMS_SETTINGS = {"kavenegar": ["KAVENEGAR_API_KEY", "KAVENEGAR_SENDER"], "smsir": ["SMSIR_API_KEY", "SMSIR_LINE"]}
WHATSAPP_SETTINGS = ["WHATSAPP_NUMBER_ID", "WHATSAPP_TOKEN", "WHATSAPP_APP_SECRET", "WHATSAPP_VERIFY_TOKEN"]
CREATE_SUPERUSER = "manage.py createsuperuser"


class Level(StrEnum):
    FINE = "✓"
    ADVICE = "!"
    WRONG = "✗"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One answer: how bad, what, how to mend it in words, and the command that does."""

    level: Level
    what: str
    mend: str = ""
    command: str = ""


def fine(what: str) -> Finding:
    return Finding(level=Level.FINE, what=what)


def advice(what: str, mend: str, command: str = "") -> Finding:
    return Finding(level=Level.ADVICE, what=what, mend=mend, command=command)


def wrong(what: str, mend: str, command: str = "") -> Finding:
    return Finding(level=Level.WRONG, what=what, mend=mend, command=command)


def examine(*, outside: bool) -> Iterator[Finding]:
    """All findings, one after the other; `outside`: also knock at the providers' doors."""
    for look in [profile, servers, database, files, papers, people, prices, providers, channels, queue, clockwork]:
        try:
            yield from look()
        except Exception as error:  # a part that is down must not hide the others
            logger.debug("doctor.failed part=%s", look.__name__, exc_info=True)
            what = _("The check “%(name)s” could not be made: %(error)s")
            yield wrong(what % {"name": look.__name__, "error": error}, _("Mend what stands above first."))
    if outside:
        yield from doors()


def is_production() -> bool:
    return not getattr(settings, "DEMO_ALLOWED", False)


def profile() -> Iterator[Finding]:
    """The settings, and what Django itself says of them."""
    if not is_production():
        yield advice(
            _("These are the settings of the demo: not for real buyers."),
            _("Set the variables of site/deploy/.env.example, this one among them."),
            "DJANGO_SETTINGS_MODULE=portal.settings.production",
        )
        return
    yield fine(_("The settings are those of production."))
    if settings.REHEARSAL:
        yield wrong(_("REHEARSAL lets local providers through."), _("Take REHEARSAL out of the environment."))
    if not settings.TRUSTED_PROXIES:
        yield advice(
            _("No proxy is trusted: behind nginx every buyer seems to come from one address."),
            _("Say how many proxies stand in front."),
            "TRUSTED_PROXIES=1",
        )
    for message in run_checks(include_deployment_checks=True):
        if message.level >= WARNING:
            level = Level.WRONG if message.level >= ERROR else Level.ADVICE
            yield Finding(level=level, what=f"{message.id}: {message.msg}", mend=message.hint or "")


def servers() -> Iterator[Finding]:
    """Database, cache and broker answer; every migration is applied."""
    mends = {
        "database": (_("Database"), _("Start PostgreSQL and look at DATABASE_URL."), ""),
        "migrations": (_("Migrations"), _("Bring the database up to this version."), "manage.py migrate"),
        "cache": (_("Cache"), _("Start Redis and look at REDIS_URL."), ""),
        "broker": (_("Broker"), _("Start the broker and look at CELERY_BROKER_URL."), ""),
    }
    for part, check in health.checks().items():
        name, mend, command = mends[part]
        try:
            check()
        except Exception as error:  # each client raises its own
            logger.debug("doctor.failed part=%s", part, exc_info=True)
            yield wrong(_("%(part)s: not in order (%(error)s)") % {"part": name, "error": error}, mend, command)
        else:
            yield fine(_("%(part)s: in order") % {"part": name})


def database() -> Iterator[Finding]:
    """PostgreSQL's version, extensions, encoding, role and clock."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        version = int(cursor.fetchone()[0])
        cursor.execute("SELECT extname FROM pg_extension")
        installed = {name for (name,) in cursor.fetchall()}
        cursor.execute("SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database()")
        encoding = cursor.fetchone()[0]
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        is_superuser = cursor.fetchone()[0]
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
        there = float(cursor.fetchone()[0])
    if version < OLDEST_POSTGRES:
        yield wrong(_("This PostgreSQL is too old."), _("Version 14 or later is needed."))
    for name in EXTENSIONS:
        if name not in installed:
            what = _("The PostgreSQL extension %(name)s is missing.") % {"name": name}
            yield wrong(what, _("As the database's administrator:"), f"CREATE EXTENSION {name};")
    if encoding != "UTF8":
        yield wrong(_("The database is not in UTF-8."), _("Make it anew."), "createdb --encoding UTF8 portal")
    if is_superuser:
        what = _("The portal signs in to PostgreSQL as its administrator.")
        yield advice(what, _("Give it a role of its own without SUPERUSER."))
    if abs(there - time.time()) > CLOCK_SECONDS:
        yield wrong(_("The clocks of this machine and of PostgreSQL differ."), _("Let both follow a time server."))


def files() -> Iterator[Finding]:
    """Static files, typeface, catalogue, a place for uploads."""
    static = Path(settings.STATIC_ROOT)
    if is_production() and not (static / "staticfiles.json").exists():
        yield wrong(_("The static files are not collected."), _("Collect them."), "manage.py collectstatic --noinput")
    if not any(Path(settings.STATIC_BUILD).glob("fonts/*.woff2")) and not any(static.glob("fonts/*.woff2")):
        mend = _("Cut it from its package, then collect the static files.")
        yield wrong(_("The typeface is not built."), mend, "manage.py build_fonts && manage.py collectstatic --noinput")
    if not any((Path(folder) / "fa/LC_MESSAGES/django.mo").exists() for folder in settings.LOCALE_PATHS):
        yield wrong(_("The Persian catalogue is not compiled."), _("Compile it."), "manage.py compilemessages")
    media = Path(settings.MEDIA_ROOT)
    try:
        media.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=media).close()
    except OSError as error:
        what = _("Uploads cannot be kept in %(folder)s: %(error)s") % {"folder": media, "error": error.strerror}
        yield wrong(what, _("Make the folder and give it to the user who runs the portal."))


def papers() -> Iterator[Finding]:
    """Records can be signed, certificates can be set, and somebody hears of the chain."""
    if not settings.SIGNING_KEY:
        mend = _("Make a key and put it into the environment.")
        yield wrong(_("SIGNING_KEY is missing: nothing can be signed."), mend, "manage.py signing_key")
    else:
        yield fine(_("Records are signed with the key %(key)s.") % {"key": signing.key_id()})
    try:
        engine_version()
    except Refused:
        what = _("The machine lacks the libraries that set PDFs: certificates cannot be made.")
        yield wrong(what, _("Install them."), f"apt-get install {ENGINE_PACKAGES}")
    else:
        yield fine(_("PDFs can be made."))
    try:
        pades.check(now=timezone.now())
    except ImproperlyConfigured as error:
        what = _("The certificate of PADES_PKCS12 cannot be used: %(error)s") % {"error": error}
        yield wrong(what, _("Look at its path, its password and its validity."))
    if is_production() and not settings.MANAGER_PHONES:
        what = _("No phone of a manager is set: nobody is told the head of the chain of records.")
        yield advice(what, _("Set MANAGER_PHONES."), "MANAGER_PHONES=09120000000")


def people() -> Iterator[Finding]:
    """Somebody can sign in to the admin."""
    if not User.objects.filter(is_superuser=True, is_active=True).exists():
        yield wrong(_("There is no administrator yet."), _("Make one."), CREATE_SUPERUSER)


def prices() -> Iterator[Finding]:
    """Renewals have a price and a tax rate."""
    today = timezone.localdate()
    if not PlanPrice.objects.filter(valid_from__lte=today).exists():
        yield advice(_("No service plan has a price: nobody can renew."), _("Add plans and prices in the admin."))
    if not VatRate.objects.filter(valid_from__lte=today).exists():
        yield wrong(_("There is no VAT rate."), _("Add the rate that holds today in the admin."))


def providers() -> Iterator[Finding]:
    """The keys of bank, SMS and CRM are filled in."""
    needed = ["ZARINPAL_MERCHANT_ID", "DIDAR_API_KEY"]
    for name in settings.SMS_PROVIDERS:
        needed += SMS_SETTINGS.get(name, [])
    if settings.WHATSAPP_PROVIDER:
        needed += WHATSAPP_SETTINGS
    if is_production():
        needed += ["DIDAR_PIPELINE_ID", "DIDAR_STAGE_ID"]
    for name in needed:
        if not getattr(settings, name):
            yield wrong(_("%(name)s is empty.") % {"name": name}, _("Copy it from the provider's panel."))
    try:
        UUID(settings.ZARINPAL_MERCHANT_ID or "00000000-0000-0000-0000-000000000000")
    except ValueError:
        yield wrong(_("ZARINPAL_MERCHANT_ID is not a merchant id."), _("It has 36 characters, like a UUID."))
    if settings.DIDAR_PRICE_UNIT not in {"rial", "toman"}:
        yield wrong(_("DIDAR_PRICE_UNIT is neither rial nor toman."), _("Set it."), "DIDAR_PRICE_UNIT=rial")


def channels() -> Iterator[Finding]:
    """The credit of each provider of text messages, and whether deliveries are reported to us."""
    for row in SmsCredit.objects.filter(provider__in=settings.SMS_PROVIDERS):
        names = {"name": provider_name(row.provider)}
        if row.low_since and row.rial is not None:
            what = _("The credit at %(name)s is low: %(credit)s.") % {
                **names,
                "credit": format_rial_as_toman(row.rial),
            }
            yield wrong(what, _("Top it up in the provider's panel."))
        elif row.last_error:
            what = _("%(name)s did not say what credit is left: %(error)s") % {**names, "error": row.last_error}
            yield advice(what, _("Look at its key and address."))
        elif row.rial is None:
            what = _("What credit is left at %(name)s is not known in money.") % names
            yield advice(what, _("Set what one of its units costs."), "SMSIR_UNIT_RIAL=2000")
        else:
            yield fine(_("Credit at %(name)s: %(credit)s") % {**names, "credit": format_rial_as_toman(row.rial)})
    for name in settings.SMS_PROVIDERS if is_production() else ():
        if not settings.SMS_HOOK_SECRETS.get(name):
            what = _("%(name)s cannot report deliveries: it must be asked for them.") % {"name": provider_name(name)}
            mend = _("Make a secret and write its address into the provider's panel.")
            yield advice(what, mend, f"{name.upper()}_HOOK_SECRET=$(openssl rand -hex 24)")


def queue() -> Iterator[Finding]:
    """Nothing waits too long, nothing waits for a person."""
    now = timezone.now()
    oldest = metrics.oldest_due(now)
    if oldest and (now - oldest).total_seconds() > OUTBOX_WAIT_SECONDS:
        yield wrong(
            _("Outgoing messages wait for more than ten minutes."), _("Look whether the worker runs and what it logs.")
        )
    if parked := OutboxMessage.objects.filter(status=OutboxMessage.Status.PARKED).count():
        what = _("Outgoing messages that need a person: %(count)s") % {"count": parked}
        yield advice(what, _("Look at them in the admin, mend the cause, send again."))
    if odd := Payment.objects.filter(status=Payment.Status.MISMATCH).count():
        what = _("Payments whose amount differs from the bank's: %(count)s") % {"count": odd}
        yield advice(what, _("Finance decides on them in the admin."))


def clockwork() -> Iterator[Finding]:
    """Every scheduled task ended well not long ago. Seen only where web and worker share a cache."""
    if not is_production():
        return
    ends = heartbeat.last_ends()
    late = [task for task, every in heartbeat.scheduled().items() if time.time() - ends.get(task, 0) > 3 * every + 60]
    for task in late:
        what = _("The background task %(task)s has not run lately.") % {"task": task}
        yield wrong(what, _("Start worker and beat."), "systemctl start buyer-portal-worker buyer-portal-beat")
    if not late:
        yield fine(_("The background tasks run."))


def doors() -> Iterator[Finding]:
    """Each provider's server accepts a connection from here."""
    names = ["ZARINPAL_BASE_URL", *(f"{name.upper()}_BASE_URL" for name in settings.SMS_PROVIDERS), "DIDAR_BASE_URL"]
    if settings.WHATSAPP_PROVIDER:
        names.append("WHATSAPP_BASE_URL")
    for name in names:
        parts = urlsplit(getattr(settings, name))
        place = (parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
        words = {"name": name, "host": f"{place[0]}:{place[1]}"}
        try:
            socket.create_connection(place, timeout=CONNECT_SECONDS).close()
        except OSError as error:
            what = _("%(host)s (%(name)s) cannot be reached: %(error)s") % {**words, "error": error}
            yield wrong(what, _("Look at the address, the name server and the firewall."))
        else:
            yield fine(_("%(host)s (%(name)s) can be reached.") % words)
