"""Corrections are decided, messages sent again, the bank asked again."""

from __future__ import annotations

import pytest

from commerce.models import Payment
from customer.models import CorrectionRequest, InboxItem, Trace
from integrations import payments as gateways
from integrations.models import OutboxMessage
from integrations.ports import Verdict, VerdictKind
from kernel.identity import make_national_code
from tests.admin.records import make_correction, make_message
from tests.factories.commerce import make_order, make_payment, make_plans, make_vat
from tests.factories.customer import make_buyer, make_expired_device

CORRECTIONS = "/admin/customer/correctionrequest/"
PAYMENTS = "/admin/commerce/payment/"
MESSAGES = "/admin/integrations/outboxmessage/"


def said(client, url: str) -> str:
    return client.get(url).content.decode()


def test_accepting_a_correction_changes_the_buyer(administrator):
    correction = make_correction(make_buyer())
    response = administrator.post(f"{CORRECTIONS}accept/{correction.pk}/", {"reason": ""})
    assert response.url == f"{CORRECTIONS}inspect/{correction.pk}/"
    correction.refresh_from_db()
    assert (correction.status, correction.buyer.street) == ("accepted", "خیابان گاندی")
    assert correction.decided_by.username
    assert InboxItem.objects.filter(buyer=correction.buyer).count() == 1


def test_refusing_a_correction_needs_a_reason(administrator):
    correction = make_correction(make_buyer())
    url = f"{CORRECTIONS}refuse/{correction.pk}/"
    assert list(administrator.post(url, {"reason": " "}).context["form"].errors) == ["reason"]
    administrator.post(url, {"reason": "مدرک نداشت"})
    correction.refresh_from_db()
    assert (correction.status, correction.reason) == ("refused", "مدرک نداشت")
    assert correction.buyer.street != "خیابان گاندی"


def test_a_decided_correction_is_not_decided_again(administrator):
    correction = make_correction(make_buyer())
    administrator.post(f"{CORRECTIONS}refuse/{correction.pk}/", {"reason": "مدرک نداشت"})
    response = administrator.post(f"{CORRECTIONS}accept/{correction.pk}/", {"reason": ""})
    assert response.context["form"].non_field_errors()
    correction.refresh_from_db()
    assert correction.status == CorrectionRequest.Status.REFUSED
    assert "accept/" not in said(administrator, f"{CORRECTIONS}inspect/{correction.pk}/")


def test_a_correction_to_a_taken_phone_is_refused_on_the_page(administrator):
    taken = make_buyer().phone
    correction = make_correction(make_buyer(), "phone", taken)
    response = administrator.post(f"{CORRECTIONS}accept/{correction.pk}/", {"reason": ""})
    assert response.context["form"].non_field_errors()
    correction.refresh_from_db()
    assert correction.status == CorrectionRequest.Status.WAITING


def test_national_codes_in_a_correction_are_masked_until_looked_at(administrator, auditor):
    buyer, code = make_buyer(), make_national_code(7003)
    correction = make_correction(buyer, "national_code", code)
    for client in (administrator, auditor):
        for url in (CORRECTIONS, f"{CORRECTIONS}inspect/{correction.pk}/"):
            page = said(client, url)
            assert code not in page
            assert buyer.national_code not in page
    shown = administrator.post(f"{CORRECTIONS}national-code/{correction.pk}/").content.decode()
    assert code in shown
    assert Trace.objects.get(verb="buyer.national_code_seen").buyer == buyer
    assert code not in auditor.post(f"{CORRECTIONS}national-code/{correction.pk}/", follow=True).content.decode()


def test_a_parked_message_is_sent_again(administrator):
    message = make_message()
    url = f"{MESSAGES}send-again/{message.pk}/"
    assert url in said(administrator, MESSAGES)
    response = administrator.post(url, headers={"Referer": f"http://testserver{MESSAGES}?status=parked"})
    assert response.url.endswith(f"{MESSAGES}?status=parked")
    message.refresh_from_db()
    assert (message.status, message.attempts) == ("queued", 0)
    assert message.requeued_by is not None


def test_a_delivered_message_is_not_sent_again(administrator):
    message = make_message(status=OutboxMessage.Status.DELIVERED)
    url = f"{MESSAGES}send-again/{message.pk}/"
    assert url not in said(administrator, MESSAGES)
    assert administrator.get(url).url == f"{MESSAGES}inspect/{message.pk}/"
    response = administrator.post(url, follow=True)
    assert response.context["messages"]
    message.refresh_from_db()
    assert message.status == "delivered"


