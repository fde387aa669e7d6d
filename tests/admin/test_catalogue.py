"""Brands, types, models, plans with dated prices, VAT."""

from __future__ import annotations

from datetime import timedelta

import pytest

from commerce.models import PlanPrice, ServicePlan, VatRate
from customer.models import Brand, DeviceModel, Trace
from kernel.jalali import format_date, tehran_today
from tests.factories.commerce import make_plan, make_vat
from tests.factories.customer import make_device, make_model

PLANS = "/admin/snippets/commerce/serviceplan/"
VAT = "/admin/snippets/commerce/vatrate/"


def jalali(days: int) -> str:
    return format_date(tehran_today() + timedelta(days=days), "numeric")


def plan_form(*prices: dict[str, object], initial: int = 0, **values) -> dict[str, object]:
    data = {
        "years": 1,
        "is_offered": "on",
        "prices-TOTAL_FORMS": len(prices),
        "prices-INITIAL_FORMS": initial,
        "prices-MIN_NUM_FORMS": 0,
        "prices-MAX_NUM_FORMS": 1000,
    }
    for n, price in enumerate(prices):
        data |= {f"prices-{n}-{name}": value for name, value in price.items()}
    return data | values


def test_a_plan_is_made_with_a_price_typed_in_toman(finance):
    model = make_model()
    data = plan_form({"net_rial": "۴٬۸۰۰٬۰۰۰", "valid_from": jalali(0)}, device_model=model.pk)
    response = finance.post(f"{PLANS}add/", data)
    assert response.status_code == 302, response.context["form"].errors
    price = PlanPrice.objects.get()
    assert (price.net_rial, price.valid_from) == (48_000_000, tehran_today())
    trace = Trace.objects.get(verb="serviceplan.saved")
    assert trace.data["net_rial"] == {tehran_today().isoformat(): 48_000_000}
    assert "۴٬۸۰۰٬۰۰۰" in finance.get(PLANS).content.decode()


def test_a_price_in_force_is_neither_changed_nor_taken_away(finance):
    plan = make_plan(make_model(), net_rial=48_000_000)
    price = plan.prices.get()
    url = f"{PLANS}edit/{plan.pk}/"
    same = {"id": price.pk, "net_rial": "1", "valid_from": jalali(0)}
    assert finance.post(url, plan_form(same, initial=1, device_model=plan.device_model_id)).status_code == 302
    price.refresh_from_db()
    assert price.net_rial == 48_000_000
    gone = same | {"DELETE": "on"}
    response = finance.post(url, plan_form(gone, initial=1, device_model=plan.device_model_id))
    assert response.status_code == 200
    assert plan.prices.count() == 1


def test_a_new_price_begins_today_or_later(finance):
    plan = make_plan(make_model())
    old = plan.prices.get()
    first = {"id": old.pk, "net_rial": "4800000", "valid_from": "x"}
    url = f"{PLANS}edit/{plan.pk}/"
    late = {"net_rial": "5000000", "valid_from": jalali(-1)}
    response = finance.post(url, plan_form(first, late, initial=1, device_model=plan.device_model_id))
    assert response.status_code == 200
    assert plan.prices.count() == 1
    coming = late | {"valid_from": jalali(10)}
    assert finance.post(url, plan_form(first, coming, initial=1, device_model=plan.device_model_id)).status_code == 302
    assert list(plan.prices.order_by("valid_from").values_list("net_rial", flat=True)) == [48_000_000, 50_000_000]


def test_a_price_that_has_not_begun_can_be_changed_and_taken_away(finance):
    plan = make_plan(make_model(), valid_from=tehran_today() + timedelta(days=5))
    price = plan.prices.get()
    url = f"{PLANS}edit/{plan.pk}/"
    row = {"id": price.pk, "net_rial": "۷ ۰۰۰ ۰۰۰ تومان", "valid_from": jalali(6)}
    assert finance.post(url, plan_form(row, initial=1, device_model=plan.device_model_id)).status_code == 302
    price.refresh_from_db()
    assert price.net_rial == 70_000_000
    gone = row | {"DELETE": "on"}
    assert finance.post(url, plan_form(gone, initial=1, device_model=plan.device_model_id)).status_code == 302
    assert not plan.prices.exists()


