"""One-time codes: asked for, tried, spent."""

import hashlib
import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from customer.models import ConfirmationCode
from customer.services import code as codes
from customer.services.code import check_code, confirmed_phone, is_newest, request_code, spend_code
from integrations.models import OutboxMessage
from kernel.persian import persian_digits
from kernel.refused import Refused, Throttled
from tests.factories.papers import make_code

pytestmark = pytest.mark.django_db
PURPOSE, PHONE = "sign_off:12", "+989121234567"
NOW = timezone.now()


@pytest.fixture(autouse=True)
def _no_tries_yet():
    cache.clear()


def check(text, *, purpose=PURPOSE, now=NOW) -> ConfirmationCode:
    return check_code(purpose=purpose, text=text, now=now)


def refusal(text, **values) -> str:
    with pytest.raises(Refused) as refused:
        check(text, **values)
    assert (refused.value.field, refused.value.status) == ("code", 409)
    assert str(refused.value.message)
    return refused.value.code


def wrong(text: str) -> str:
    return f"{(int(text) + 1) % 1_000_000:06d}"


def test_asked_code_is_a_message_without_digits():
    code = request_code(purpose=PURPOSE, phone=PHONE, now=NOW)
    message = OutboxMessage.objects.get()
    assert (message.topic, message.dedupe_key) == ("sms.code", f"sms.code:{code.pk}")
    assert message.payload == {"code_id": code.pk}
    assert (code.code_hash, code.expires_at - code.created_at) == ("", timedelta(minutes=5))


def test_digits_are_six_and_known_only_as_a_keyed_hash():
    text = make_code(PURPOSE)
    code = ConfirmationCode.objects.get()
    assert re.fullmatch(r"[0-9]{6}", text)
    assert code.code_hash == codes.hash_of(code, text)
    assert text not in str(vars(code) | {"pk": None, "_state": None, "created_at": None, "expires_at": None})
    assert code.code_hash != hashlib.sha256(text.encode()).hexdigest()


def test_right_code_in_any_digits():
    text = make_code(PURPOSE)
    assert check(f" {persian_digits(text)} ").tries == 1


@pytest.mark.parametrize("text", ["", "12345", "1234567", "abcdef", "۰۰۰"])
def test_what_is_no_code_is_wrong(text):
    make_code(PURPOSE)
    assert refusal(text) == "code.wrong"


def test_nothing_asked_for():
    assert refusal("123456") == "code.missing"


def test_code_of_another_form():
    text = make_code("sign_off:13")
    assert refusal(text) == "code.missing"
    make_code(PURPOSE)
    assert refusal(text) == "code.wrong"


def test_code_that_has_not_been_sent_yet_opens_nothing():
    request_code(purpose=PURPOSE, phone=PHONE, now=NOW)
    assert refusal("") == "code.wrong"


def test_code_expires_after_five_minutes():
    text = make_code(PURPOSE, now=NOW)
    assert check(text, now=NOW + timedelta(minutes=4, seconds=59))
    assert refusal(text, now=NOW + timedelta(minutes=5)) == "code.expired"


def test_new_code_voids_the_old():
    old = make_code(PURPOSE, now=NOW)
    new = make_code(PURPOSE, now=NOW)
    while new == old:
        new = make_code(PURPOSE, now=NOW)
    assert refusal(old) == "code.wrong"
    assert check(new)
    first, *_, last = ConfirmationCode.objects.order_by("pk")
    assert (is_newest(first), is_newest(last)) == (False, True)


def test_five_tries_and_no_more_even_with_the_right_digits():
    text = make_code(PURPOSE)
    assert [refusal(wrong(text)) for _ in range(6)] == ["code.wrong"] * 5 + ["code.spent"]
    assert refusal(text) == "code.spent"
    assert ConfirmationCode.objects.get().tries == 5


def test_fifth_try_may_be_the_right_one():
    text = make_code(PURPOSE)
    for _ in range(4):
        refusal(wrong(text))
    assert check(text).tries == 5


def test_try_is_counted_whatever_becomes_of_the_act():
    text = make_code(PURPOSE)
    check(text)
    check(text)
    assert ConfirmationCode.objects.get().tries == 2


def test_spent_code_is_used_up():
    text = make_code(PURPOSE, PHONE)
    code = check(text)
    assert confirmed_phone(PURPOSE) == ""
    spend_code(code, now=NOW)
    assert refusal(text) == "code.used"
    assert confirmed_phone(PURPOSE) == PHONE
    with pytest.raises(Refused) as refused:
        spend_code(code, now=NOW)
    assert refused.value.code == "code.used"


def test_three_sends_in_a_quarter_of_an_hour_per_phone():
    for number in range(3):
        request_code(purpose=f"sign_off:{number}", phone=PHONE, now=NOW)
    with pytest.raises(Throttled) as throttled:
        request_code(purpose="sign_off:9", phone=PHONE, now=NOW)
    assert throttled.value.retry_after <= 900
    assert ConfirmationCode.objects.count() == OutboxMessage.objects.count() == 3
    request_code(purpose="sign_off:9", phone="+989350000000", now=NOW)


def test_code_cannot_be_asked_for_while_the_counter_does_not_answer(monkeypatch):
    def broken(*_args, **_kwargs):
        raise ConnectionError

    monkeypatch.setattr(cache, "incr", broken)
    with pytest.raises(Throttled):
        request_code(purpose=PURPOSE, phone=PHONE, now=NOW)
    assert not ConfirmationCode.objects.exists()
