"""What was confirmed stays as it was: by every way to the database, on SQLite and PostgreSQL, for every role."""

from __future__ import annotations

import base64
import sqlite3
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, models, transaction
from django.utils import timezone

from customer.chain import chain_breaches
from customer.models import Ownership, RecordKey, SignedRecord, SigningKey, SignOff, Trace, Transfer
from customer.services.record import current_key
from customer.services.transfer import cancel_transfer, refuse_transfer
from kernel.freeze import freeze, frozen_tables, melt, missing_triggers
from tests.factories.papers import actor_for, make_confirmed, make_draft, make_executed, make_sign_off, make_submitted

APPLICATION = "portal_application"
FROZEN = [SignOff, SignedRecord, SigningKey, Ownership, Trace, Transfer]
STATEMENTS = [
    "UPDATE customer_signoff SET status = 'waiting', record_id = NULL, confirmed_at = NULL WHERE id = {sign_off}",
    "UPDATE customer_signoff SET installed_on = '2020-01-01' WHERE id = {sign_off}",
    "UPDATE customer_signoff SET status = status WHERE id = {sign_off}",
    "UPDATE customer_signoff SET decline_reason = 'x'",
    "DELETE FROM customer_signoff WHERE id = {sign_off}",
    "INSERT INTO customer_signoff SELECT * FROM customer_signoff WHERE true ON CONFLICT (id) DO UPDATE SET status = ''",
    "UPDATE customer_signedrecord SET signature = 'x' WHERE id = {record}",
    "UPDATE customer_signedrecord SET sequence = sequence + 100",
    "DELETE FROM customer_signedrecord WHERE id = {record}",
    "UPDATE customer_signingkey SET public_key = 'x'",
    "DELETE FROM customer_signingkey",
    "UPDATE customer_ownership SET ended_at = NULL WHERE id = {ownership}",
    "UPDATE customer_ownership SET owner_id = {new_owner} WHERE id = {ownership}",
    "DELETE FROM customer_ownership WHERE id = {ownership}",
    # The present owner's row, which has not ended: only its end may be added.
    "UPDATE customer_ownership SET owner_id = {old_owner} WHERE id = {present}",
    "UPDATE customer_ownership SET device_id = device_id + 1 WHERE id = {present}",
    "UPDATE customer_ownership SET began_at = '2020-01-01', ended_at = '2026-01-01' WHERE id = {present}",
    "UPDATE customer_ownership SET transfer_id = NULL WHERE id = {present}",
    "UPDATE customer_ownership SET id = id + 100 WHERE id = {present}",
    "DELETE FROM customer_ownership WHERE id = {present}",
    "UPDATE customer_transfer SET statement = 'x' WHERE id = {transfer}",
    "UPDATE customer_transfer SET status = 'cancelled', record_id = NULL, new_owner_id = NULL WHERE id = {transfer}",
    "UPDATE customer_transfer SET new_owner_id = {old_owner} WHERE id = {transfer}",
    "UPDATE customer_transfer SET new_national_code = 'x', new_phone = 'x' WHERE id = {transfer}",
    "UPDATE customer_transfer SET decided_by_id = NULL, decided_at = NULL",
    "DELETE FROM customer_transfer WHERE id = {transfer}",
    "UPDATE customer_trace SET verb = 'x'",
    "DELETE FROM customer_trace",
]
REPLACEMENTS = [
    "INSERT OR REPLACE INTO customer_signoff SELECT * FROM customer_signoff WHERE id = {sign_off}",
    "REPLACE INTO customer_signedrecord SELECT * FROM customer_signedrecord WHERE id = {record}",
    "UPDATE OR REPLACE customer_signedrecord SET id = id + 1 WHERE id = {record}",
    "INSERT OR REPLACE INTO customer_ownership SELECT * FROM customer_ownership WHERE id = {ownership}",
    "INSERT OR REPLACE INTO customer_ownership SELECT * FROM customer_ownership WHERE id = {present}",
    "REPLACE INTO customer_transfer SELECT * FROM customer_transfer WHERE id = {transfer}",
]


@pytest.fixture
def papers(db) -> dict[str, int]:
    """A confirmed form, and the device handed over afterwards; the ids by name."""
    made = laid_down()
    connection.check_constraints()  # what PostgreSQL had put off to the end of the transaction
    return made


