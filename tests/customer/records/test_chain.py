"""The chain is re-proved whole: whatever was changed, removed or cut is named, and its head is handed out daily."""

import base64
import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from customer import chain
from customer.audit import CHECKS
from customer.chain import chain_breaches
from customer.models import ChainHead, Ownership, RecordKey, ServicePeriod, SignedRecord, SignOff, Transfer
from customer.services.chain import BREACHES_KEY, publish_head, published_heads
from customer.services.record import append_record
from customer.storage import private_storage
from customer.tasks import publish_chain_head
from integrations import outbox
from integrations.models import OutboxMessage
from kernel import signing
from kernel.freeze import freeze, melt
from kernel.jalali import tehran_today
from kernel.verify_record import signed
from portal import metrics
from tests.factories.customer import make_device
from tests.factories.papers import make_confirmed, make_executed

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def private_files(settings, tmp_path):
    settings.STORAGES = settings.STORAGES | {
        "private": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}}
    }
    cache.clear()
    return tmp_path


@pytest.fixture
def papers():
    """Two forms and a deed between them."""
    return make_confirmed(), make_executed().transfer, make_confirmed()


@pytest.fixture
def melted():
    """As somebody would who may do everything: without the triggers."""
    melt(connection)
    yield
    freeze(connection)


def breaches() -> list[str]:
    return [breach for check in CHECKS for breach in check()]


def test_good_papers_pass(papers):
    assert breaches() == []


def test_no_papers_pass():
    assert breaches() == []


def test_changed_content_names_the_field(papers, melted):
    record = papers[0].record
    with transaction.atomic():
        other = append_record(kind="sign_off", buyer_id=record.buyer_id, content={"x": "y"}, now=timezone.now())
    SignedRecord.objects.filter(pk=record.pk).update(content_sealed=other.content_sealed)
    RecordKey.objects.filter(pk=record.pk).update(sealed_key=other.content_key.sealed_key)
    found = list(chain_breaches())

    assert f"signed record 1 ({record.code}): content/x: was added" in found
    assert f"signed record 1 ({record.code}): content/buyer/national_code: is missing" in found


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("manifest", "{}"),
        ("manifest", "no JSON"),
        ("content_sealed", "AAAA"),
        ("sha256", "1" * 64),
        ("previous_sha256", "1" * 64),
        ("signature", "A" * 86 + "=="),
        ("code", "AAAAAAAAAAAA"),
        ("kind", "transfer"),
        ("signed_at", timezone.now() - timedelta(days=9)),
    ],
)
def test_changed_column_is_named_with_its_record(papers, melted, column, value):
    SignedRecord.objects.filter(sequence=1).update(**{column: value})

    assert any(breach.startswith("signed record 1 (") for breach in chain_breaches())


def test_removed_record_is_named_after_the_trigger_was_dropped(papers, melted):
    form, deed, _last = papers
    with connection.constraint_checks_disabled():
        RecordKey.objects.filter(pk=deed.record_id).delete()
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SET session_replication_role = replica")
            cursor.execute("DELETE FROM customer_signedrecord WHERE id = %s", [deed.record_id])
            if connection.vendor == "postgresql":
                cursor.execute("SET session_replication_role = origin")
        found = breaches()

    assert "signed records: 2 to 2 are missing" in found
    assert f"signed record {deed.record.code} of transfer:{deed.pk}: is missing" in found
    assert f"transfer {deed.pk}: carried out, yet its deed is missing" in found
    assert not any(f"sign-off {form.pk}:" in breach for breach in found)
    with connection.constraint_checks_disabled():  # leave nothing dangling behind
        type(deed).objects.filter(pk=deed.pk).update(status="cancelled", record=None, new_owner=None)


def test_cut_end_is_named_even_if_the_head_was_moved_back(papers, melted):
    last = papers[2]
    publish_head(now=timezone.now())
    code = last.record.code
    ServicePeriod.objects.filter(sign_off=last).delete()
    SignOff.objects.filter(pk=last.pk).delete()
    RecordKey.objects.filter(pk=last.record_id).delete()
    SignedRecord.objects.filter(pk=last.record_id).delete()
    before = SignedRecord.objects.get(sequence=2)
    ChainHead.objects.update(sequence=2, sha256=before.sha256)
    found = breaches()

    assert f"signed record {code} of sign_off:{last.pk}: is missing" in found
    assert any("record 3 is no longer the one that was published" in breach for breach in found)


def test_head_moved_forward_or_back_is_named(papers):
    ChainHead.objects.update(sequence=9)
    assert "signed records: the last is 3, the chain's head says 9" in list(chain_breaches())
    ChainHead.objects.update(sequence=2, sha256=SignedRecord.objects.get(sequence=2).sha256)
    assert list(chain_breaches()) == ["signed records: the last is 3, beyond the chain's head"]


def moved_period(form):
    ServicePeriod.objects.filter(sign_off=form).update(ends_on=tehran_today() + timedelta(days=4000))


def vanished_period(form):
    ServicePeriod.objects.filter(sign_off=form).delete()


def changed_installation(form):
    SignOff.objects.filter(pk=form.pk).update(installed_on=tehran_today() - timedelta(days=5))


def period_of_another_device(form):
    ServicePeriod.objects.filter(sign_off=form).update(device=make_device())


def ownership_ended(form):
    Ownership.objects.filter(device=form.device).update(ended_at=timezone.now())


