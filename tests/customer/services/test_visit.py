"""All forms of a visit, one code, one transaction: all are confirmed or none."""

from __future__ import annotations

from itertools import pairwise

import pytest
from django.core.cache import cache
from django.utils import timezone

from customer.chain import chain_breaches
from customer.models import ConfirmationCode, ServicePeriod, SignedRecord, SignOff, SignOffPhoto, Trace
from customer.services.buyer import set_buyer_active
from customer.services.record import open_content
from customer.services.sign_off import confirm_sign_off, decline_sign_off, withdraw_sign_off
from customer.services.visit import Ticks, confirm_visit, purpose_of, send_visit_code
from integrations.models import OutboxMessage
from kernel.actor import SYSTEM
from kernel.refused import Refused, Throttled
from tests.factories.customer import make_buyer, make_staff
from tests.factories.papers import (
    ITEMS,
    actor_for,
    confirmation_of,
    make_executed,
    make_visit,
    sign_off_code,
    visit_code,
    visit_confirmation_of,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _fresh():
    cache.clear()


@pytest.fixture
def forms() -> list[SignOff]:
    return make_visit(count=3)


def refused(**words) -> str:
    with pytest.raises(Refused) as caught:
        confirm_visit(**words)
    return caught.value.code


def untouched(forms: list[SignOff]) -> bool:
    waiting = SignOff.objects.filter(pk__in=[form.pk for form in forms], status="waiting").count()
    return waiting == len(forms) and not SignedRecord.objects.exists() and not ServicePeriod.objects.exists()


def test_one_code_confirms_every_form_and_the_records_follow_each_other(forms):
    confirmed = confirm_visit(**visit_confirmation_of(forms))

    records = [form.record for form in confirmed]
    assert [record.sequence for record in records] == [1, 2, 3]
    assert all(after.previous_sha256 == before.sha256 for before, after in pairwise(records))
    assert list(chain_breaches()) == []
    for form in forms:
        form.refresh_from_db()
        assert (form.status, ServicePeriod.objects.get(sign_off=form).device_id) == ("confirmed", form.device_id)
    assert ConfirmationCode.objects.filter(used_at__isnull=False).count() == 1
    assert Trace.objects.filter(verb="sign_off.confirmed").count() == 3
    assert OutboxMessage.objects.filter(topic="notify.sign_off_confirmed").count() == 3


def test_each_record_says_what_else_the_code_confirmed(forms):
    confirm_visit(**visit_confirmation_of(forms))
    names = [form.device.identifier for form in forms]
    for form in SignOff.objects.order_by("pk"):
        content = open_content(form.record)
        assert content["confirmed_together_with"] == [name for name in names if name != form.device.identifier]
        assert content["code_sent_to"].endswith(form.buyer.phone[-4:])
        assert content["text"] == form.statement


def test_technician_in_person_is_named_in_every_record(forms):
    technician = make_staff(first_name="رضا", last_name="امینی")
    confirm_visit(**visit_confirmation_of(forms, actor=actor_for(technician)))
    said = {open_content(record)["in_person_by"] for record in SignedRecord.objects.all()}
    assert said == {"رضا امینی"}


def test_what_was_answered_before_is_left_out(forms):
    confirm_sign_off(**confirmation_of(forms[0]))
    rest = forms[1:]
    assert [form.pk for form in confirm_visit(**visit_confirmation_of(rest))] == [form.pk for form in rest]
    assert SignedRecord.objects.count() == 3


# --- refused, and nothing done ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("left_out", [Ticks(items=ITEMS[:2], all_done=True), Ticks(items=ITEMS, all_done=False), None])
def test_one_incomplete_form_stops_all(forms, left_out):
    words = visit_confirmation_of(forms)
    words["ticks"] = (
        words["ticks"] | {forms[1].pk: left_out} if left_out else {forms[0].pk: words["ticks"][forms[0].pk]}
    )
    with pytest.raises(Refused) as caught:
        confirm_visit(**words)

    assert caught.value.code in {"signoff.item_missing", "signoff.not_all_done"}
    assert caught.value.field.startswith(f"{forms[1].pk}-")
    assert str(forms[1].device) in caught.value.message
    assert untouched(forms)
    assert ConfirmationCode.objects.get().tries == 0


def test_code_of_a_single_form_or_of_another_visit_does_not_fit(forms):
    other = make_visit(forms[0].buyer, count=2)
    for code in (sign_off_code(forms[0]), visit_code(other)):
        assert refused(**visit_confirmation_of(forms, code=code)) == "code.missing"
    assert untouched(forms)


def test_code_of_the_visit_does_not_confirm_a_single_form(forms):
    with pytest.raises(Refused) as caught:
        confirm_sign_off(**confirmation_of(forms[0], code=visit_code(forms)))
    assert caught.value.code == "code.missing"


def withdrawn(form):
    withdraw_sign_off(sign_off_id=form.pk, actor=SYSTEM, now=timezone.now())


def declined(form):
    user = form.buyer.user
    decline_sign_off(user=user, sign_off_id=form.pk, reason="ناتمام", actor=actor_for(user), now=timezone.now())


def rewritten(form):
    SignOff.objects.filter(pk=form.pk).update(statement="متنی دیگر")


def with_another_photo(form):
    SignOffPhoto.objects.create(sign_off=form, item_code=ITEMS[0], sha256="0" * 64, added_at=timezone.now())


@pytest.mark.parametrize("change", [withdrawn, declined, rewritten, with_another_photo])
def test_code_holds_only_for_what_was_shown_with_it(forms, change):
    words = visit_confirmation_of(forms)
    change(forms[1])
    assert refused(**words) == "code.missing"
    assert not SignedRecord.objects.exists()


def test_wrong_code_is_counted_and_does_nothing(forms):
    right = visit_code(forms)
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    assert refused(**visit_confirmation_of(forms, code=wrong)) == "code.wrong"
    assert ConfirmationCode.objects.get().tries == 1
    assert untouched(forms)


def test_twice_is_refused(forms):
    words = visit_confirmation_of(forms)
    confirm_visit(**words)
    assert refused(**words) == "signoff.visit_answered"
    assert SignedRecord.objects.count() == 3


def test_closed_account_confirms_nothing(forms):
    words = visit_confirmation_of(forms)
    set_buyer_active(buyer_id=forms[0].buyer_id, active=False, reason="x", actor=SYSTEM, now=timezone.now())
    words["actor"] = actor_for(make_staff())
    assert refused(**words) == "signoff.buyer_closed"
    assert untouched(forms)


def test_nobody_else_confirms_it(forms):
    stranger = make_buyer()
    with pytest.raises(SignOff.DoesNotExist):
        confirm_visit(**visit_confirmation_of(forms, buyer=stranger))
    with pytest.raises(SignOff.DoesNotExist):
        send_visit_code(user=stranger.user, visit=forms[0].visit, now=timezone.now())
    assert untouched(forms)


def test_one_code_is_sent_and_throttled(forms):
    user, visit, now = forms[0].buyer.user, forms[0].visit, timezone.now()
    for _ in range(3):
        send_visit_code(user=user, visit=visit, now=now)
    with pytest.raises(Throttled):
        send_visit_code(user=user, visit=visit, now=now)
    codes = ConfirmationCode.objects.all()
    assert {(code.purpose, code.phone) for code in codes} == {(purpose_of(forms), forms[0].buyer.phone)}
    assert len(purpose_of(forms)) <= ConfirmationCode._meta.get_field("purpose").max_length


def test_device_that_left_meanwhile_takes_its_form_along(forms):
    """The form of a device that changed hands is the old owner's no more; the others are asked for anew."""
    words = visit_confirmation_of(forms[1:])
    type(forms[0].device).objects.filter(pk=forms[0].device_id).update(owner=make_executed().transfer.new_owner)
    before = SignedRecord.objects.count()
    assert len(confirm_visit(**words)) == 2
    assert SignedRecord.objects.count() == before + 2
