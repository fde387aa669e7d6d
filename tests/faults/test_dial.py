"""Each fault of the dial, for each provider, through the whole house: nothing lost, nothing twice.

The order of events is always the same: a fault strikes one call, the page or the worker meets it, and at the end the
books and the stand-ins' memory show one renewal, one deal and one SMS.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from commerce.models import Payment
from commerce.services import payment as payments
from integrations.models import OutboxMessage
from integrations.outbox import send_again
from integrations.sandbox.faults import TRANSPORT
from kernel.refused import Refused
from tests.factories.commerce import make_order
from tests.factories.customer import make_expired_device
from tests.faults.house import House, audit
from tests.faults.programs import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

everything = pytest.mark.parametrize("fault", TRANSPORT)
# A call that only looks is told as one that changes something is not: a sample is enough.
sample = pytest.mark.parametrize("fault", ["timeout_before", "http_429", "garbage", "html", "trickle"])


# --- the gateway -----------------------------------------------------------------------------------------------------


@everything
def test_gateway_fails_before_the_bank(house: House, fault):
    order = house.order()
    with house.struck("zarinpal", fault, match="request.json"), pytest.raises(Refused) as refused:
        house.start(order)

    assert (refused.value.code, refused.value.status) == ("payment.gateway_unavailable", 503)
    order.refresh_from_db()
    assert (order.status, house.standing()[0]) == ("open", "expired")
    assert house.pay(order).status == "paid"
    house.wait_for_messages()
    house.assert_renewed_once(order)
    house.assert_told_once(order)


@everything
def test_gateway_fails_at_verify(house: House, fault):
    """When the browser comes back and once more at the sweep: nothing but the bank's own word ends the question."""
    order = house.order()
    with house.struck("zarinpal", fault, match="verify.json", times=2):
        payment = house.pay(order)
        assert (payment.status, house.standing()[0]) == ("unknown", "expired")
        house.wait_for(payment.next_check_at)
        assert house.sweep() == 1

    payment.refresh_from_db()
    order.refresh_from_db()
    assert (payment.status, order.status, house.standing()[0]) == ("unknown", "open", "expired")
    with pytest.raises(Refused) as refused:
        house.start(order)
    assert refused.value.code == "payment.in_doubt"
    assert house.wait_for_payment(payment).status == "paid"
    house.wait_for_messages()
    house.assert_renewed_once(order)
    house.assert_told_once(order)


@sample
def test_gateway_fails_when_asked_for_forgotten_payments(house: House, fault):
    order = house.order()
    payment = house.start(order)
    with house.struck("zarinpal", "lost_callback"):
        assert house.at_the_bank(payment) == ""
    with house.struck("zarinpal", fault, match="unverified.json"):
        assert payments.recover_unverified(now=house.now) == 0
    assert Payment.objects.get().status == "redirected"

    assert payments.recover_unverified(now=house.now) == 1
    house.assert_renewed_once(order)


def test_lost_callback_is_found_by_the_sweep(house: House):
    order = house.order()
    payment = house.start(order)
    with house.struck("zarinpal", "lost_callback"):
        assert house.at_the_bank(payment) == ""
    house.wait(minutes=2, seconds=1)

    assert house.sweep() == 1
    house.wait_for_messages()
    house.assert_renewed_once(order)
    house.assert_told_once(order)


def test_duplicate_callback_has_one_effect(house: House, settings, live_server):
    settings.PUBLIC_URL = live_server.url
    order = house.order()
    payment = house.start(order)
    with house.struck("zarinpal", "duplicate_callback"):
        address = house.at_the_bank(payment)
    house.come_back(address)
    wait_until(lambda: Payment.objects.get().status == "paid")
    house.come_back(address)
    house.wait_for_messages()

    house.assert_renewed_once(order)
    house.assert_told_once(order)


def test_answer_already_verified_counts_once(house: House):
    order = house.order()
    with house.struck("zarinpal", "already_verified"):
        assert house.pay(order).status == "paid"
    house.wait_for_messages()
    house.assert_renewed_once(order)
    house.assert_told_once(order)


def test_wrong_amount_is_quarantined(house: House):
    order = house.order()
    with house.struck("zarinpal", "wrong_amount"):
        payment = house.pay(order)

    order.refresh_from_db()
    assert (payment.status, order.status, house.standing()[0]) == ("mismatch", "open", "expired")
    house.wait(days=1)
    assert (house.sweep(), payments.recover_unverified(now=house.now)) == (0, 0)
    assert audit() == []


