"""Making, mending and closing accounts."""

from dataclasses import replace

import pytest
from django.db import connection
from django.utils import timezone
from knox.models import AuthToken

from customer.models import Buyer, Trace, User
from customer.services import buyer as buyers
from customer.services.buyer import BuyerData, create_buyer, reset_password, set_buyer_active, update_buyer
from integrations.models import OutboxMessage
from kernel.actor import SYSTEM
from kernel.identity import make_national_code
from kernel.refused import Refused

pytestmark = pytest.mark.django_db
DATA = BuyerData(
    first_name=" علي ",
    last_name="كريمي",
    national_code=make_national_code(7),
    city="تهران",
    street="خیابان آزادی",
    phone="۰۹۱۲۱۲۳۴۵۶۷",
)


def create(username="ali", password="Strong-pass-12", data=DATA) -> Buyer:
    return create_buyer(username=username, password=password, data=data, actor=SYSTEM, now=timezone.now())


def test_create_buyer_normalises_and_tells():
    buyer = create(username="ALI۱")

    assert (buyer.first_name, buyer.last_name, buyer.phone) == ("علی", "کریمی", "+989121234567")
    assert buyer.user.username == "ali1"
    assert buyer.user.check_password("Strong-pass-12")
    assert OutboxMessage.objects.get().payload == {"buyer_id": buyer.pk}
    assert Trace.objects.get().verb == "buyer.created"


def test_national_code_is_sealed_in_the_database():
    buyer = create()
    with connection.cursor() as cursor:
        cursor.execute("SELECT national_code FROM customer_buyer WHERE id = %s", [buyer.pk])
        stored = cursor.fetchone()[0]
    assert DATA.national_code not in stored
    assert Buyer.objects.get().national_code == DATA.national_code
    assert Buyer.objects.get().national_code_masked == f"******{DATA.national_code[-4:]}"


@pytest.mark.parametrize(
    ("changes", "username", "field"),
    [
        ({"national_code": "1234567890"}, "ali2", "national_code"),
        ({"phone": "0212222"}, "ali2", "phone"),
        ({"first_name": "  "}, "ali2", "first_name"),
        ({"city": ""}, "ali2", "city"),
        ({}, "a b", "username"),
    ],
)
def test_bad_data_is_refused_on_its_field_and_writes_nothing(changes, username, field):
    with pytest.raises(Refused) as refused:
        create(username=username, data=replace(DATA, **changes))
    assert (refused.value.field, refused.value.status) == (field, 400)
    assert not User.objects.exists()
    assert not OutboxMessage.objects.exists()


@pytest.mark.parametrize(
    ("username", "changes", "code"),
    [
        ("Ali", {}, "buyer.username_taken"),
        ("other", {"phone": "+98 912 999 0000"}, "buyer.national_code_taken"),
        ("other", {"national_code": make_national_code(8)}, "buyer.phone_taken"),
    ],
)
def test_a_second_account_of_the_same_person_is_refused(username, changes, code):
    create()
    with pytest.raises(Refused) as refused:
        create(username=username, data=replace(DATA, **changes))
    assert refused.value.code == code
    assert Buyer.objects.count() == 1


def test_weak_password_is_refused():
    with pytest.raises(Refused) as refused:
        create(password="12345678")
    assert refused.value.field == "password"


def test_generated_passwords_are_strong_enough_and_differ():
    passwords = {buyers.generate_password() for _ in range(50)}
    assert len(passwords) == 50
    for number, password in enumerate(passwords):
        create(
            username=f"u{number}",
            password=password,
            data=replace(DATA, national_code=make_national_code(100 + number), phone=f"0912{number:07d}"),
        )


def test_update_buyer_names_what_changed_and_not_the_values():
    buyer = create()
    update_buyer(buyer_id=buyer.pk, data=replace(DATA, city="کرج"), actor=SYSTEM, now=timezone.now())

    assert Buyer.objects.get().city == "کرج"
    assert Trace.objects.filter(verb="buyer.changed").get().data == {"fields": ["city"]}


def test_update_without_a_change_leaves_no_trace():
    buyer = create()
    update_buyer(buyer_id=buyer.pk, data=DATA, actor=SYSTEM, now=timezone.now())
    assert not Trace.objects.filter(verb="buyer.changed").exists()


def test_reset_password_ends_tokens():
    buyer = create()
    AuthToken.objects.create(user=buyer.user)
    reset_password(buyer_id=buyer.pk, password="Another-pass-77", actor=SYSTEM, now=timezone.now())

    assert User.objects.get().check_password("Another-pass-77")
    assert not AuthToken.objects.exists()


def test_disabled_account_keeps_its_data():
    buyer = create()
    AuthToken.objects.create(user=buyer.user)
    set_buyer_active(buyer_id=buyer.pk, active=False, reason="درخواست خریدار", actor=SYSTEM, now=timezone.now())

    assert not User.objects.get().is_active
    assert not AuthToken.objects.exists()
    assert Buyer.objects.count() == 1
    assert Trace.objects.filter(verb="buyer.disabled").get().data == {"reason": "درخواست خریدار"}


def test_a_name_taken_between_the_question_and_the_answer_is_named(monkeypatch):
    create()
    require_free, asked = buyers._require_free, []

    def blind_at_first(**values):
        asked.append(values)
        if len(asked) > 1:
            require_free(**values)

    monkeypatch.setattr(buyers, "_require_free", blind_at_first)
    with pytest.raises(Refused) as refused:
        create()
    assert refused.value.code == "buyer.username_taken"
    assert Buyer.objects.count() == 1
