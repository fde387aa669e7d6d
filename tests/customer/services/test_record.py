"""The chain of signed records: appended, opened, re-proved, and every kind of tampering named."""

import base64
import json

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from customer.chain import chain_breaches
from customer.models import ChainHead, RecordKey, SignedRecord, SigningKey
from customer.services.record import (
    CODE_ALPHABET,
    append_record,
    clean_code,
    exported,
    is_genuine,
    new_code,
    open_content,
)
from kernel import signing
from kernel.freeze import melt
from kernel.vault import VaultError
from kernel.verify_record import check_file, digest, json_file, problems
from tests.factories.customer import make_buyer
from tests.factories.papers import make_confirmed, make_executed

pytestmark = pytest.mark.django_db
CONTENT = {"text": "دستگاه نصب شد", "national_code": "0499370899", "items": [{"ticked": True}], "none": None}


@pytest.fixture
def buyer():
    return make_buyer()


def append(buyer, content=None, kind="sign_off") -> SignedRecord:
    return append_record(kind=kind, buyer_id=buyer.pk, content=content or CONTENT, now=timezone.now())


def said() -> str:
    """What is wrong with the chain, but for this: the records of these tests have no form."""
    return "\n".join(breach for breach in chain_breaches() if not breach.endswith("belongs to no confirmed form"))


def tamper(sql: str, *values) -> None:
    """As somebody would who has the database and drops the triggers first."""
    melt(connection)
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


# --- appending -------------------------------------------------------------------------------------------------------


def test_records_follow_each_other(buyer):
    first, second, third = (append(buyer) for _ in range(3))
    assert [r.sequence for r in (first, second, third)] == [1, 2, 3]
    assert [r.previous_sha256 for r in (first, second, third)] == ["0" * 64, first.sha256, second.sha256]
    assert third.sha256 == digest(json.loads(third.manifest))
    assert (ChainHead.objects.get().sequence, ChainHead.objects.get().sha256) == (3, third.sha256)
    assert said() == ""


def test_record_is_genuine_offline(buyer):
    record = append(buyer)
    assert is_genuine(record)
    assert problems(exported(record), signing.public_key()) == []
    assert check_file(json_file(exported(record)), signing.public_key()) == []


def test_content_is_sealed_in_the_database(buyer):
    record = append(buyer)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM customer_signedrecord")
        row = str(cursor.fetchall())
        cursor.execute("SELECT * FROM customer_recordkey")
        row += str(cursor.fetchall())
    assert CONTENT["national_code"] not in row
    assert CONTENT["text"] not in row
    assert open_content(record) == CONTENT


def test_rolled_back_act_appends_nothing(buyer):
    append(buyer)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        append(buyer)
        _ = 1 / 0
    append(buyer)
    assert [r.sequence for r in SignedRecord.objects.order_by("sequence")] == [1, 2]
    assert said() == ""


@pytest.mark.parametrize("value", [1.5, 2**53, {1, 2}, timezone.now()])
def test_what_json_cannot_carry_exactly_is_not_signed(buyer, value):
    with pytest.raises((TypeError, AttributeError)), transaction.atomic():
        append(buyer, {"value": value})
    assert not SignedRecord.objects.exists()


def test_code_can_be_read_out():
    codes = {new_code() for _ in range(200)}
    assert len(codes) == 200
    assert all(len(code) == 12 and set(code) <= set(CODE_ALPHABET) for code in codes)


@pytest.mark.parametrize("typed", ["0123-4567-89ab", " 0123 4567 89AB ", "o123456789AB", "0l23456789ab"])
def test_typed_code_is_forgiven(typed):
    assert clean_code(typed) == "0123456789AB"


# --- keys ------------------------------------------------------------------------------------------------------------


def another_key(letter: bytes = b"n") -> str:
    return base64.b64encode(letter * 32).decode()


def test_new_signing_key_keeps_old_records_provable(buyer, settings):
    old = append(buyer)
    settings.SIGNING_KEY = another_key()
    new = append(buyer)
    assert (SigningKey.objects.count(), old.key != new.key) == (2, True)
    assert said() == ""
    assert problems(exported(old), signing.public_key()) != []  # under the key of another time
    assert problems(exported(old), old.key.public_key) == []