def test_reference_of_another_payment_is_quarantined(house: House):
    assert house.pay(house.order()).status == "paid"
    other = make_order(make_expired_device(model=house.device.model))
    with house.struck("zarinpal", "repeated_ref_id"):
        payment = house.pay(other)

    other.refresh_from_db()
    assert (payment.status, payment.reference, other.status) == ("mismatch", None, "open")
    assert audit() == []


@pytest.mark.parametrize("code", [-9, -10, -11, -12, -15, -52, -60, -9999])
def test_code_that_says_nothing_of_the_money_leaves_the_question_open(house: House, code):
    order = house.order()
    with house.struck("zarinpal", "vendor_code", match="verify.json", code=code):
        payment = house.pay(order)
    assert payment.status == "unknown"

    assert house.wait_for_payment(payment).status == "paid"
    house.assert_renewed_once(order)


@pytest.mark.parametrize("code", [-50, -53, -54, -55])
def test_code_that_speaks_of_another_payment_is_quarantined(house: House, code):
    order = house.order()
    with house.struck("zarinpal", "vendor_code", match="verify.json", code=code):
        payment = house.pay(order)

    order.refresh_from_db()
    assert (payment.status, order.status) == ("mismatch", "open")
    assert audit() == []


def test_code_not_paid_is_not_the_last_word(house: House):
    """The gateway says "not paid" once although it is: the sweep asks again."""
    order = house.order()
    with house.struck("zarinpal", "vendor_code", match="verify.json", code=-51):
        payment = house.pay(order)
    assert payment.status == "redirected"

    assert house.wait_for_payment(payment).status == "paid"
    house.assert_renewed_once(order)


# --- the SMS provider ------------------------------------------------------------------------------------------------


def assert_waits(house: House, topic: str) -> OutboxMessage:
    """The message did not arrive, will be tried later, and the renewal does not mind."""
    message = house.message(topic)
    assert message.status in {"queued", "unknown"}, message.status
    assert message.last_error
    assert message.next_attempt_at > house.now
    assert house.deliver() == 0
    assert house.standing()[0] == "renewed"
    return message


@everything
def test_sms_provider_fails(house: House, fault):
    order = house.order()
    assert house.pay(order).status == "paid"
    with house.struck("kavenegar", fault, match="sms/send"):
        house.deliver()

    message = assert_waits(house, "notify.renewal_paid")
    assert message.uncertain == (fault != "http_429")
    house.wait_for_messages()
    house.assert_renewed_once(order)
    house.assert_told_once(order)


@sample
def test_sms_provider_fails_when_asked_for_a_lost_message(house: House, fault):
    order = house.order()
    assert house.pay(order).status == "paid"
    with house.struck("kavenegar", "timeout_after_effect"):
        house.deliver()
    house.wait_for(house.message("notify.renewal_paid").next_attempt_at)
    with house.struck("kavenegar", fault, match="statuslocalmessageid"):
        house.deliver()

    assert assert_waits(house, "notify.renewal_paid").uncertain
    house.wait_for_messages()
    house.assert_renewed_once(order)
    house.assert_told_once(order)


def test_refused_number_waits_for_a_person(house: House):
    order = house.order()
    assert house.pay(order).status == "paid"
    with house.struck("kavenegar", "refused_number"):
        house.deliver()
    assert_parked_then_sent_by_a_person(house, "notify.renewal_paid")

    house.assert_renewed_once(order)
    house.assert_told_once(order)


# What becomes of a message after it was taken; the reports of it: tests/integrations/test_reports.py
AFTERWARDS = ("blocked", "fails_later", "no_report", "repeated_report", "reversed_reports", "undelivered")


@pytest.mark.parametrize("fault", AFTERWARDS)
def test_message_that_was_taken_is_not_sent_again(house: House, fault):
    order = house.order()
    assert house.pay(order).status == "paid"
    with house.struck("kavenegar", fault):
        house.deliver()

    assert house.message("notify.renewal_paid").status == "delivered"
    house.wait(days=1)
    house.assert_renewed_once(order)
    house.assert_told_once(order)


