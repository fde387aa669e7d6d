from __future__ import annotations

import base64

import pytest
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import connection, models
from hypothesis import given
from hypothesis import strategies as st

from kernel.fields import EncryptedTextField
from kernel.vault import VaultError, blind_index, decrypt, encrypt, is_current, rotate

OLD = base64.b64encode(b"o" * 32).decode()
NEW = base64.b64encode(b"n" * 32).decode()


@pytest.fixture(autouse=True)
def old_key(settings) -> None:
    settings.FIELD_KEYS = {"old": OLD}
    settings.FIELD_KEY_CURRENT = "old"
    settings.BLIND_INDEX_KEY = "index"


@pytest.mark.parametrize("text", ["0499370899", "", "سارا", "a:b", "x" * 10_000])
def test_sealed_text_opens(text: str) -> None:
    token = encrypt(text)
    assert token.startswith("old:")
    assert text == "" or text not in token
    assert decrypt(token) == text


def test_the_same_text_is_never_sealed_alike() -> None:
    assert encrypt("0499370899") != encrypt("0499370899")


def test_rotation_reads_the_old_key_and_writes_the_new(settings) -> None:
    token = encrypt("0499370899")
    settings.FIELD_KEYS = {"old": OLD, "new": NEW}
    settings.FIELD_KEY_CURRENT = "new"
    assert decrypt(token) == "0499370899"
    assert not is_current(token)

    rotated = rotate(token)

    assert is_current(rotated)
    assert rotate(rotated) == rotated
    settings.FIELD_KEYS = {"new": NEW}
    assert decrypt(rotated) == "0499370899"
    with pytest.raises(VaultError, match="'old'"):
        decrypt(token)


def test_an_unknown_key_does_not_open(settings) -> None:
    token = encrypt("0499370899")
    settings.FIELD_KEYS = {"other": OLD}
    with pytest.raises(VaultError):
        decrypt(token)
    with pytest.raises(VaultError):
        encrypt("text")


def test_a_token_under_another_key_id_does_not_open(settings) -> None:
    settings.FIELD_KEYS = {"old": OLD, "twin": OLD}
    with pytest.raises(VaultError):
        decrypt(encrypt("text").replace("old:", "twin:"))


def test_every_changed_byte_is_noticed() -> None:
    raw = bytearray(base64.b64decode(encrypt("0499370899").removeprefix("old:")))
    for place in range(len(raw)):
        tampered = bytearray(raw)
        tampered[place] ^= 1
        with pytest.raises(VaultError) as caught:
            decrypt(f"old:{base64.b64encode(tampered).decode()}")
        assert "0499370899" not in str(caught.value)


@given(st.text())
def test_garbage_does_not_open(text: str) -> None:
    for token in (text, f"old:{text}"):
        with pytest.raises(VaultError):
            decrypt(token)


@pytest.mark.parametrize("key", ["c2hvcnQ=", "no base 64"])
def test_a_key_that_is_none_is_a_mistake_of_the_installation(settings, key: str) -> None:
    settings.FIELD_KEYS = {"old": key}
    with pytest.raises(ImproperlyConfigured) as caught:
        encrypt("text")
    assert key not in str(caught.value)


def test_the_blind_index_is_keyed_and_steady(settings) -> None:
    index = blind_index("0499370899")
    assert index == blind_index("0499370899")
    assert len(index) == 64
    assert index != blind_index("0499370898")
    settings.BLIND_INDEX_KEY = "another"
    assert index != blind_index("0499370899")


class Sealed(models.Model):
    secret = EncryptedTextField(null=True)

    class Meta:
        app_label = "kernel_tests"
        managed = False


@pytest.fixture
def sealed_table(db):
    # Plain SQL: Django's schema editor would want SQLite outside of the test's transaction.
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE {Sealed._meta.db_table} (id integer PRIMARY KEY, secret text NULL)")
        yield cursor
        cursor.execute(f"DROP TABLE {Sealed._meta.db_table}")


def test_the_field_is_plain_in_python_and_sealed_in_the_database(sealed_table) -> None:
    Sealed(id=1, secret="0499370899").save(force_insert=True)
    Sealed.objects.bulk_create([Sealed(id=2, secret="text"), Sealed(id=3, secret=None)])
    Sealed.objects.filter(pk=2).update(secret="سارا")

    sealed_table.execute(f"SELECT secret FROM {Sealed._meta.db_table} ORDER BY id")
    stored = [row[0] for row in sealed_table.fetchall()]

    assert [value and value.partition(":")[0] for value in stored] == ["old", "old", None]
    assert list(Sealed.objects.order_by("id").values_list("secret", flat=True)) == ["0499370899", "سارا", None]
    assert Sealed.objects.get(secret__isnull=True).pk == 3


@pytest.mark.parametrize("lookup", ["secret", "secret__exact", "secret__in", "secret__icontains", "secret__length"])
def test_the_field_refuses_to_be_searched(lookup: str) -> None:
    with pytest.raises(FieldError):
        Sealed.objects.filter(**{lookup: ["x"]})