def test_the_way_back_leads_nowhere_else(administrator):
    message = make_message()
    url = f"{MESSAGES}send-again/{message.pk}/"
    response = administrator.post(url, headers={"Referer": "https://elsewhere.example/"})
    assert response.url == f"{MESSAGES}inspect/{message.pk}/"


def test_a_buyers_page_offers_to_send_again(administrator):
    buyer = make_buyer()
    message = make_message(stream=f"crm:{buyer.pk}", payload={"buyer_id": buyer.pk})
    assert f"{MESSAGES}send-again/{message.pk}/" in said(administrator, f"/admin/customer/buyer/inspect/{buyer.pk}/")


class Gateway:
    """A bank that says what it is told to."""

    name = label = "zarinpal"

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict

    def verify(self, **_question) -> Verdict:
        return self.verdict


@pytest.fixture
def payment(db) -> Payment:
    device = make_expired_device()
    make_plans(device.model)
    make_vat()
    return make_payment(make_order(device), status=Payment.Status.UNKNOWN)


def test_asking_the_bank_settles_what_it_says(finance, payment, monkeypatch):
    verdict = Verdict(
        kind=VerdictKind.PAID, code="100", reason="Paid", reference="R-1", amount_rial=payment.amount_rial
    )
    monkeypatch.setattr(gateways, "gateway", lambda _name: Gateway(verdict))
    url = f"{PAYMENTS}ask-bank/{payment.pk}/"
    assert url in said(finance, PAYMENTS)
    assert finance.get(url).url == f"{PAYMENTS}inspect/{payment.pk}/"
    finance.post(url)
    payment.refresh_from_db()
    assert (payment.status, payment.order.status) == ("paid", "paid")
    assert Trace.objects.filter(verb="payment.asked_again").count() == 1
    assert url not in said(finance, PAYMENTS)


def test_a_settled_payment_is_not_asked_about(finance, payment):
    Payment.objects.update(status=Payment.Status.MISMATCH)
    url = f"{PAYMENTS}ask-bank/{payment.pk}/"
    assert url not in said(finance, f"{PAYMENTS}inspect/{payment.pk}/")
    assert finance.post(url, follow=True).context["messages"]
    payment.refresh_from_db()
    assert payment.checks == 0


@pytest.mark.parametrize(
    ("act", "verdict", "status", "verb"),
    [
        (
            "release",
            Verdict(kind=VerdictKind.MISMATCH, code="100", reason="differs", reference="R-2", amount_rial=5_000_000),
            "paid",
            "payment.released",
        ),
        ("close", Verdict(kind=VerdictKind.MISMATCH, code="-50", reason="differs"), "failed", "payment.closed"),
    ],
)
def test_finance_resolves_a_payment_under_review(
    finance, administrator, payment, monkeypatch, act, verdict, status, verb
):
    monkeypatch.setattr(gateways, "gateway", lambda _name: Gateway(verdict))
    Payment.objects.update(status=Payment.Status.MISMATCH)
    page, url = f"{PAYMENTS}inspect/{payment.pk}/", f"{PAYMENTS}{act}/{payment.pk}/"
    assert url in said(finance, page)
    assert url not in said(administrator, page)
    administrator.post(url, {"reason": "x"})
    assert finance.post(url, {"reason": ""}).context["form"].errors
    payment.refresh_from_db()
    assert payment.status == "mismatch"

    finance.post(url, {"reason": "بانک تأیید کرد"})
    payment.refresh_from_db()
    assert (payment.status, Trace.objects.filter(verb=verb).count()) == (status, 1)
    assert url not in said(finance, page)


def test_money_and_messages_have_no_forms(superuser, payment):
    message = make_message()
    for url in (
        f"{PAYMENTS}create/",
        f"{PAYMENTS}edit/{payment.pk}/",
        f"{PAYMENTS}delete/{payment.pk}/",
        "/admin/commerce/order/create/",
        f"{MESSAGES}edit/{message.pk}/",
        "/admin/customer/trace/create/",
        "/admin/customer/buyer/delete/1/",
    ):
        assert superuser.get(url).status_code == 404, url