def laid_down() -> dict[str, int]:
    confirmed = make_confirmed()
    done = make_executed(confirmed.device).transfer
    ended = Ownership.objects.get(ended_at__isnull=False)
    return {
        "sign_off": confirmed.pk,
        "record": confirmed.record_id,
        "ownership": ended.pk,
        "present": done.ownership.pk,
        "transfer": done.pk,
        "old_owner": done.owner_id,
        "new_owner": done.new_owner_id,
    }


def rows() -> list:
    return [list(model.objects.order_by("pk").values()) for model in FROZEN]


def assert_refused(statement: str, papers: dict[str, int]) -> None:
    with pytest.raises(IntegrityError, match="are frozen"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(**papers))


def try_everything(papers: dict[str, int], statements: list[str]) -> None:
    before = rows()
    for statement in statements:
        assert_refused(statement, papers)
    assert rows() == before


def change_through_models(papers: dict[str, int]) -> None:
    named = ((SignOff, "sign_off"), (SignedRecord, "record"), (Ownership, "ownership"), (Transfer, "transfer"))
    for model, name in named:
        frozen = model.objects.filter(pk=papers[name])
        row, last = frozen.get(), model._meta.concrete_fields[-1].attname
        acts = [
            # A transfer's own save() would seal the national code anew, which is allowed: the rest then is as it was.
            row.save if model is not Transfer else lambda row=row: row.save(update_fields=["statement"]),
            lambda frozen=frozen, last=last: frozen.update(**{last: models.F(last)}),
            lambda row=row, last=last: type(row).objects.bulk_update([row], [last.removesuffix("_id")]),
            lambda frozen=frozen: frozen._raw_delete(using="default"),
        ]
        for act in acts:
            with pytest.raises(IntegrityError, match="are frozen"), transaction.atomic():
                act()


def test_sql_is_refused(papers):
    try_everything(papers, STATEMENTS)


def test_models_are_refused(papers):
    before = rows()
    change_through_models(papers)
    assert rows() == before


@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite's own words")
def test_replacing_is_refused(papers):
    try_everything(papers, REPLACEMENTS)


def test_twin_without_triggers_is_changed(papers):
    melt(connection)
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS[1].format(**papers))
        cursor.execute("DELETE FROM customer_trace")
    assert str(SignOff.objects.get().installed_on) == "2020-01-01"
    assert not Trace.objects.exists()


def test_what_is_not_final_moves_on(papers):
    sign_off = make_sign_off()
    sign_off.statement = "x"
    sign_off.save()
    present = Ownership.objects.filter(pk=papers["present"])
    assert present.update(ended_at=timezone.now()) == 1
    with pytest.raises(IntegrityError, match="are frozen"), transaction.atomic():
        present.update(ended_at=None)
    key = RecordKey.objects.get(record_id=papers["record"])
    key.sealed_key = "next:x"
    key.save()
    assert SignOff.objects.filter(pk=sign_off.pk).delete()[0] == 1


def test_refused_and_cancelled_requests_are_frozen_and_open_ones_are_not(db):
    draft, refused, cancelled = make_draft(), make_submitted(), make_submitted()
    now, user = timezone.now(), cancelled.owner.user
    refuse_transfer(transfer_id=refused.pk, reason="x", actor=actor_for(user), now=now)
    cancel_transfer(user=user, transfer_id=cancelled.pk, actor=actor_for(user), now=now)
    for row in (refused, cancelled):
        for act in (Transfer.objects.filter(pk=row.pk).delete, lambda row=row: change_statement(row)):
            with pytest.raises(IntegrityError, match="are frozen"), transaction.atomic():
                act()
    assert change_statement(draft) == 1


def change_statement(transfer: Transfer) -> int:
    return Transfer.objects.filter(pk=transfer.pk).update(statement="x")


def test_sealed_code_of_a_frozen_transfer_is_sealed_anew(papers, settings):
    """Rotation of the field keys is the one thing that may still be written there."""
    done = Transfer.objects.filter(pk=papers["transfer"])
    code, [before] = done.get().new_national_code, list(done.values())
    settings.FIELD_KEYS = settings.FIELD_KEYS | {"next": base64.b64encode(b"n" * 32).decode()}
    settings.FIELD_KEY_CURRENT = "next"
    call_command("rotate_field_keys", stdout=StringIO())

    settings.FIELD_KEYS = {"next": settings.FIELD_KEYS["next"]}
    assert done.get().new_national_code == code
    assert list(done.values()) == [before]


