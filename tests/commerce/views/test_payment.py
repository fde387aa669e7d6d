from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
import requests
import time_machine
from django.db.models import Sum
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from commerce.models import LedgerEntry, Order, Payment
from commerce.services.payment import recover_unverified, sweep_payments
from customer.models import ServicePeriod, Trace
from integrations.models import OutboxMessage
from tests.commerce.services.gateway import ScriptedGateway
from tests.commerce.views.bank import counted, go_to_bank
from tests.factories.commerce import make_order, make_payment
from tests.factories.customer import make_expired_device

Status = Payment.Status


def renewals() -> int:
    return ServicePeriod.objects.filter(origin="renewal").count()


def state() -> dict[str, object]:
    """Everything that a return could wrongly change."""
    return {
        "orders": sorted(Order.objects.values_list("number", "status")),
        "payments": sorted(Payment.objects.values_list("authority", "status")),
        "renewals": renewals(),
        "ledger": LedgerEntry.objects.count(),
        "messages": OutboxMessage.objects.count(),
        "traces": Trace.objects.count(),
    }


def stage(client, order) -> str:
    return client.get(reverse("order_detail", args=[order.number])).context["page"].stage


# --- the straight way ----------------------------------------------------------------------------------------------


def test_a_buyer_pays_at_the_bank_and_the_device_is_renewed(sara, order, order_page, bank):
    back = bank.answer(go_to_bank(sara, order), result="paid")
    reply = sara.get(back)
    assert (reply.status_code, reply["Location"]) == (303, order_page)
    order.refresh_from_db()
    assert (order.status, renewals()) == ("paid", 1)
    assert sara.get(order_page).context["page"].stage == "paid"


def test_a_return_by_cross_site_post_needs_no_session_and_no_token(sara, order, order_page, bank):
    back = bank.answer(go_to_bank(sara, order), result="paid")
    address, _, query = back.partition("?")
    browser = Client(enforce_csrf_checks=True)
    reply = browser.post(address, query, content_type="application/x-www-form-urlencoded")
    assert (reply.status_code, reply["Location"]) == (303, order_page)
    assert "sessionid" not in reply.cookies
    order.refresh_from_db()
    assert order.status == "paid"


def test_a_return_without_our_id_finds_the_payment_by_the_gateways(sara, order, bank):
    back = bank.answer(go_to_bank(sara, order), result="paid")
    query = back.partition("?")[2]
    assert sara.get(f"{reverse('payment_return', args=['zarinpal'])}?{query}").status_code == 303
    assert stage(sara, order) == "paid"


def test_ten_callbacks_have_one_effect(sara, order, bank):
    back = bank.answer(go_to_bank(sara, order), result="paid")
    sara.get(back)
    before = state()
    assert [sara.get(back).status_code for _ in range(10)] == [303] * 10
    assert state() == before
    assert renewals() == 1


def test_a_buyer_who_turns_back_may_try_again(sara, order, bank):
    back = bank.answer(go_to_bank(sara, order), result="cancelled")
    sara.get(back)
    assert stage(sara, order) == "failed"
    sara.get(bank.answer(go_to_bank(sara, order), result="paid"))
    assert stage(sara, order) == "paid"


def test_two_tabs_lead_to_two_bank_pages_and_one_renewal(sara, order, order_page, bank):
    first, second = go_to_bank(sara, order), go_to_bank(sara, order)
    assert first != second
    sara.get(bank.answer(first, result="paid"))
    sara.get(bank.answer(second, result="paid"))
    assert renewals() == 1
    assert LedgerEntry.objects.aggregate(sum=Sum("amount_rial"))["sum"] == -99_000_000
    page = sara.get(order_page).context["page"]
    assert (page.stage, page.credited_rial) == ("paid", 99_000_000)


# --- lies and mistakes ---------------------------------------------------------------------------------------------


def test_a_forged_return_changes_nothing_and_says_so(sara, order, bank):
    go_to_bank(sara, order)
    payment = order.payments.get()
    address = reverse("payment_return", args=["zarinpal", payment.pk])
    sara.get(address, {"Authority": payment.authority, "Status": "OK"})
    payment.refresh_from_db()
    order.refresh_from_db()
    assert (payment.status, order.status, renewals()) == ("redirected", "open", 0)
    page = sara.get(reverse("order_detail", args=[order.number]))
    assert page.context["page"].stage == "at_bank"
    assert "outcome-warn" in page.content.decode()


def test_a_payment_that_was_made_counts_though_the_browser_says_no(sara, order, bank):
    back = bank.answer(go_to_bank(sara, order), result="paid")
    sara.get(back.replace("Status=OK", "Status=NOK"))
    assert stage(sara, order) == "paid"


def test_a_paid_authority_on_the_payment_of_another_order_changes_nothing(sara, buyer, device, order, bank):
    dear = make_order(make_expired_device(buyer, model=device.model), years=3)
    go_to_bank(sara, dear)
    paid = bank.answer(go_to_bank(sara, order), result="paid")
    query = paid.partition("?")[2]
    before = state()
    reply = sara.get(f"{reverse('payment_return', args=['zarinpal', dear.payments.get().pk])}?{query}")
    assert (reply.status_code, state()) == (404, before)


