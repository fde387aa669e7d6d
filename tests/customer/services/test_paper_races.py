"""Papers under real threads on a real PostgreSQL. Each lock has a twin without it, which must go wrong."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone

from commerce.models import LedgerEntry, Order, Payment
from commerce.services import payment as payments
from customer.chain import chain_breaches
from customer.models import Buyer, ConfirmationCode, Device, Ownership, ServicePeriod, SignedRecord, SignOff, Transfer
from customer.services import code as codes
from customer.services import record
from customer.services import sign_off as sign_offs
from customer.services import transfer as transfers
from customer.services import visit as visits
from customer.services.record import append_record
from kernel.refused import Refused
from tests.commerce.services.gateway import ScriptedGateway, paid
from tests.factories.commerce import make_order, make_payment, make_plans, make_vat
from tests.factories.customer import make_device, make_expired_device, make_staff
from tests.factories.papers import (
    actor_for,
    confirmation_of,
    make_checklist,
    make_code,
    make_draft,
    make_new_device,
    make_sign_off,
    make_submitted,
    make_visit,
    request_of,
    transfer_code,
    visit_confirmation_of,
)

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def at_once(*acts: Callable) -> list:
    """Runs the acts in threads that start on a barrier; gives their results or exceptions."""
    barrier = threading.Barrier(len(acts))

    def run(act):
        try:
            barrier.wait(10)
            return act()
        except Exception as error:  # noqa: BLE001 - the outcome of a race may be any of them
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def refusals(results) -> list[str]:
    """The codes of those who were told no; anything else that was raised is a failure."""
    assert [r for r in results if isinstance(r, Exception) and not isinstance(r, Refused)] == []
    return sorted(r.code for r in results if isinstance(r, Refused))


def without_locks(monkeypatch) -> None:
    monkeypatch.setattr(models.QuerySet, "select_for_update", lambda self, **_kwargs: self)


def wait_before(monkeypatch, owner, name: str, seconds: float = 0.3) -> None:
    """Everybody has read before anybody goes on."""
    real = getattr(owner, name)

    def late(*args, **kwargs):
        time.sleep(seconds)
        return real(*args, **kwargs)

    monkeypatch.setattr(owner, name, late)


# --- codes and the chain -------------------------------------------------------------------------------------------


def try_code(text: str) -> Callable:
    return lambda: codes.check_code(purpose="race:1", text=text, now=timezone.now())


def test_of_sixteen_tries_at_once_five_are_evaluated():
    right = make_code("race:1")
    wrong = [f"{(int(right) + n) % 1_000_000:06d}" for n in range(1, 17)]
    results = at_once(*map(try_code, wrong))
    assert refusals(results) == ["code.spent"] * 11 + ["code.wrong"] * 5
    assert ConfirmationCode.objects.get().tries == 5
    assert refusals(at_once(try_code(right))) == ["code.spent"]


def test_twin_of_the_tries_without_lock_evaluates_more(monkeypatch):
    make_code("race:1")
    without_locks(monkeypatch)
    wait_before(monkeypatch, ConfirmationCode, "save")
    assert refusals(at_once(*[try_code("no")] * 16)).count("code.wrong") > 5


def test_code_is_spent_once():
    make_code("race:1")
    code = ConfirmationCode.objects.get()
    results = at_once(*[lambda: codes.spend_code(code, now=timezone.now())] * 8)
    assert refusals(results) == ["code.used"] * 7


def append():
    with transaction.atomic():
        return append_record(kind="notice", buyer_id=None, content={"text": "x"}, now=timezone.now())


def test_chain_stays_gapless_under_sixteen_appends_and_some_failures():
    def append_and_fail():
        with transaction.atomic():
            append_record(kind="notice", buyer_id=None, content={"text": "x"}, now=timezone.now())
            raise RuntimeError

    results = at_once(*[append] * 16, *[append_and_fail] * 4)
    assert sum(isinstance(r, SignedRecord) for r in results) == 16
    assert list(SignedRecord.objects.order_by("sequence").values_list("sequence", flat=True)) == list(range(1, 17))
    assert list(chain_breaches()) == []


def test_twin_of_the_chain_without_lock_loses_records(monkeypatch):
    append()
    without_locks(monkeypatch)
    wait_before(monkeypatch, record, "new_code")
    results = at_once(*[append] * 4)
    # The database's constraints still keep the chain whole; without the lock, the losers crash on them.
    assert [r for r in results if isinstance(r, Exception)]
    assert list(chain_breaches()) == []


# --- sign-offs -----------------------------------------------------------------------------------------------------


def confirm_in_parallel(many: int, monkeypatch) -> list:
    """`many` tabs whose code has been found right; what is raced for is the act itself."""
    sign_off = make_sign_off()
    words = confirmation_of(sign_off)
    code = ConfirmationCode.objects.get()
    monkeypatch.setattr(codes, "check_code", lambda **_values: code)
    return at_once(*[lambda: sign_offs.confirm_sign_off(**words)] * many)


def test_twenty_confirmations_at_once_are_one_record_and_one_period():
    words = confirmation_of(make_sign_off())
    results = at_once(*[lambda: sign_offs.confirm_sign_off(**words)] * 20)
    told = refusals(results)
    assert len(told) == 19
    assert set(told) <= {"signoff.already_confirmed", "code.spent", "code.used"}
    assert SignedRecord.objects.count() == ServicePeriod.objects.count() == 1
    assert list(chain_breaches()) == []


def test_twenty_tabs_past_the_code_are_one_record_and_one_period(monkeypatch):
    results = confirm_in_parallel(20, monkeypatch)
    assert refusals(results) == ["signoff.already_confirmed"] * 19
    assert SignedRecord.objects.count() == ServicePeriod.objects.count() == 1


def test_twin_of_the_confirmation_without_locks_goes_wrong(monkeypatch):
    without_locks(monkeypatch)
    wait_before(monkeypatch, codes, "spend_code")
    results = confirm_in_parallel(6, monkeypatch)
    assert set(refusals(results)) == {"code.used"}  # only the code's own guard is left: not the right answer
    assert SignedRecord.objects.count() == 1


def visit_in_parallel(many: int, monkeypatch) -> list:
    """`many` tabs of one visit whose code has been found right."""
    words = visit_confirmation_of(make_visit(count=3))
    code = ConfirmationCode.objects.get()
    monkeypatch.setattr(codes, "check_code", lambda **_values: code)
    return at_once(*[lambda: visits.confirm_visit(**words)] * many)


def test_twenty_confirmations_of_a_visit_at_once_are_one(monkeypatch):
    told = refusals(visit_in_parallel(20, monkeypatch))
    assert len(told) == 19
    assert set(told) <= {"signoff.already_confirmed", "signoff.visit_answered"}
    assert SignedRecord.objects.count() == ServicePeriod.objects.count() == 3
    assert list(chain_breaches()) == []


def test_twin_of_the_visit_without_locks_goes_wrong(monkeypatch):
    without_locks(monkeypatch)
    wait_before(monkeypatch, codes, "spend_code")
    told = set(refusals(visit_in_parallel(6, monkeypatch)))
    assert "code.used" in told  # only the code's own guard is left: not the right answer


@pytest.mark.parametrize("first", [0, 2])
def test_visit_and_one_of_its_forms_at_once_are_one_answer_each(first):
    """By the page of all and by the page of one: every form has one record, and nobody waits for the other for ever."""
    for _ in range(3):
        forms = make_visit(count=3)
        one, all_of_them = confirmation_of(forms[first]), visit_confirmation_of(forms)
        results = at_once(
            lambda one=one: sign_offs.confirm_sign_off(**one),
            lambda all_of_them=all_of_them: visits.confirm_visit(**all_of_them),
        )
        assert len(refusals(results)) == 1
        confirmed = SignOff.objects.filter(visit=forms[0].visit, status="confirmed").count()
        assert confirmed == (1 if isinstance(results[1], Refused) else 3)
    assert SignedRecord.objects.count() == SignOff.objects.filter(status="confirmed").count()
    assert list(chain_breaches()) == []


def test_visit_and_a_decline_at_once_are_one_answer():
    for _ in range(4):
        forms = make_visit(count=2)
        words, user = visit_confirmation_of(forms), forms[0].buyer.user
        decline = {"user": user, "sign_off_id": forms[1].pk, "reason": "x", "actor": actor_for(user)}
        results = at_once(
            lambda words=words: visits.confirm_visit(**words),
            lambda decline=decline: sign_offs.decline_sign_off(**decline, now=timezone.now()),
        )
        assert len(refusals(results)) == 1
        found = set(SignOff.objects.filter(visit=forms[0].visit).values_list("status", flat=True))
        assert found == ({"waiting", "declined"} if isinstance(results[0], Refused) else {"confirmed"})


def test_confirmation_and_decline_at_once_are_one_answer(monkeypatch):
    for _ in range(4):
        sign_off = make_sign_off()
        words = confirmation_of(sign_off)
        user = sign_off.buyer.user
        decline = {"user": user, "sign_off_id": sign_off.pk, "reason": "x", "actor": actor_for(user)}
        results = at_once(
            lambda words=words: sign_offs.confirm_sign_off(**words),
            lambda decline=decline: sign_offs.decline_sign_off(**decline, now=timezone.now()),
        )
        sign_off.refresh_from_db()
        assert refusals(results) == [f"signoff.already_{sign_off.status}"]
        assert sign_off.device.periods.exists() == (sign_off.status == "confirmed")


def test_two_technicians_prepare_one_form():
    make_checklist()
    device = make_new_device()
    results = at_once(*[lambda: make_sign_off(device)] * 6)
    assert refusals(results) == ["signoff.already_waiting"] * 5


# --- transfers -----------------------------------------------------------------------------------------------------


def approve(found: Transfer) -> Callable:
    actor = actor_for(make_staff())
    return lambda: transfers.approve_transfer(transfer_id=found.pk, note="", actor=actor, now=timezone.now())


def refuse(found: Transfer) -> Callable:
    actor = actor_for(make_staff())
    return lambda: transfers.refuse_transfer(transfer_id=found.pk, reason="x", actor=actor, now=timezone.now())


def cancel(found: Transfer) -> Callable:
    user = found.owner.user
    words = {"user": user, "transfer_id": found.pk, "actor": actor_for(user)}
    return lambda: transfers.cancel_transfer(**words, now=timezone.now())


def assert_whole(found: Transfer) -> None:
    """The device is with exactly one owner, who is the right one; the deed is there if and only if it moved."""
    found.refresh_from_db()
    device = Device.objects.get(pk=found.device_id)
    executed = found.status == "approved"
    assert device.owner_id == (found.new_owner_id if executed else found.owner_id)
    assert (found.record is not None) == executed
    assert Ownership.objects.get(device=device, ended_at__isnull=True).owner_id == device.owner_id
    assert list(chain_breaches()) == []


@pytest.mark.parametrize("other", [refuse, cancel, approve])
def test_two_decisions_at_once_are_one(other):
    for _ in range(5):
        found = make_submitted()
        results = at_once(approve(found), other(found))
        assert_whole(found)
        assert refusals(results) == [f"transfer.already_{found.status}"]


def test_twin_of_the_decision_without_locks_goes_wrong(monkeypatch):
    found = make_submitted()
    without_locks(monkeypatch)
    wait_before(monkeypatch, transfers, "_require_executable", seconds=0.8)
    refuse_it = refuse(found)

    def refuse_meanwhile():
        time.sleep(0.4)
        return refuse_it()

    approved, refused = at_once(approve(found), refuse_meanwhile)
    # The database still keeps the refusal, which is frozen; without the lock the other crashes instead of being told.
    assert isinstance(approved, IntegrityError)
    assert not isinstance(refused, Exception)
    assert_whole(found)


def test_device_goes_to_one_of_two():
    device = make_device()
    words = [request_of(device) for _ in range(6)]
    results = at_once(*[lambda each=each: transfers.request_transfer(**each) for each in words])
    assert refusals(results) == ["transfer.already_under_way"] * 5
    assert Transfer.objects.count() == 1


def test_two_machines_to_one_new_person_make_one_account():
    named = {"national_code": "0499370899", "phone": "+989360000001"}
    founds = [make_submitted(named=named) for _ in range(4)]
    results = at_once(*map(approve, founds))
    assert refusals(results) == []
    assert Buyer.objects.filter(phone="+989360000001").count() == 1
    assert len([r for r in results if r.password]) == 1
    for found in founds:
        assert_whole(found)


def test_submitting_twice_at_once_is_once():
    draft = make_draft()
    code, user = transfer_code(draft), draft.owner.user
    words = {"user": user, "transfer_id": draft.pk, "code": code, "actor": actor_for(user)}
    results = at_once(*[lambda: transfers.submit_transfer(**words, now=timezone.now())] * 4)
    assert len(refusals(results)) == 3
    assert Transfer.objects.get().status == "submitted"


def test_answer_and_a_fresh_link_at_once_keep_the_answer():
    for _ in range(5):
        found = make_submitted()
        token, code = transfers.draw_accept_link(found.pk), transfer_code(found, "new_owner")
        words = {"token": token, "accept": True, "code": code, "actor": actor_for(make_staff())}
        answered, _link = at_once(
            lambda words=words: transfers.answer_transfer(**words, now=timezone.now()),
            lambda found=found: transfers.draw_accept_link(found.pk),
        )
        found.refresh_from_db()
        assert found.acceptance == ("waiting" if isinstance(answered, Refused) else "accepted")


def test_transfer_and_callback_at_once_lose_no_money(monkeypatch):
    """Old owner at the bank while an administrator approves: renewed before, credited after, or approval waits."""
    references = iter(range(700, 800))

    def answer():
        time.sleep(0.05)
        return paid(str(next(references)))

    ScriptedGateway(answer=answer).install(monkeypatch)
    make_vat()
    for delay in (0, 0.03, 0.06, 0.09, 0.12, 0.15):
        device = make_expired_device()
        make_plans(device.model)
        order = make_order(device)
        pay, found = make_payment(order), make_submitted(device)

        def approve_late(found=found, delay=delay):
            time.sleep(delay)
            return approve(found)()

        callback = {"payment_id": pay.pk, "claims_paid": True}
        results = at_once(
            lambda callback=callback: payments.check_payment(**callback, now=timezone.now()), approve_late
        )
        assert set(refusals(results)) <= {"transfer.blocked", "payment.in_doubt"}
        assert_whole(found)
        order.refresh_from_db()
        assert Payment.objects.get(pk=pay.pk).status == "paid"
        renewed, credited = device.periods.count() == 2, LedgerEntry.objects.filter(payment=pay).exists()
        assert renewed != credited
        assert order.status == (Order.Status.PAID if renewed else Order.Status.CANCELLED)
        if credited:
            assert LedgerEntry.objects.get(payment=pay).buyer_id == found.owner_id


def test_old_owner_cannot_sign_what_is_being_handed_over():
    """A form prepared in the very moment of the execution blocks it or is the new owner's."""
    for _ in range(4):
        device = make_device(installed_on=None, warranty_ends_on=None, sold_on=None)
        found = make_submitted(device)
        results = at_once(
            approve(found),
            lambda device=device: make_sign_off(device, installed_on=timezone.now().date() - timedelta(days=1)),
        )
        assert set(refusals(results)) <= {"transfer.blocked"}
        assert_whole(found)
        device.refresh_from_db()
        assert device.sign_offs.get().buyer_id == device.owner_id