@pytest.mark.parametrize("typed", ["", "0", "-5", "abc", "۴٫۸۵۵"])
def test_a_price_that_is_no_amount_is_refused(finance, typed):
    row = {"net_rial": typed, "valid_from": jalali(0)}
    assert finance.post(f"{PLANS}add/", plan_form(row, device_model=make_model().pk)).status_code == 200
    assert not ServicePlan.objects.exists()


def test_a_plan_is_for_a_model_or_a_type(finance):
    model = make_model()
    for target in ({}, {"device_model": model.pk, "device_type": model.device_type_id}):
        response = finance.post(f"{PLANS}add/", plan_form(**target))
        assert len(response.context["form"].non_field_errors()) == 1
    make_plan(model)
    response = finance.post(f"{PLANS}add/", plan_form(device_model=model.pk))
    assert list(response.context["form"].errors) == ["years"]
    assert ServicePlan.objects.count() == 1


def test_a_plan_whose_price_is_in_force_is_not_deleted(administrator):
    plan = make_plan(make_model())
    administrator.post(f"{PLANS}delete/{plan.pk}/")
    assert ServicePlan.objects.count() == 1
    coming = make_plan(make_model(), valid_from=tehran_today() + timedelta(days=5))
    administrator.post(f"{PLANS}delete/{coming.pk}/")
    assert list(ServicePlan.objects.all()) == [plan]


def test_plans_are_listed_with_a_constant_number_of_queries(finance, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    make_plan(make_model())
    finance.get(PLANS)
    with CaptureQueriesContext(connection) as first:
        finance.get(PLANS)
    make_plan(make_model())
    make_plan(make_model())
    with django_assert_num_queries(len(first)):
        finance.get(PLANS)


def test_vat_is_typed_in_percent_and_fixed_once_in_force(finance):
    assert finance.post(f"{VAT}add/", {"basis_points": "۱۰٫۵", "valid_from": jalali(0)}).status_code == 302
    rate = VatRate.objects.get()
    assert rate.basis_points == 1050
    assert "۱۰٫۵" in finance.get(f"{VAT}edit/{rate.pk}/").content.decode().replace("۱۰.۵", "۱۰٫۵")
    finance.post(f"{VAT}edit/{rate.pk}/", {"basis_points": "9", "valid_from": jalali(3)})
    rate.refresh_from_db()
    assert (rate.basis_points, rate.valid_from) == (1050, tehran_today())


@pytest.mark.parametrize("typed", ["", "x", "101", "-1", "10.555", "NaN", "Infinity", "1e400"])
def test_a_rate_that_is_none_is_refused(finance, typed):
    response = finance.post(f"{VAT}add/", {"basis_points": typed, "valid_from": jalali(0)})
    assert "basis_points" in response.context["form"].errors
    assert not VatRate.objects.exists()


def test_a_rate_in_force_is_not_deleted(administrator):
    rate = make_vat()
    administrator.post(f"{VAT}delete/{rate.pk}/")
    assert VatRate.objects.exists()


def test_texts_come_in_one_spelling_and_only_once(administrator):
    url = "/admin/snippets/customer/brand/add/"
    assert administrator.post(url, {"name": " نگين  كار "}).status_code == 302
    assert Brand.objects.get().name == "نگین کار"
    assert list(administrator.post(url, {"name": "نگین کار"}).context["form"].errors) == ["name"]
    assert Trace.objects.filter(verb="brand.saved").count() == 1


def test_what_is_in_use_is_not_deleted_and_the_person_is_told(administrator):
    device = make_device()
    url = f"/admin/snippets/customer/devicemodel/delete/{device.model_id}/"
    response = administrator.post(url, follow=True)
    assert response.status_code == 200
    assert str(device.model) in " ".join(str(message) for message in response.context["messages"])
    assert DeviceModel.objects.exists()
    free = Brand.objects.create(name="بی‌مدل")
    administrator.post(f"/admin/snippets/customer/brand/delete/{free.pk}/")
    assert not Brand.objects.filter(pk=free.pk).exists()
    assert Trace.objects.get(verb="brand.deleted").subject == f"brand:{free.pk}"