@pytest.mark.parametrize(
    "address",
    [
        "/payments/return/zarinpal/",
        "/payments/return/zarinpal/?Authority=&Status=OK",
        f"/payments/return/zarinpal/?Authority=A{'0' * 35}&Status=OK",
        f"/payments/return/zarinpal/{uuid.UUID(int=7)}/?Authority=A{'0' * 35}&Status=OK",
        f"/payments/return/zarinpal/{uuid.UUID(int=7)}/",
        f"/payments/return/mellat/?Authority=A{'0' * 35}&Status=OK",
        "/payments/return/zarinpal/?Authority=%00%27--&Status=OK",
    ],
)
def test_an_unknown_return_gets_the_same_plain_answer(db, address):
    replies = [getattr(Client(), method)(address) for method in ("get", "post")]
    assert [reply.status_code for reply in replies] == [404, 404]
    assert {reply.templates[0].name for reply in replies} == {"commerce/payment_unknown.html"}


def test_a_known_payment_with_another_authority_gets_the_same_answer(order):
    payment = make_payment(order)
    address = reverse("payment_return", args=["zarinpal", payment.pk])
    reply = Client().get(address, {"Authority": f"A{'9' * 35}", "Status": "OK"})
    assert reply.status_code == 404
    assert order.number not in reply.content.decode()


def test_returns_are_counted_per_address(db, settings):
    settings.PAYMENT_RETURN_LIMITS = {"address": 3, "window": timedelta(minutes=1)}
    replies = [Client().get("/payments/return/zarinpal/").status_code for _ in range(4)]
    assert replies == [404, 404, 404, 429]


def test_an_unknown_gateway_is_refused(sara, order, order_page, bank):
    reply = sara.post(
        reverse("order_pay", args=[order.number]),
        {"gateway": "mellat"},
        headers={"referer": "http://testserver" + order_page},
    )
    assert reply["Location"].endswith(order_page)
    assert order.payments.count() == 0


# --- silence -------------------------------------------------------------------------------------------------------


def test_a_gateway_that_is_down_leaves_the_order_open(sara, order, order_page, settings):
    settings.OUTBOUND_HOSTS, settings.ZARINPAL_BASE_URL = {"127.0.0.1:9"}, "http://127.0.0.1:9/zarinpal"
    reply = sara.post(reverse("order_pay", args=[order.number]), follow=True)
    assert reply.redirect_chain == [(order_page, 302)]
    assert [message.level_tag for message in reply.context["messages"]] == ["error"]
    order.refresh_from_db()
    assert (order.status, order.payments.get().status) == ("open", "failed")
    assert reply.context["page"].stage == "failed"


def test_no_answer_is_shown_as_asking_until_the_sweep_learns_the_truth(sara, order, bank):
    back = bank.answer(go_to_bank(sara, order), result="paid")
    bank.sandbox.arm("zarinpal", "timeout_after_effect", seconds=3)
    sara.get(back)
    assert order.payments.get().status == "unknown"
    assert stage(sara, order) == "asking"
    refused = sara.post(reverse("order_pay", args=[order.number]))
    assert refused["Location"] == reverse("order_detail", args=[order.number])
    with time_machine.travel(timezone.now() + timedelta(seconds=10)):
        assert sweep_payments(now=timezone.now()) == 1
    assert stage(sara, order) == "paid"
    assert renewals() == 1


def test_a_browser_that_never_came_back_is_found_by_the_sweep(sara, order, bank):
    bank.take_money_unseen(go_to_bank(sara, order))
    assert stage(sara, order) == "at_bank"
    with time_machine.travel(timezone.now() + timedelta(minutes=3)):
        sweep_payments(now=timezone.now())
    assert stage(sara, order) == "paid"


def test_a_lost_callback_is_found_by_the_sweep(sara, order, bank):
    bank.sandbox.arm("zarinpal", "lost_callback")
    requests.post(go_to_bank(sara, order), data={"result": "paid"}, timeout=5)
    with time_machine.travel(timezone.now() + timedelta(minutes=3)):
        sweep_payments(now=timezone.now())
    assert stage(sara, order) == "paid"


def test_a_payment_given_up_is_found_in_the_gateways_own_list(sara, order, bank):
    page = go_to_bank(sara, order)
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        sweep_payments(now=timezone.now())
        assert stage(sara, order) == "failed"
        bank.take_money_unseen(page)
        assert recover_unverified(now=timezone.now()) == 1
    assert stage(sara, order) == "paid"


def test_a_mismatch_is_shown_as_under_review(sara, order, bank):
    back = bank.answer(go_to_bank(sara, order), result="paid")
    bank.sandbox.arm("zarinpal", "wrong_amount")
    sara.get(back)
    assert stage(sara, order) == "review"
    assert renewals() == 0


# --- what it costs -------------------------------------------------------------------------------------------------


def test_the_way_to_the_bank_costs_at_most_15_statements(sara, order, bank):
    with counted() as statements:
        go_to_bank(sara, order)
    assert len(statements) <= 15, "\n".join(statements)


def test_a_paid_return_costs_at_most_15_statements(sara, order, bank):
    back = bank.answer(go_to_bank(sara, order), result="paid")
    with counted() as statements:
        assert sara.get(back).status_code == 303
    assert len(statements) <= 15, "\n".join(statements)
    assert stage(sara, order) == "paid"


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_the_gateway_is_asked(sara, order, monkeypatch):
    gateway = ScriptedGateway().install(monkeypatch)
    go_to_bank(sara, order)
    payment = order.payments.get()
    sara.get(reverse("payment_return", args=["zarinpal", payment.pk]), {"Authority": payment.authority, "Status": "OK"})
    assert gateway.in_transaction == [False, False]
    assert stage(sara, order) == "paid"