@pytest.mark.parametrize("key", ["", "not base64!", base64.b64encode(b"short").decode()])
def test_without_a_sound_key_nothing_is_signed(buyer, settings, key):
    settings.SIGNING_KEY = key
    with pytest.raises(ImproperlyConfigured):
        append(buyer)


def test_field_keys_can_be_rotated_under_frozen_records(buyer, settings, capsys):
    record = append(buyer)
    settings.FIELD_KEYS = settings.FIELD_KEYS | {"next": another_key()}
    settings.FIELD_KEY_CURRENT = "next"
    call_command("rotate_field_keys")
    assert "customer.RecordKey.sealed_key: 1 sealed anew" in capsys.readouterr().out
    settings.FIELD_KEYS = {"next": another_key()}
    assert open_content(SignedRecord.objects.get()) == CONTENT
    assert SignedRecord.objects.get().content_sealed == record.content_sealed


def test_record_without_its_key_does_not_open(buyer):
    record = append(buyer)
    RecordKey.objects.all().delete()
    record = SignedRecord.objects.get()
    with pytest.raises(VaultError):
        open_content(record)
    assert not is_genuine(record)
    assert said() == f"signed record 1 ({record.code}): not a sealed text"


# --- tampering -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "value", "named"),
    [
        ("code", "'000000000000'", "column code"),
        ("kind", "'transfer'", "column kind"),
        ("sequence", "9", "2 to 2 are missing"),
        ("signed_at", "'2020-01-01 00:00:00+00:00'", "column signed_at"),
        ("sha256", f"'{'a' * 64}'", "sha256"),
        ("previous_sha256", f"'{'b' * 64}'", "column previous"),
        ("signature", "'AAAA'", "signature"),
        ("content_sealed", "'AAAA'", "does not open"),
        ("manifest", "replace(manifest, 'sign_off', 'transfer')", "manifest"),
        ("manifest", "'{}'", "manifest"),
        ("manifest", "'no json'", "manifest"),
        ("manifest", "'[]'", "manifest"),
    ],
)
def test_changed_column_is_named(buyer, column, value, named):
    records = [append(buyer) for _ in range(3)]
    tamper(f"UPDATE customer_signedrecord SET {column} = {value} WHERE sequence = 2")
    assert named in said()
    assert not is_genuine(SignedRecord.objects.get(pk=records[1].pk))
    assert is_genuine(SignedRecord.objects.get(pk=records[0].pk))


def test_content_of_another_record_is_named(buyer):
    append(buyer)
    append(buyer, CONTENT | {"text": "other"})
    for column in ("content_sealed",):
        tamper(
            f"UPDATE customer_signedrecord SET {column} = "
            f"(SELECT {column} FROM customer_signedrecord WHERE sequence = 2) WHERE sequence = 1"
        )
    first, second = RecordKey.objects.order_by("record__sequence")
    RecordKey.objects.filter(pk=first.pk).update(sealed_key=second.sealed_key)
    assert said() == f"signed record 1 ({first.record.code}): content/text: was changed"


@pytest.mark.parametrize(
    ("gone", "named"), [(1, "1 to 1 are missing"), (2, "2 to 2 are missing"), (4, "the last is 3")]
)
def test_removed_record_is_named(buyer, gone, named):
    for _ in range(4):
        append(buyer)
    RecordKey.objects.filter(record__sequence=gone).delete()
    tamper("DELETE FROM customer_signedrecord WHERE sequence = %s", gone)
    assert named in said()


def test_head_that_lies_is_named(buyer):
    append(buyer)
    ChainHead.objects.update(sequence=7)
    assert said() == "signed records: the last is 1, the chain's head says 7"


def test_forged_record_with_a_key_of_its_own_is_named(buyer, settings):
    """Somebody signs anew with his own key, but writes down that it was ours."""
    append(buyer)
    ours, settings.SIGNING_KEY = settings.SIGNING_KEY, another_key(b"f")
    forged = append(buyer)
    settings.SIGNING_KEY = ours
    first = SigningKey.objects.order_by("pk")[0]
    tamper("UPDATE customer_signedrecord SET key_id = %s WHERE id = %s", first.pk, forged.pk)
    assert "the signature does not fit" in said()
    assert "column key_id" in said()


def test_papers_of_both_kinds_stand_in_one_chain():
    confirmed = make_confirmed()
    done = make_executed(confirmed.device).transfer
    assert done.record.previous_sha256 == confirmed.record.sha256
    assert said() == ""
