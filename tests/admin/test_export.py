"""Lists as Excel sheets."""

from __future__ import annotations

from io import BytesIO

import pytest
from openpyxl import load_workbook

from customer.models import Trace
from customer.roles import Role
from kernel.admin.export import harmless, in_toman
from tests.admin.records import make_all
from tests.factories.customer import make_buyer


def sheet(client, address: str) -> list[dict[str, object]]:
    response = client.get(f"/admin/{address}/?export=xlsx")
    assert response.status_code == 200
    page = load_workbook(BytesIO(b"".join(response.streaming_content))).active
    assert page.sheet_view.rightToLeft
    heads, *rows = page.iter_rows(values_only=True)
    return [dict(zip(heads, row, strict=True)) for row in rows]


def test_buyers_come_without_national_codes_unless_permitted(administrator, auditor):
    buyer = make_buyer()
    (row,) = sheet(auditor, "customer/buyer")
    assert buyer.national_code not in map(str, row.values())
    assert row["تلفن"] == f"0{buyer.phone[3:]}"
    assert row["تاریخ ثبت"].startswith("۱۴")
    (row,) = sheet(administrator, "customer/buyer")
    assert row["کد ملی"] == buyer.national_code
    whole = [
        trace.data["with_national_codes"] for trace in Trace.objects.filter(verb="buyer.list_exported").order_by("pk")
    ]
    assert whole == [False, True]


def test_no_cell_begins_like_a_formula(auditor):
    make_buyer(first_name='=HYPERLINK("http://x")', last_name="+1", city="@SUM(A1)", street="-2")
    (row,) = sheet(auditor, "customer/buyer")
    assert (row["نام"], row["نام خانوادگی"], row["شهر"], row["خیابان"]) == (
        '\'=HYPERLINK("http://x")',
        "'+1",
        "'@SUM(A1)",
        "'-2",
    )


def test_a_sheet_holds_what_the_filters_left(auditor):
    make_buyer(last_name="یزدانی")
    make_buyer()
    response = auditor.get("/admin/customer/buyer/", {"q": "یزدانی", "export": "xlsx"})
    rows = list(load_workbook(BytesIO(b"".join(response.streaming_content))).active.iter_rows(values_only=True))
    assert len(rows) == 2


def test_money_is_a_number_in_toman_and_dates_are_jalali(auditor):
    records = make_all()
    (row,) = sheet(auditor, "commerce/order")
    order = records["commerce/order"]
    assert row["جمع کل (تومان)"] == order.total_rial // 10
    assert row["تاریخ ثبت"].startswith("۱۴")
    assert sheet(auditor, "commerce/ledgerentry")[0]["مبلغ (تومان)"] == -1_000_000
    rows = {"customer/device": 3, "customer/serviceperiod": 2, "customer/servicechoice": 2, "commerce/payment": 1}
    assert {address: len(sheet(auditor, address)) for address in rows} == rows


def test_there_is_no_csv(auditor):
    make_buyer()
    response = auditor.get("/admin/customer/buyer/?export=csv")
    assert response.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("address", ["customer/trace", "customer/correctionrequest", "integrations/outboxmessage"])
def test_what_has_no_sheet_gives_none(auditor, address):
    assert auditor.get(f"/admin/{address}/?export=xlsx").url == "/admin/"


def test_a_sheet_is_only_for_who_sees_the_list(sign_in):
    make_buyer()
    assert sign_in(Role.EDITOR).get("/admin/customer/buyer/?export=xlsx").url == "/admin/"


def test_cells():
    assert harmless("=1") == "'=1"
    assert harmless("\t=1") == "'\t=1"
    assert harmless(-5) == -5
    assert harmless(None) is None
    assert in_toman(48_000_000) == 4_800_000
    assert float(in_toman(12_345)) == 1234.5