def test_missing_trigger_is_named(papers):
    assert missing_triggers(connection) == []
    on = " ON customer_signoff" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER customer_signoff_no_delete{on}")
    assert missing_triggers(connection) == ["customer_signoff"]


def test_every_frozen_table_exists(db, settings):
    assert set(frozen_tables(connection)) == set(settings.FROZEN_TABLES)


# --- SQLite: a table rebuilt, a stranger at the file -----------------------------------------------------------------


@pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite rebuilds tables")
@pytest.mark.django_db(transaction=True)
def test_migrate_lays_the_triggers_anew_after_a_table_was_rebuilt():
    papers = laid_down()
    field = SignOff._meta.get_field("decline_reason")
    other = field.clone()
    other.null = True
    other.set_attributes_from_name(field.name)
    with connection.schema_editor() as editor:
        editor.alter_field(SignOff, field, other)
    with connection.schema_editor() as editor:
        editor.alter_field(SignOff, other, field)
    assert missing_triggers(connection) == ["customer_signoff"]

    call_command("migrate", verbosity=0)
    assert missing_triggers(connection) == []
    assert_refused(STATEMENTS[0], papers)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="about SQLite's file")
@pytest.mark.django_db(transaction=True)
def test_stranger_at_the_file_is_refused_or_found_out():
    """Another program, without our settings: the triggers hold; what slips past REPLACE is named by the audit."""
    papers = laid_down()
    with sqlite3.connect(connection.settings_dict["NAME"], timeout=20) as stranger:
        for statement in STATEMENTS:
            with pytest.raises(sqlite3.IntegrityError, match="are frozen"):
                stranger.execute(statement.format(**papers))
            stranger.rollback()
        columns = [row[1] for row in stranger.execute("PRAGMA table_info(customer_signedrecord)")]
        forged = ", ".join("'forged'" if name == "signature" else name for name in columns)
        which = f"FROM customer_signedrecord WHERE id = {papers['record']}"
        stranger.execute(f"REPLACE INTO customer_signedrecord SELECT {forged} {which}")
    stranger.close()
    assert "the signature does not fit" in "\n".join(chain_breaches())


# --- PostgreSQL: superuser and the application's role ----------------------------------------------------------------

TRUNCATIONS = [f"TRUNCATE {model._meta.db_table} CASCADE" for model in FROZEN] + ["TRUNCATE customer_buyer CASCADE"]


@pytest.fixture
def application(papers):
    """The rest of the test speaks to PostgreSQL in a role that has every right on the tables but owns none."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {APPLICATION} NOSUPERUSER NOBYPASSRLS")
        cursor.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {APPLICATION}")
        cursor.execute(f"GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {APPLICATION}")
        cursor.execute(f"SET LOCAL ROLE {APPLICATION}")


def role() -> tuple[str, bool]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolname, rolsuper FROM pg_roles WHERE rolname = current_user")
        return cursor.fetchone()


@pytest.mark.postgres
def test_postgresql_refuses_its_superuser(papers):
    assert role()[1]
    try_everything(papers, [*STATEMENTS, *TRUNCATIONS])
    change_through_models(papers)


@pytest.mark.postgres
def test_postgresql_refuses_the_application(papers, application):
    assert role() == (APPLICATION, False)
    try_everything(papers, [*STATEMENTS, *TRUNCATIONS])
    change_through_models(papers)


@pytest.mark.postgres
@pytest.mark.parametrize(
    "statement",
    [
        "DROP TRIGGER customer_signoff_no_update ON customer_signoff",
        "ALTER TABLE customer_signoff DISABLE TRIGGER ALL",
        "SET session_replication_role = replica",
        "CREATE OR REPLACE FUNCTION portal_refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'",
    ],
)
def test_application_cannot_take_the_triggers_away(papers, application, statement):
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert_refused(STATEMENTS[0], papers)


@pytest.mark.postgres
def test_disabled_trigger_is_named(papers):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE customer_ownership DISABLE TRIGGER customer_ownership_no_truncate")
    assert missing_triggers(connection) == ["customer_ownership"]


@pytest.mark.postgres
def test_laying_triggers_again_changes_nothing(papers):
    freeze(connection)
    assert missing_triggers(connection) == []
    assert current_key(now=timezone.now()).pk