def ownership_of_another(form):
    Ownership.objects.filter(device=form.device).update(owner=make_device().owner)


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (moved_period, r"the service period of sign-off \d+ is not what was signed"),
        (vanished_period, r"the service period of sign-off \d+ is not what was signed"),
        (changed_installation, r"the installation date of sign-off \d+ is not what was signed"),
        (period_of_another_device, r"service period \d+: included, without a confirmed form of device"),
        (ownership_ended, r"device \d+: has 0 ownerships that have not ended"),
        (ownership_of_another, r"device \d+: belongs to buyer \d+, the ownership says another"),
    ],
)
def test_tables_at_odds_with_the_record_are_named(papers, melted, damage, sentence):
    damage(papers[0])
    [found] = breaches()

    assert re.search(sentence, found)


@pytest.mark.parametrize(
    ("column", "sentence"),
    [
        ("statement", "the statement of transfer {} is not what"),
        ("new_national_code", "the national code in transfer {}"),
    ],
)
def test_transfer_at_odds_with_its_deed_is_named(papers, melted, column, sentence):
    transfer = papers[1]
    Transfer.objects.filter(pk=transfer.pk).update(**{column: "0012345679"})

    [found] = breaches()
    assert sentence.format(transfer.pk) in found


def test_code_that_does_not_open_is_named(papers, melted):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE customer_transfer SET new_national_code = 'gone:AAAA'")

    [found] = breaches()
    assert "the national code in transfer" in found


def test_several_processes_find_the_same(papers, melted, monkeypatch):
    monkeypatch.setattr(chain, "BATCH", 1)
    SignedRecord.objects.filter(sequence=2).update(signature="A" * 86 + "==")

    assert list(chain_breaches(processes=2)) == list(chain_breaches()) != []


def test_audit_names_it_and_ends_with_one(papers, melted, capsys):
    SignedRecord.objects.filter(sequence=2).update(sha256="1" * 64)
    with pytest.raises(SystemExit) as ended:
        call_command("audit")

    assert (ended.value.code, "BREACH  signed record 2" in capsys.readouterr().out) == (1, True)


# --- the day's head ------------------------------------------------------------------------------------------------


def test_head_goes_to_a_file_and_to_the_managers_once_a_day(papers, settings):
    settings.MANAGER_PHONES = ["09121112233", "۰۹۱۲۱۱۱۲۲۴۴"]
    now = timezone.now()
    assert (publish_head(now=now), publish_head(now=now)) == ([], None)
    [head] = published_heads()
    last = SignedRecord.objects.get(sequence=3)
    sent = OutboxMessage.objects.filter(topic="sms.chain_head").order_by("pk")

    assert (head.sequence, head.sha256) == (3, last.sha256)
    assert [message.payload["phone"] for message in sent] == ["+989121112233", "+989121112244"]
    assert publish_head(now=now + timedelta(days=1)) == []
    assert sent.all().count() == 4


def test_file_of_the_day_is_signed(papers):
    publish_head(now=timezone.now())
    [name] = private_storage().listdir("chain")[1]
    with private_storage().open(f"chain/{name}") as file:
        text, _, signature = file.read().decode().rpartition("signature: ")

    assert signed(text.encode(), signature.strip(), signing.public_key())
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}\.txt", name)


def test_broken_chain_is_logged_and_the_managers_hear_of_it(papers, melted, settings, caplog, monkeypatch):
    settings.MANAGER_PHONES = ["09121112233"]
    SignedRecord.objects.filter(sequence=2).update(sha256="1" * 64)
    told = []
    monkeypatch.setattr("integrations.sms.providers", lambda: [Told(told)])

    assert publish_chain_head() > 0
    outbox.deliver_due()
    assert "chain.broken signed record 2" in caplog.text
    assert any("هشدار" in text for text in told)
    assert f"portal_chain_breaches {cache.get(BREACHES_KEY)}" in metrics.text()


def test_head_is_told_by_sms(papers, settings, monkeypatch):
    settings.MANAGER_PHONES = ["09121112233"]
    told = []
    monkeypatch.setattr("integrations.sms.providers", lambda: [Told(told)])
    publish_head(now=timezone.now())
    outbox.deliver_due()

    assert any(SignedRecord.objects.get(sequence=3).sha256 in text for text in told)
    assert "portal_signed_records 3" in metrics.text()


class Told:
    """An SMS provider that keeps the texts."""

    def __init__(self, told):
        self.told = told

    name = "told"

    def send(self, message):
        self.told.append(message.text)
        return type("Receipt", (), {"external_id": "1"})()


# --- keys ----------------------------------------------------------------------------------------------------------


def test_records_of_an_earlier_key_stay_proved(papers, settings):
    settings.SIGNING_KEY = base64.b64encode(b"n" * 32).decode()
    make_confirmed()

    assert breaches() == []
    assert len(set(SignedRecord.objects.values_list("key__public_key", flat=True))) == 2


def test_signing_key_makes_a_line_for_the_environment(capsys, settings):
    call_command("signing_key")
    said = capsys.readouterr().out
    [seed] = re.findall(r"^SIGNING_KEY=(\S{44})$", said, re.M)
    settings.SIGNING_KEY = seed

    assert signing.public_key() in said
    assert signing.key_id() in said


def test_signing_key_shows_the_present_and_the_earlier_keys(papers, settings, capsys):
    earlier = signing.public_key()
    settings.SIGNING_KEY = base64.b64encode(b"n" * 32).decode()
    call_command("signing_key", "--show")
    first, second = capsys.readouterr().out.splitlines()

    assert (signing.public_key() in first, "nothing yet" in first, earlier in second) == (True, True, True)
    assert settings.SIGNING_KEY not in first + second
