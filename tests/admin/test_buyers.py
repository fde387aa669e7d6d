"""Buyers' accounts in the admin: made, changed, closed, given a password, looked at."""

from __future__ import annotations

import re

import pytest

from customer.models import Buyer, Trace, User
from customer.roles import Role
from integrations.models import OutboxMessage
from kernel.identity import make_national_code
from tests.factories.customer import make_buyer

LIST = "/admin/customer/buyer/"
PASSWORD = re.compile(r"[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}")


def form(**values) -> dict[str, str]:
    return {
        "first_name": "سارا",
        "last_name": "رستگار",
        "national_code": make_national_code(5001),
        "phone": "۰۹۱۲ ۱۱۱ ۰۰۰۹",
        "main_operator": "مهدي كاظمي",
        "city": "تهران",
        "street": "خیابان ولیعصر",
        "building": "پلاک ۱۲",
        "username": "Sara.R",
        "password": "",
    } | values


def errors(response) -> dict[str, list[str]]:
    assert response.status_code == 200
    return dict(response.context["form"].errors)


def test_a_new_buyer_is_made_and_the_slip_shown_once(administrator):
    response = administrator.post(f"{LIST}create/", form())
    buyer = Buyer.objects.get()
    assert response.url == f"{LIST}slip/{buyer.pk}/"
    assert (buyer.phone, buyer.main_operator, buyer.user.username) == ("+989121110009", "مهدی کاظمی", "sara.r")
    slip = administrator.get(response.url)
    assert slip.status_code == 200
    assert "no-store" in slip.headers["Cache-Control"]
    password = PASSWORD.search(slip.content.decode())[0]
    assert buyer.user.check_password(password)
    assert "sara.r" in slip.content.decode()
    again = administrator.get(response.url)
    assert again.url == f"{LIST}inspect/{buyer.pk}/"
    assert password not in administrator.get(again.url).content.decode()
    assert Trace.objects.filter(verb="buyer.created", subject=f"buyer:{buyer.pk}").count() == 1
    assert OutboxMessage.objects.get().payload == {"buyer_id": buyer.pk}


def test_the_password_waits_sealed(administrator):
    administrator.post(f"{LIST}create/", form(password="a-strong-passphrase-7"))
    assert "a-strong-passphrase-7" not in str(dict(administrator.session))
    slip = administrator.get(f"{LIST}slip/{Buyer.objects.get().pk}/").content.decode()
    assert "a-strong-passphrase-7" in slip


def test_a_slip_is_shown_to_nobody_else(administrator, sign_in):
    administrator.post(f"{LIST}create/", form())
    pk = Buyer.objects.get().pk
    other = sign_in(Role.ADMINISTRATOR)
    assert other.get(f"{LIST}slip/{pk}/").url == f"{LIST}inspect/{pk}/"


@pytest.mark.parametrize(
    ("taken", "field"),
    [
        ({"national_code": make_national_code(5001)}, "national_code"),
        ({"phone": "+989121110009"}, "phone"),
        ({"username": "sara.r"}, "username"),
    ],
)
def test_what_is_taken_is_said_on_its_field_and_nothing_is_written(administrator, taken, field):
    make_buyer(**taken)
    people, traces = User.objects.count(), Trace.objects.count()
    response = administrator.post(f"{LIST}create/", form())
    assert list(errors(response)) == [field]
    assert (Buyer.objects.count(), User.objects.count(), Trace.objects.count()) == (1, people, traces)
    assert not OutboxMessage.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"national_code": "1234567890"}, "national_code"),
        ({"phone": "123"}, "phone"),
        ({"username": "دو کلمه"}, "username"),
        ({"password": "12345678901"}, "password"),
        ({"first_name": "\u200c "}, "first_name"),
        ({"city": ""}, "city"),
    ],
)
def test_what_is_wrong_is_said_on_its_field(administrator, wrong, field):
    assert list(errors(administrator.post(f"{LIST}create/", form(**wrong)))) == [field]
    assert not Buyer.objects.exists()


def test_editing_keeps_the_national_code_that_it_does_not_show(administrator):
    buyer = make_buyer()
    url = f"{LIST}edit/{buyer.pk}/"
    page = administrator.get(url).content.decode()
    assert buyer.national_code not in page
    assert buyer.national_code_masked in page
    data = form(national_code="", first_name="مینا", phone=buyer.phone)
    assert administrator.post(url, data).url == f"{LIST}inspect/{buyer.pk}/"
    after = Buyer.objects.get()
    assert (after.first_name, after.national_code) == ("مینا", buyer.national_code)
    trace = Trace.objects.get(verb="buyer.changed")
    assert "first_name" in trace.data["fields"]
    assert "national_code" not in trace.data["fields"]


