"""`manage.py doctor`: what it finds and how it says so."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from commerce.models import VatRate
from customer.models import User
from integrations.models import OutboxMessage, SmsCredit
from portal import checkup, health
from portal.checkup import Level


def doctor(**options):
    """What the doctor says in English, and whether something was wrong."""
    out = StringIO()
    try:
        call_command("doctor", no_outside=True, english=True, stdout=out, no_color=True, **options)
    except CommandError:
        return out.getvalue(), True
    return out.getvalue(), False


@pytest.fixture
def sound(db, settings, tmp_path):
    """An installation without a fault, as far as the demo's settings can be one."""
    User.objects.create_superuser("chief", password="a long enough password")
    VatRate.objects.get_or_create(valid_from=timezone.localdate(), defaults={"basis_points": 1000})
    settings.STATIC_BUILD = tmp_path / "build"
    (settings.STATIC_BUILD / "fonts").mkdir(parents=True)
    (settings.STATIC_BUILD / "fonts" / "estedad-400.woff2").touch()
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings


def test_sound_installation_is_well(sound):
    said, is_wrong = doctor()

    assert not is_wrong, said
    assert "✓ Database: in order" in said
    assert "✗" not in said


def test_demo_settings_are_named_as_such(sound):
    assert "not for real buyers" in doctor()[0]


def test_missing_administrator_is_wrong_and_mended_by_a_command(sound):
    User.objects.all().delete()
    said, is_wrong = doctor()

    assert is_wrong
    assert "✗ There is no administrator yet.\n    Make one.\n    manage.py createsuperuser" in said


def test_missing_tax_rate_is_wrong(sound):
    VatRate.objects.all().delete()

    assert "✗ There is no VAT rate." in doctor()[0]


def test_empty_and_odd_keys_are_wrong(sound):
    sound.KAVENEGAR_API_KEY, sound.ZARINPAL_MERCHANT_ID, sound.DIDAR_PRICE_UNIT = "", "zarin", "dollar"
    said, _ = doctor()

    assert "✗ KAVENEGAR_API_KEY is empty." in said
    assert "✗ ZARINPAL_MERCHANT_ID is not a merchant id." in said
    assert "✗ DIDAR_PRICE_UNIT is neither rial nor toman." in said


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"rial": 900_000, "low_since": timezone.now()}, "✗ The credit at Kavenegar is low: ۹۰٬۰۰۰ تومان."),
        ({"rial": 9_000_000}, "✓ Credit at Kavenegar: ۹۰۰٬۰۰۰ تومان"),
        ({"last_error": "HTTP 500"}, "! Kavenegar did not say what credit is left: HTTP 500"),
        ({}, "! What credit is left at Kavenegar is not known in money."),
    ],
)
def test_credit_of_each_provider_in_use(sound, row, said):
    SmsCredit.objects.create(provider="kavenegar", **row)
    SmsCredit.objects.create(provider="smsir", last_error="not in use")
    found, _ = doctor()

    assert said in found
    assert "not in use" not in found


def test_keys_of_the_channels_in_use_are_needed(sound):
    sound.SMS_PROVIDERS, sound.SMSIR_API_KEY = ["smsir"], ""
    sound.KAVENEGAR_API_KEY = sound.WHATSAPP_TOKEN = ""
    said, _ = doctor()

    assert "✗ SMSIR_API_KEY is empty." in said
    assert "✗ WHATSAPP_TOKEN is empty." in said
    assert "KAVENEGAR_API_KEY" not in said


def test_unbuilt_typeface_is_wrong(sound, tmp_path):
    sound.STATIC_BUILD = sound.STATIC_ROOT = tmp_path / "nowhere"

    assert "✗ The typeface is not built." in doctor()[0]


def test_parked_and_late_messages_are_seen(sound):
    long_ago = timezone.now() - timezone.timedelta(hours=1)
    for key, status in (("a", "parked"), ("b", "queued")):
        OutboxMessage.objects.create(
            topic="crm.buyer", dedupe_key=key, status=status, created_at=long_ago, next_attempt_at=long_ago
        )
    said, _ = doctor()

    assert "! Outgoing messages that need a person: 1" in said
    assert "✗ Outgoing messages wait for more than ten minutes." in said


def test_part_that_is_down_is_named_with_its_remedy(sound, monkeypatch):
    def fail():
        raise ConnectionError("refused")

    monkeypatch.setattr(health, "ask_cache", fail)

    assert "✗ Cache: not in order (refused)\n    Start Redis and look at REDIS_URL." in doctor()[0]


def test_check_that_crashes_hides_no_other(sound, monkeypatch):
    def people():
        raise RuntimeError("no such table")
        yield

    monkeypatch.setattr(checkup, "people", people)
    said, is_wrong = doctor()

    assert is_wrong
    assert "✗ The check “people” could not be made: no such table" in said


def test_unreachable_provider_is_named(sound):
    sound.ZARINPAL_BASE_URL = "http://127.0.0.1:9/zarinpal"
    findings = [finding for finding in checkup.doors() if "ZARINPAL" in finding.what]

    assert [finding.level for finding in findings] == [Level.WRONG]


def test_production_looks_at_tasks_and_rehearsal(sound, monkeypatch):
    monkeypatch.setattr(checkup, "is_production", lambda: True)
    monkeypatch.setattr(checkup, "run_checks", lambda **options: [])
    sound.REHEARSAL, sound.TRUSTED_PROXIES = True, 0
    said, _ = doctor()

    assert "✗ REHEARSAL lets local providers through." in said
    assert "! No proxy is trusted" in said
    assert "✗ The background task commerce.tasks.sweep_payments has not run lately." in said


@pytest.mark.postgres
def test_postgres_is_examined(sound):
    levels = {finding.what: finding.level for finding in checkup.database()}

    assert Level.WRONG not in levels.values(), levels


def test_speaks_persian_by_itself(sound):
    out = StringIO()
    call_command("doctor", no_outside=True, stdout=out, no_color=True)

    assert "پایگاه داده: درست است" in out.getvalue()
