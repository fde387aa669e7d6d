"""Lists: constant in queries, searched in any spelling, deaf to what they did not declare."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from commerce.models import Payment
from customer.models import Buyer
from integrations.models import MessageTemplate, SmsCredit
from kernel.jalali import tehran_today
from tests.admin.records import make_all, make_correction, make_message, make_report
from tests.factories.commerce import make_order, make_payment, make_plans
from tests.factories.customer import make_active_device, make_buyer, make_device, make_expired_device

LISTS = [
    "customer/buyer",
    "customer/device",
    "customer/serviceperiod",
    "customer/servicechoice",
    "customer/signoff",
    "customer/transfer",
    "customer/correctionrequest",
    "customer/trace",
    "commerce/order",
    "commerce/payment",
    "commerce/ledgerentry",
    "integrations/outboxmessage",
    "integrations/deliveryreport",
    "integrations/smscredit",
    "snippets/integrations/messagetemplate",
]


def rows(response) -> list[object]:
    assert response.status_code == 200
    return [row.pk for row in response.context["object_list"]]


def count_queries(client, url: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


def test_lists_need_as_many_queries_for_three_rows_as_for_one(superuser):
    make_all()
    for address in LISTS:
        superuser.get(f"/admin/{address}/")
    first = {address: count_queries(superuser, f"/admin/{address}/") for address in LISTS}
    for n in (2, 3):
        device = make_expired_device()
        make_plans(device.model)
        make_payment(make_order(device), status=Payment.Status.UNKNOWN)
        make_correction(device.owner)
        make_message(n)
        make_report(n)
        SmsCredit.objects.create(provider=f"other-{n}", rial=1)
        MessageTemplate.objects.create(key=f"key-{n}", text="متن")
    assert {address: count_queries(superuser, f"/admin/{address}/") for address in LISTS} == first
    assert max(first.values()) <= 12, first


def test_a_buyer_with_three_devices_is_read_with_as_many_queries_as_with_one(superuser):
    buyer = make_expired_device().owner
    url = f"/admin/customer/buyer/inspect/{buyer.pk}/"
    superuser.get(url)
    first = count_queries(superuser, url)
    make_expired_device(buyer)
    make_active_device(buyer)
    assert count_queries(superuser, url) == first


@pytest.mark.parametrize(
    "typed",
    [
        "شجاعی‌پور",
        "شجاعي پور",
        "شجاعیپور",
        "امید",
        "امید تبریز",
        "09121110004",
        "+98 912 111 0004",
        "۰۹۱۲۱۱۱۰۰۰۴",
        "OMID",
    ],
)
def test_buyers_are_found_in_any_spelling(auditor, typed):
    wanted = make_buyer("omid", first_name="امید", last_name="شجاعی‌پور", city="تبریز", phone="+989121110004")
    make_buyer()
    assert rows(auditor.get("/admin/customer/buyer/", {"q": typed})) == [wanted.pk]


def test_a_national_code_is_found_only_whole(auditor):
    wanted = make_buyer()
    make_buyer()
    assert rows(auditor.get("/admin/customer/buyer/", {"q": wanted.national_code})) == [wanted.pk]
    assert rows(auditor.get("/admin/customer/buyer/", {"q": wanted.national_code[:6]})) == []


def test_devices_are_found_by_identifier_model_and_owner(auditor):
    wanted = make_device(identifier="M4-22871")
    make_device()
    for text in ("m4-۲۲۸۷۱", "M4-22", wanted.model.name, wanted.owner.user.username):
        assert rows(auditor.get("/admin/customer/device/", {"q": text})) == [wanted.pk], text


def test_orders_and_payments_are_found_by_their_numbers(auditor):
    records = make_all()
    order, payment = records["commerce/order"], records["commerce/payment"]
    other = make_expired_device()
    make_plans(other.model)
    make_payment(make_order(other))
    for text in (order.number, order.number[-6:], order.buyer.user.username):
        assert rows(auditor.get("/admin/commerce/order/", {"q": text})) == [order.pk], text
    for text in (order.number, payment.authority, str(payment.pk)):
        assert rows(auditor.get("/admin/commerce/payment/", {"q": text})) == [payment.pk], text


def test_filters_narrow(auditor):
    soon, far = make_active_device(days_left=20), make_active_device(days_left=90)
    over, new = make_expired_device(), make_device()
    wanted = {
        "active": {soon.pk, far.pk},
        "expired": {over.pk},
        "awaiting_sign_off": {new.pk},
        "ending_soon": {soon.pk},
        "nonsense": {soon.pk, far.pk, over.pk, new.pk},
    }
    for value, found in wanted.items():
        assert set(rows(auditor.get("/admin/customer/device/", {"service": value}))) == found, value


def test_a_renewed_device_does_not_end_soon(auditor):
    device = make_active_device(days_left=20)
    today = tehran_today()
    device.periods.create(starts_on=today + timedelta(days=21), ends_on=today + timedelta(days=386), origin="renewal")
    assert rows(auditor.get("/admin/customer/device/", {"service": "ending_soon"})) == []


def test_undeclared_lookups_are_ignored(auditor):
    buyer = make_buyer()
    for query in ("user__password__startswith=zzz", "national_code_index=zzz", "no_such_field=1", "id=0", "e=1"):
        assert rows(auditor.get(f"/admin/customer/buyer/?{query}")) == [buyer.pk], query


def test_odd_addresses_do_not_fall_over(auditor):
    make_buyer()
    for query in (
        "p=x",
        "p=-3",
        "p=99999",
        "o=x",
        "o=99.-1.0",
        "q=%00",
        "q=%D9%8A%00",
        "account=%00",
        "ot=1",
        "export=csv",
    ):
        assert auditor.get(f"/admin/customer/buyer/?{query}").status_code == 200, query


def test_rows_come_in_pages(auditor):
    for _ in range(51):
        make_buyer()
    first = rows(auditor.get("/admin/customer/buyer/"))
    second = rows(auditor.get("/admin/customer/buyer/?p=2"))
    assert (len(first), len(second)) == (50, 1)
    assert not set(first) & set(second)


def test_heads_sort(auditor):
    older, newer = make_buyer(last_name="آرام"), make_buyer(last_name="یزدانی")
    assert rows(auditor.get("/admin/customer/buyer/?o=0")) == [older.pk, newer.pk]
    assert rows(auditor.get("/admin/customer/buyer/?o=-0")) == [newer.pk, older.pk]


def test_dates_are_jalali_and_money_is_toman(auditor):
    records = make_all()
    order = records["commerce/order"]
    page = auditor.get("/admin/commerce/order/").content.decode()
    assert "تومان" in page
    assert "۱۴۰" in page
    assert str(timezone.now().year) not in page.split("admin-body")[1]
    read = auditor.get(f"/admin/commerce/order/inspect/{order.pk}/").content.decode()
    assert order.number in read


def test_first_page_counts_what_waits(administrator, finance, support):
    records = make_all()
    make_active_device(days_left=20)
    page = administrator.get("/admin/").content.decode()
    assert page.count('class="admin-tile') - page.count('class="admin-tiles') == 14
    assert page.count("admin-tile-waiting") == 5
    assert "/admin/integrations/outboxmessage/?status=parked" in page
    assert "correctionrequest" not in finance.get("/admin/").content.decode().split('id="main"')[1]
    assert finance.get("/admin/").content.decode().count("admin-tile-waiting") == 3
    assert support.get("/admin/").content.decode().count("admin-tile-waiting") == 1
    assert rows(finance.get("/admin/commerce/payment/?status=needs_eyes")) == [records["commerce/payment"].pk]
    assert Buyer.objects.count() == 2


def test_wagtails_own_news_is_not_shown(superuser):
    page = superuser.get("/admin/").content.decode()
    for word in ("upgrade", "releases.wagtail.org", "gravatar", "editor guide", "guide.wagtail.org"):
        assert word not in page