def test_editing_writes_a_new_national_code(administrator):
    buyer, code = make_buyer(), make_national_code(6002)
    administrator.post(f"{LIST}edit/{buyer.pk}/", form(national_code=code, phone=buyer.phone))
    after = Buyer.objects.get()
    assert after.national_code == code
    assert list(Buyer.objects.matching(code)) == [after]


def test_editing_to_a_taken_phone_is_refused(administrator):
    make_buyer(phone="+989121110009")
    buyer = make_buyer()
    response = administrator.post(f"{LIST}edit/{buyer.pk}/", form(national_code=""))
    assert list(errors(response)) == ["phone"]
    buyer.refresh_from_db()
    assert buyer.phone != "+989121110009"


def test_the_national_code_is_masked_everywhere_and_looking_is_traced(administrator):
    buyer = make_buyer()
    for url in (LIST, f"{LIST}inspect/{buyer.pk}/", f"{LIST}edit/{buyer.pk}/"):
        assert buyer.national_code not in administrator.get(url).content.decode()
    assert administrator.get(f"{LIST}national-code/{buyer.pk}/").url == f"{LIST}inspect/{buyer.pk}/"
    assert not Trace.objects.filter(verb="buyer.national_code_seen").exists()
    shown = administrator.post(f"{LIST}national-code/{buyer.pk}/")
    assert buyer.national_code in shown.content.decode()
    assert "no-store" in shown.headers["Cache-Control"]
    trace = Trace.objects.get(verb="buyer.national_code_seen")
    assert (trace.buyer, trace.subject) == (buyer, f"buyer:{buyer.pk}")
    assert buyer.national_code not in str(trace.data)


def test_a_new_password_ends_sessions_and_is_printed_once(administrator, client):
    buyer = make_buyer()
    client.force_login(buyer.user)
    url = f"{LIST}reset-password/{buyer.pk}/"
    assert administrator.get(url).status_code == 200
    response = administrator.post(url, {"password": ""})
    assert response.url == f"{LIST}slip/{buyer.pk}/"
    password = PASSWORD.search(administrator.get(response.url).content.decode())[0]
    buyer.user.refresh_from_db()
    assert buyer.user.check_password(password)
    assert "/login/" in client.get("/profile/").url
    assert Trace.objects.filter(verb="buyer.password_reset").count() == 1


def test_a_weak_new_password_is_refused_on_its_field(administrator):
    buyer = make_buyer()
    before = buyer.user.password
    response = administrator.post(f"{LIST}reset-password/{buyer.pk}/", {"password": "12345678901"})
    assert list(errors(response)) == ["password"]
    buyer.user.refresh_from_db()
    assert buyer.user.password == before


def test_closing_and_opening_an_account_needs_a_reason(administrator):
    buyer = make_buyer()
    assert list(errors(administrator.post(f"{LIST}close/{buyer.pk}/", {"reason": ""}))) == ["reason"]
    assert (
        administrator.post(f"{LIST}close/{buyer.pk}/", {"reason": "درخواست خود او"}).url == f"{LIST}inspect/{buyer.pk}/"
    )
    buyer.user.refresh_from_db()
    assert not buyer.user.is_active
    assert Trace.objects.get(verb="buyer.disabled").data == {"reason": "درخواست خود او"}
    page = administrator.get(f"{LIST}inspect/{buyer.pk}/").content.decode()
    assert f"{LIST}open/{buyer.pk}/" in page
    assert f"{LIST}close/{buyer.pk}/" not in page
    administrator.post(f"{LIST}open/{buyer.pk}/", {"reason": "اشتباه بود"})
    buyer.user.refresh_from_db()
    assert buyer.user.is_active


def test_a_post_without_csrf_token_does_nothing(administrator):
    administrator.handler.enforce_csrf_checks = True
    buyer = make_buyer()
    assert administrator.post(f"{LIST}close/{buyer.pk}/", {"reason": "آزمون"}).status_code == 403
    buyer.user.refresh_from_db()
    assert buyer.user.is_active


def test_an_unknown_or_malformed_key_is_not_found(administrator):
    for key in ("987654", "abc", "1-2"):
        assert administrator.get(f"{LIST}inspect/{key}/").status_code == 404
        assert administrator.get(f"{LIST}edit/{key}/").status_code == 404
        assert administrator.post(f"{LIST}close/{key}/", {"reason": "x"}).status_code == 404
