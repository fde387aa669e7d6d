"""A buyer asks, an administrator decides."""

import pytest
from django.utils import timezone

from customer.models import Buyer, CorrectionRequest, InboxItem
from customer.services.correction import decide_correction, request_correction
from kernel.actor import SYSTEM
from kernel.refused import Refused
from tests.factories.customer import make_buyer

pytestmark = pytest.mark.django_db


def ask(buyer, field="city", proposed="اصفهان"):
    return request_correction(buyer=buyer, field=field, proposed=proposed, note="", actor=SYSTEM, now=timezone.now())


def decide(correction, accept=True, reason=""):
    return decide_correction(
        correction_id=correction.pk, accept=accept, reason=reason, actor=SYSTEM, now=timezone.now()
    )


def test_accepted_request_changes_the_buyer_and_tells_him():
    buyer = make_buyer()
    decide(ask(buyer))

    assert Buyer.objects.get().city == "اصفهان"
    assert CorrectionRequest.objects.get().status == "accepted"
    assert InboxItem.objects.get().buyer == buyer


def test_refused_request_changes_nothing_and_says_why():
    buyer = make_buyer()
    decide(ask(buyer), accept=False, reason="مدرک لازم است")

    assert Buyer.objects.get().city == "تهران"
    assert InboxItem.objects.get().body == "مدرک لازم است"


def test_refusal_needs_a_reason():
    correction = ask(make_buyer())
    with pytest.raises(Refused) as refused:
        decide(correction, accept=False)
    assert refused.value.field == "reason"
    assert CorrectionRequest.objects.get().status == "waiting"


@pytest.mark.parametrize(
    ("field", "proposed", "code"),
    [
        ("city", "", "correction.empty"),
        ("city", " تهران ", "correction.no_change"),
        ("phone", "123", "buyer.phone_invalid"),
        ("national_code", "0000000000", "buyer.national_code_invalid"),
    ],
)
def test_bad_request_is_refused_on_the_field(field, proposed, code):
    with pytest.raises(Refused) as refused:
        ask(make_buyer(), field=field, proposed=proposed)
    assert (refused.value.code, refused.value.field) == (code, "proposed")
    assert not CorrectionRequest.objects.exists()


def test_one_waiting_request_per_field():
    buyer = make_buyer()
    ask(buyer)
    with pytest.raises(Refused) as refused:
        ask(buyer, proposed="یزد")
    assert refused.value.code == "correction.already_waiting"
    ask(buyer, field="street", proposed="خیابان نو")


def test_decided_once():
    correction = ask(make_buyer())
    decide(correction)
    with pytest.raises(Refused) as refused:
        decide(correction, accept=False, reason="دیر")
    assert refused.value.code == "correction.already_decided"


def test_accepting_a_phone_that_was_taken_meanwhile_changes_nothing():
    buyer = make_buyer()
    correction = ask(buyer, field="phone", proposed="09351112233")
    make_buyer(phone="+989351112233")
    with pytest.raises(Refused) as refused:
        decide(correction)
    assert refused.value.code == "buyer.phone_taken"
    assert CorrectionRequest.objects.get().status == "waiting"
