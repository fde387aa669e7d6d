"""Transfers in the back office: blockers shown, decided once, the slip once."""

from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from openpyxl import load_workbook

from customer.models import Buyer, Ownership, Trace, Transfer
from tests.admin.test_lists import count_queries, rows
from tests.factories.commerce import make_order, make_plans, make_vat
from tests.factories.customer import make_active_device, make_buyer, make_expired_device
from tests.factories.papers import make_draft, make_executed, make_sign_off, make_submitted

LIST = "/admin/customer/transfer/"


@pytest.fixture(autouse=True)
def private_files(settings, tmp_path):
    private = {**settings.STORAGES["private"], "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = {**settings.STORAGES, "private": private}


def said(client, url: str) -> str:
    return client.get(url).content.decode()


def test_the_list_is_filtered_and_found_from_every_side(auditor):
    draft, done = make_draft(), make_executed().transfer
    wanted = make_submitted(make_active_device(), named={"first_name": "پروانه", "last_name": "یگانه"})
    old = make_submitted(make_active_device(), now=timezone.now() - timedelta(days=6))
    assert rows(auditor.get(f"{LIST}?status=draft")) == [draft.pk]
    assert set(rows(auditor.get(f"{LIST}?status=submitted"))) == {wanted.pk, old.pk}
    assert rows(auditor.get(f"{LIST}?status=waiting_long")) == [old.pk]
    phone = f"0{wanted.new_phone[3:]}"
    for text in (wanted.device.identifier, "پروانه یگانه", "يگانه", phone, wanted.owner.user.username):
        assert rows(auditor.get(LIST, {"q": text})) == [wanted.pk], text
    assert rows(auditor.get(LIST, {"q": done.record.code})) == [done.pk]


def test_the_list_needs_as_many_queries_for_four_as_for_one(superuser):
    make_executed()
    superuser.get(LIST)
    first = count_queries(superuser, LIST)
    for make in (make_executed, make_draft, make_submitted):
        make()
    assert count_queries(superuser, LIST) == first


def test_national_codes_are_masked_everywhere(administrator):
    found = make_submitted(make_active_device())
    response = administrator.get(f"{LIST}?export=xlsx")
    sheet = load_workbook(BytesIO(b"".join(response.streaming_content))).active
    cells = " ".join(str(cell.value) for row in sheet.iter_rows() for cell in row)
    page = said(administrator, f"{LIST}inspect/{found.pk}/")
    for text in (cells, page, said(administrator, LIST)):
        assert found.new_national_code not in text
        assert found.owner.national_code not in text
    assert found.new_national_code[-4:] in page
    assert Trace.objects.filter(verb="transfer.list_exported").count() == 1


def test_blockers_are_shown_with_their_policy_and_stop_the_approval(administrator):
    device = make_active_device()
    found = make_submitted(device)
    page = said(administrator, f"{LIST}inspect/{found.pk}/")
    assert "برای اطلاع" in page or "to know" in page
    waiting = make_expired_device()
    waiting.periods.all().delete()
    blocked = make_submitted(waiting)
    make_sign_off(waiting, installed_on=waiting.installed_on)
    page = said(administrator, f"{LIST}inspect/{blocked.pk}/")
    assert re.search(r'pill-late">\s*(مانع|blocks)', page)
    response = administrator.post(f"{LIST}approve/{blocked.pk}/", {"note": ""})
    assert response.context["form"].non_field_errors()
    blocked.refresh_from_db()
    assert blocked.status == Transfer.Status.SUBMITTED


def test_open_orders_are_shown_before_and_cancelled_with_it(administrator):
    device = make_expired_device()
    make_plans(device.model)
    make_vat()
    order = make_order(device)
    found = make_submitted(device)
    assert order.number in said(administrator, f"{LIST}inspect/{found.pk}/")
    administrator.post(f"{LIST}approve/{found.pk}/", {"note": ""})
    order.refresh_from_db()
    assert order.status == "cancelled"


def test_approving_makes_the_account_and_shows_its_slip_once(administrator):
    found = make_submitted(make_active_device())
    response = administrator.post(f"{LIST}approve/{found.pk}/", {"note": "مدارک دیده شد"})
    found.refresh_from_db()
    assert (found.status, found.decision_reason) == ("approved", "مدارک دیده شد")
    assert response.url == f"/admin/customer/buyer/slip/{found.new_owner_id}/"
    slip = administrator.get(response.url)
    password = slip.context["password"]
    assert found.new_owner.user.check_password(password)
    assert "no-store" in slip["Cache-Control"]
    assert administrator.get(response.url).status_code == 302
    assert Ownership.objects.get(device=found.device, ended_at=None).owner == found.new_owner
    page = said(administrator, f"{LIST}inspect/{found.pk}/")
    for text in (found.record.code, found.record.sha256, f"/transfers/{found.pk}/deed.pdf"):
        assert text in page
    assert f"{LIST}approve/" not in page


def test_a_known_new_owner_gets_no_slip(administrator):
    known = make_buyer()
    found = make_submitted(make_active_device(), new_owner=known)
    assert f"/admin/customer/buyer/inspect/{known.pk}/" in said(administrator, f"{LIST}inspect/{found.pk}/")
    response = administrator.post(f"{LIST}approve/{found.pk}/", {"note": ""})
    assert response.url == f"{LIST}inspect/{found.pk}/"
    found.refresh_from_db()
    assert found.new_owner == known
    for buyer in (known, found.owner):
        assert f"{LIST}inspect/{found.pk}/" in said(administrator, f"/admin/customer/buyer/inspect/{buyer.pk}/")
    assert f"{LIST}inspect/{found.pk}/" in said(administrator, f"/admin/customer/device/inspect/{found.device_id}/")


def test_who_comes_second_is_told(administrator, superuser):
    found = make_submitted(make_active_device())
    administrator.post(f"{LIST}refuse/{found.pk}/", {"reason": "مدرک نداشت"})
    late = superuser.post(f"{LIST}approve/{found.pk}/", {"note": ""})
    assert late.context["form"].non_field_errors()
    other = make_submitted(make_active_device())
    administrator.post(f"{LIST}approve/{other.pk}/", {"note": ""})
    late = superuser.post(f"{LIST}refuse/{other.pk}/", {"reason": "دیر"})
    assert late.context["form"].non_field_errors()
    found.refresh_from_db()
    other.refresh_from_db()
    assert (found.status, other.status) == ("refused", "approved")
    assert found.device.owner_id == found.owner_id


def test_refusing_needs_a_reason_and_changes_nothing(administrator):
    found = make_submitted(make_active_device())
    url = f"{LIST}refuse/{found.pk}/"
    assert list(administrator.post(url, {"reason": " "}).context["form"].errors) == ["reason"]
    people = Buyer.objects.count()
    administrator.post(url, {"reason": "مدرک نداشت"})
    found.refresh_from_db()
    assert (found.status, found.decision_reason, Buyer.objects.count()) == ("refused", "مدرک نداشت", people)


def test_a_draft_is_not_decided(administrator):
    draft = make_draft()
    assert f"{LIST}approve/" not in said(administrator, f"{LIST}inspect/{draft.pk}/")
    assert administrator.post(f"{LIST}approve/{draft.pk}/", {"note": ""}).context["form"].non_field_errors()


def test_the_document_is_for_readers_and_leaves_a_trace(administrator, support):
    paper = SimpleUploadedFile("will.pdf", b"%PDF-1.7 last will")
    found = make_submitted(make_active_device(), reason="inheritance", document=paper)
    url = f"{LIST}document/{found.pk}/"
    assert url in said(administrator, f"{LIST}inspect/{found.pk}/")
    assert support.get(url).status_code == 302
    response = administrator.get(url)
    assert response["Content-Type"] == "application/pdf"
    assert "attachment" in response["Content-Disposition"]
    assert b"".join(response.streaming_content) == b"%PDF-1.7 last will"
    assert Trace.objects.get(verb="transfer.document_seen").buyer == found.owner
    bare = make_submitted(make_active_device())
    assert administrator.get(f"{LIST}document/{bare.pk}/").status_code == 404