@pytest.mark.parametrize("code", [402, 409, 418, 451, 501])
def test_sms_provider_is_busy_or_out_of_credit(house: House, code):
    order = house.order()
    assert house.pay(order).status == "paid"
    with house.struck("kavenegar", "vendor_code", match="sms/send", code=code):
        house.deliver()

    assert not assert_waits(house, "notify.renewal_paid").uncertain
    house.wait_for_messages()
    house.assert_told_once(order)


# --- the CRM ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["contact/save", "deal/save_v2"])
@everything
def test_crm_fails(house: House, fault, call):
    order = house.order()
    with house.struck("didar", fault, match=call):
        house.deliver()
    message = house.message("crm.order")
    assert (message.status, message.uncertain) == (("queued", False) if fault == "http_429" else ("unknown", True))

    assert house.pay(order).status == "paid"
    house.wait_for_messages()
    house.assert_renewed_once(order)
    house.assert_told_once(order)


@pytest.mark.parametrize("call", ["getbyphonenumber", "search/search"])
@sample
def test_crm_fails_when_asked_for_what_it_has(house: House, fault, call):
    order = house.order()
    assert house.pay(order).status == "paid"
    with house.struck("didar", fault, match=call):
        house.deliver()
    assert house.standing()[0] == "renewed"

    house.wait_for_messages()
    house.assert_renewed_once(order)
    house.assert_told_once(order)


def test_crm_that_is_down_for_a_day_stops_nothing(house: House):
    order = house.order()
    house.sandbox.arm("didar", "http_500", times=100_000)
    assert house.pay(order).status == "paid"
    for _ in range(24):
        house.deliver()
        house.wait(hours=1)
    assert house.message("notify.renewal_paid").status == "delivered"
    assert set(OutboxMessage.objects.filter(topic="crm.order").values_list("status", flat=True)) == {"queued"}

    house.sandbox.arm("didar", "http_500", times=0)
    house.wait_for_messages()
    house.assert_renewed_once(order)
    house.assert_told_once(order)


def test_crm_refuses_one_record(house: House):
    """A record that Didar will not take waits for a person; the next message about the buyer goes through."""
    order = house.order()
    with house.struck("didar", "vendor_code", match="deal/save_v2", code=400):
        house.deliver()
    assert house.message("crm.order").status == "parked"
    assert house.pay(order).status == "paid"
    house.wait_for_messages()
    assert OutboxMessage.objects.get(dedupe_key=f"crm.order:{order.number}:paid").status == "delivered"
    assert_parked_then_sent_by_a_person(house, "crm.order")

    house.assert_renewed_once(order)
    house.assert_told_once(order)


@pytest.mark.parametrize("code", [401, 403])
def test_crm_with_a_key_that_is_refused(house: House, code):
    order = house.order()
    with house.struck("didar", "vendor_code", code=code):
        house.deliver()
    message = house.message("crm.order")
    assert (message.status, message.uncertain) == ("queued", False)
    assert message.next_attempt_at >= house.now + timedelta(minutes=5)

    assert house.pay(order).status == "paid"
    house.wait_for_messages()
    house.assert_told_once(order)


def assert_parked_then_sent_by_a_person(house: House, topic: str) -> None:
    message = OutboxMessage.objects.get(topic=topic, status="parked")
    house.wait(days=1)
    assert house.deliver() == 0
    assert send_again(message_id=message.pk, by_id=None, now=house.now).status == "queued"
    house.wait_for_messages()


# --- the table is whole ----------------------------------------------------------------------------------------------


def test_every_fault_of_the_dial_stands_in_this_file(sandbox):
    """A fault that the dial learns later needs a test here."""
    assert sandbox.dial.known == {
        "zarinpal": [
            *TRANSPORT,
            *("already_verified", "duplicate_callback", "lost_callback", "repeated_ref_id"),
            *("vendor_code", "wrong_amount"),
        ],
        "kavenegar": [*TRANSPORT, *sorted({"refused_number", "vendor_code", *AFTERWARDS})],
        # These two are proved by themselves: tests/integrations/test_{smsir,sms_fallback,whatsapp,reports}.py
        "smsir": [*TRANSPORT, *sorted({"refused_number", "vendor_code", *AFTERWARDS})],
        "whatsapp": [*TRANSPORT, *sorted({"refused_number", "vendor_code", "forged_report", *AFTERWARDS})],
        "didar": [*TRANSPORT, "vendor_code"],
    }
