"""The process dies at every single statement of a confirmation and of a transfer: all of it happened, or nothing."""

from __future__ import annotations

import os
from collections.abc import Callable
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, connections
from django.utils import timezone

from commerce.models import Order
from customer.chain import chain_breaches
from customer.models import Buyer, ConfirmationCode, Device, Ownership, SignedRecord, SignOff, Trace, Transfer, User
from customer.services.sign_off import confirm_sign_off
from customer.services.transfer import approve_transfer
from customer.services.visit import confirm_visit
from integrations.models import OutboxMessage
from tests.factories.commerce import make_order, make_plans, make_vat
from tests.factories.customer import make_expired_device, make_staff
from tests.factories.papers import (
    actor_for,
    confirmation_of,
    make_sign_off,
    make_submitted,
    make_visit,
    sign_off_code,
    visit_confirmation_of,
)

pytestmark = pytest.mark.django_db(transaction=True)
KILLED = 77
on_both_databases = pytest.mark.parametrize("where", ["here", pytest.param("postgresql", marks=pytest.mark.postgres)])


class Failure(DatabaseError):
    """What a statement (or a COMMIT) fails with."""


def failing(act: Callable, *, at: int, end: Callable[[], None]) -> None:
    """Runs the act; calls `end` in place of its statement number `at`, each COMMIT counting before and after."""
    count = 0

    def step() -> None:
        nonlocal count
        count += 1
        if count == at:
            end()

    def execute_counted(execute, sql, params, many, context):
        step()
        return execute(sql, params, many, context)

    commit = connection._commit

    def commit_counted() -> None:
        step()
        commit()
        step()

    connection._commit = commit_counted
    try:
        with connection.execute_wrapper(execute_counted):
            act()
    finally:
        connection._commit = commit


def killed(act: Callable, *, at: int) -> bool:
    """Runs the act in a process of its own that dies at that statement; False when it came to its end before."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        try:
            failing(act, at=at, end=lambda: os._exit(KILLED))
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) in {0, KILLED}
    return os.waitstatus_to_exitcode(status) == KILLED


def broken(act: Callable, *, at: int) -> bool:
    """Runs the act here, with an error at that statement."""

    def end():
        raise Failure

    try:
        failing(act, at=at, end=end)
    except Failure:
        return True
    return False


ways = pytest.mark.parametrize("fail", [killed, broken])


def all_or_nothing(*facts: bool) -> bool:
    """Whether it has happened; fails when it has happened in part."""
    assert len(set(facts)) == 1, str(facts)
    return facts[0]


def assert_books_in_order() -> None:
    assert list(chain_breaches()) == []
    call_command("audit", stdout=StringIO())  # exits with 1 on a breach


@on_both_databases
@ways
def test_confirmation_is_whole_wherever_it_dies(where, fail):
    sign_off = make_sign_off()
    before = OutboxMessage.objects.count()

    def happened() -> bool:
        form = SignOff.objects.select_related("record").get(pk=sign_off.pk)
        device = Device.objects.get(pk=sign_off.device_id)
        return all_or_nothing(
            form.status == "confirmed",
            form.record is not None,
            SignedRecord.objects.exists(),
            device.periods.filter(sign_off=form).exists(),
            device.installed_on is not None,
            device.warranty_ends_on is not None,
            Trace.objects.filter(verb="sign_off.confirmed").exists(),
            OutboxMessage.objects.filter(topic="notify.sign_off_confirmed").exists(),
            OutboxMessage.objects.count() > before,
            ConfirmationCode.objects.filter(used_at__isnull=False).exists(),
        )

    statement, failed = 0, True
    while not happened():
        assert failed, "came to its end without effect"
        statement += 1
        words = confirmation_of(sign_off, code=sign_off_code(sign_off))
        failed = fail(lambda words=words: confirm_sign_off(**words), at=statement)
    assert statement > 25
    assert SignedRecord.objects.get().sequence == 1
    assert_books_in_order()


@on_both_databases
@ways
def test_visit_is_whole_wherever_it_dies(where, fail):
    """Two forms, one code: both are signed or neither."""
    forms = make_visit(count=2)

    def happened() -> bool:
        rows = SignOff.objects.select_related("record").filter(visit=forms[0].visit).order_by("pk")
        return all_or_nothing(
            *(form.status == "confirmed" for form in rows),
            *(form.record is not None for form in rows),
            *(Device.objects.get(pk=form.device_id).periods.filter(sign_off=form).exists() for form in rows),
            SignedRecord.objects.count() == 2,
            SignedRecord.objects.exists(),
            Trace.objects.filter(verb="sign_off.confirmed").count() == 2,
            OutboxMessage.objects.filter(topic="notify.sign_off_confirmed").exists(),
            ConfirmationCode.objects.filter(used_at__isnull=False).exists(),
        )

    statement, failed = 0, True
    while not happened():
        assert failed, "came to its end without effect"
        statement += 1
        words = visit_confirmation_of(forms)
        failed = fail(lambda words=words: confirm_visit(**words), at=statement)
    assert statement > 40
    assert list(SignedRecord.objects.order_by("sequence").values_list("sequence", flat=True)) == [1, 2]
    assert_books_in_order()


@on_both_databases
@ways
def test_transfer_is_whole_wherever_it_dies(where, fail):
    device = make_expired_device()
    make_vat()
    make_plans(device.model)
    order = make_order(device)
    found = make_submitted(device)
    administrator = actor_for(make_staff())
    people, began = User.objects.count(), Ownership.objects.filter(device=device).count()

    def happened() -> bool:
        paper = Transfer.objects.select_related("record").get(pk=found.pk)
        owner = Device.objects.select_related("owner").get(pk=device.pk).owner
        present = Ownership.objects.get(device=device, ended_at__isnull=True)
        assert present.owner == owner
        return all_or_nothing(
            paper.status == "approved",
            paper.record is not None,
            owner == paper.new_owner,
            owner != found.owner,
            owner.phone == found.new_phone,
            SignedRecord.objects.exists(),
            Ownership.objects.filter(device=device).count() == began + 1,
            User.objects.count() == people + 1,
            Buyer.objects.filter(phone=found.new_phone).exists(),
            Order.objects.get(pk=order.pk).status == "cancelled",
            Trace.objects.filter(verb="transfer.approved").exists(),
            OutboxMessage.objects.filter(topic="notify.transfer_executed").exists(),
        )

    def approve():
        approve_transfer(transfer_id=found.pk, note="", actor=administrator, now=timezone.now())

    statement, failed = 0, True
    while not happened():
        assert failed, "came to its end without effect"
        statement += 1
        failed = fail(approve, at=statement)
    assert statement > 40
    assert SignedRecord.objects.get().sequence == 1
    assert_books_in_order()
