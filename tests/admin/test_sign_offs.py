"""The register of sign-offs: found, read, prepared, corrected, taken back, with photos."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from openpyxl import load_workbook
from PIL import Image

from customer.models import ChecklistTemplate, SignOff, Trace
from customer.services.sign_off import decline_sign_off, send_sign_off_code
from integrations.models import OutboxMessage
from kernel.jalali import format_date, tehran_today
from tests.admin.test_lists import count_queries, rows
from tests.factories.customer import make_active_device
from tests.factories.papers import (
    actor_for,
    confirm_sign_off,
    confirmation_of,
    make_checklist,
    make_confirmed,
    make_new_device,
    make_sign_off,
)

LIST = "/admin/customer/signoff/"
DEVICES = "/admin/customer/device/"


@pytest.fixture(autouse=True)
def private_files(settings, tmp_path):
    private = {**settings.STORAGES["private"], "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = {**settings.STORAGES, "private": private}


def said(client, url: str) -> str:
    return client.get(url).content.decode()


def picture(kind: str = "PNG") -> SimpleUploadedFile:
    drawn = BytesIO()
    Image.new("RGB", (40, 30), "navy").save(drawn, kind)
    return SimpleUploadedFile("front door.png", drawn.getvalue())


def declined(**values) -> SignOff:
    form = make_sign_off(**values)
    user = form.buyer.user
    return decline_sign_off(
        user=user, sign_off_id=form.pk, reason="آموزش داده نشد", actor=actor_for(user), now=timezone.now()
    )


def day(days_ago: int = 1) -> str:
    return format_date(tehran_today() - timedelta(days=days_ago), "numeric")


# --- the register --------------------------------------------------------------------------------------------------


def test_the_register_is_filtered_by_state_and_found_by_code_serial_and_buyer(auditor):
    waiting, confirmed, refused = make_sign_off(), make_confirmed(), declined()
    old = make_sign_off(now=timezone.now() - timedelta(days=4), installed_on=tehran_today() - timedelta(days=6))
    assert set(rows(auditor.get(f"{LIST}?standing=waiting"))) == {waiting.pk, old.pk}
    assert rows(auditor.get(f"{LIST}?standing=waiting_long")) == [old.pk]
    assert rows(auditor.get(f"{LIST}?standing=to_put_right")) == [refused.pk]
    code = confirmed.record.code
    for text in (code, f"{code[:4].lower()}-{code[4:]}", confirmed.device.identifier, confirmed.buyer.user.username):
        assert rows(auditor.get(LIST, {"q": text})) == [confirmed.pk], text
    assert rows(auditor.get(f"{LIST}?technician={waiting.prepared_by_id}")) == [waiting.pk]
    assert len(rows(auditor.get(f"{LIST}?technician=x"))) == 4
    assert rows(auditor.get(f"{LIST}?installed=earlier")) == []


def test_a_corrected_form_is_shown_as_superseded(auditor):
    first = make_confirmed()
    second = make_sign_off(first.device, supersedes_id=first.pk, correction_reason="تاریخ نادرست بود")
    assert rows(auditor.get(f"{LIST}?standing=superseded")) == []
    confirm_sign_off(**confirmation_of(second))
    assert rows(auditor.get(f"{LIST}?standing=superseded")) == [first.pk]
    assert rows(auditor.get(f"{LIST}?standing=confirmed")) == [second.pk]
    assert f"/inspect/{second.pk}/" in said(auditor, f"{LIST}inspect/{first.pk}/")


def test_the_register_needs_as_many_queries_for_five_as_for_one(superuser):
    make_confirmed()
    superuser.get(LIST)
    first = count_queries(superuser, LIST)
    for make in (make_confirmed, make_sign_off, declined, make_confirmed):
        make()
    assert count_queries(superuser, LIST) == first


def test_the_sheet_has_no_national_code_and_leaves_a_trace(auditor):
    form = make_confirmed()
    response = auditor.get(f"{LIST}?export=xlsx")
    sheet = load_workbook(BytesIO(b"".join(response.streaming_content))).active
    cells = [str(cell.value) for row in sheet.iter_rows() for cell in row]
    assert form.record.code in cells
    assert not [cell for cell in cells if form.buyer.national_code in cell]
    assert Trace.objects.filter(verb="sign_off.list_exported").count() == 1


def test_the_read_page_holds_text_items_record_and_links(auditor):
    form = make_confirmed(notes={"device_installed": "روی میز اصلی"})
    page = said(auditor, f"{LIST}inspect/{form.pk}/")
    for text in (form.statement, "روی میز اصلی", form.record.code, form.record.sha256, form.all_done_label):
        assert text in page
    for url in (f"/sign-offs/{form.pk}/certificate.pdf", f"/sign-offs/{form.pk}/record.json"):
        assert url in page
    assert f"/verify/{form.record.code}/" in page


def test_why_a_code_did_not_arrive_is_said(support):
    form = make_sign_off()
    send_sign_off_code(user=form.buyer.user, sign_off_id=form.pk, now=timezone.now())
    OutboxMessage.objects.filter(topic="sms.code").update(status="parked", last_error="418 no credit")
    page = said(support, f"{LIST}inspect/{form.pk}/")
    assert "418 no credit" in page
    assert form.buyer.phone not in page


# --- preparing -----------------------------------------------------------------------------------------------------


def test_one_visit_prepares_forms_for_several_devices(support):
    make_checklist()
    device = make_new_device()
    other = make_new_device(device.owner)
    in_service, foreign = make_active_device(device.owner), make_new_device()
    make_new_device(foreign.owner)
    url = f"{DEVICES}prepare-sign-off/{device.pk}/"
    assert url in said(support, f"{DEVICES}inspect/{device.pk}/")
    offered = support.get(url).context["form"].fields["devices"].choices
    assert [int(pk) for pk, _name in offered] == [other.pk]
    data = {"installed_on": day(), "devices": [other.pk], "note_training_done": "دو ساعت"}
    response = support.post(url, data)
    made = list(SignOff.objects.order_by("device_id"))
    assert [form.device_id for form in made] == [device.pk, other.pk]
    assert response.url == f"{LIST}inspect/{made[0].pk}/"
    assert made[0].visit == made[1].visit
    assert {item["code"]: item["note"] for item in made[0].items}["training_done"] == "دو ساعت"
    assert url not in said(support, f"{DEVICES}inspect/{device.pk}/")
    for taken in (in_service, foreign):
        again = support.post(f"{DEVICES}prepare-sign-off/{foreign.pk}/", data | {"devices": [taken.pk]})
        assert again.context["form"].errors["devices"]


def test_a_wrong_date_is_said_on_its_field(administrator):
    make_checklist()
    url = f"{DEVICES}prepare-sign-off/{make_new_device().pk}/"
    for typed in (day(-1), day(30), "سه‌شنبه"):
        assert list(administrator.post(url, {"installed_on": typed}).context["form"].errors) == ["installed_on"]
    assert not SignOff.objects.exists()


def test_a_device_with_a_form_or_service_is_not_offered_another(administrator):
    waiting, confirmed = make_sign_off().device, make_confirmed().device
    for device in (waiting, confirmed, make_active_device()):
        assert "prepare-sign-off" not in said(administrator, f"{DEVICES}inspect/{device.pk}/")
    for device in (waiting, confirmed):
        response = administrator.post(f"{DEVICES}prepare-sign-off/{device.pk}/", {"installed_on": day()})
        assert response.context["form"].non_field_errors()


def test_a_declined_form_leads_to_another(support):
    form = declined()
    page = said(support, f"{LIST}inspect/{form.pk}/")
    assert "آموزش داده نشد" in page
    assert f"{DEVICES}prepare-sign-off/{form.device_id}/" in page
    support.post(f"{DEVICES}prepare-sign-off/{form.device_id}/", {"installed_on": day()})
    assert rows(support.get(f"{LIST}?standing=to_put_right")) == []


# --- correcting and taking back ------------------------------------------------------------------------------------


def test_a_correction_makes_a_form_that_supersedes(administrator):
    form = make_confirmed()
    url = f"{LIST}correct/{form.pk}/"
    assert list(administrator.post(url, {"installed_on": day()}).context["form"].errors) == ["correction_reason"]
    administrator.post(url, {"installed_on": day(3), "correction_reason": "تاریخ نادرست بود"})
    made = SignOff.objects.get(supersedes=form)
    assert (made.status, made.correction_reason) == ("waiting", "تاریخ نادرست بود")
    assert url not in said(administrator, f"{LIST}inspect/{form.pk}/")


def test_a_waiting_form_is_withdrawn_by_post_once(support):
    form = make_sign_off()
    url = f"{LIST}withdraw/{form.pk}/"
    assert support.get(url).url == f"{LIST}inspect/{form.pk}/"
    support.post(url)
    form.refresh_from_db()
    assert form.status == "withdrawn"
    assert support.post(url, follow=True).context["messages"]


def test_nobody_edits_or_deletes_a_form(superuser):
    form = make_confirmed()
    for act in ("edit", "delete"):
        assert superuser.get(f"{LIST}{act}/{form.pk}/").status_code == 404
    assert superuser.get(f"{LIST}create/").status_code == 404


# --- photos --------------------------------------------------------------------------------------------------------


def test_a_photo_is_kept_anew_and_served_to_readers_only(support, finance):
    form = make_sign_off()
    data = {"item_code": "device_installed", "document": picture()}
    support.post(f"{LIST}add-photo/{form.pk}/", data)
    photo = form.photos.get()
    url = f"{LIST}photo/{form.pk}/?photo={photo.pk}"
    assert url.replace("&", "&amp;") in said(support, f"{LIST}inspect/{form.pk}/")
    response = support.get(url)
    assert response["Content-Type"] == "image/jpeg"
    assert b"".join(response.streaming_content).startswith(b"\xff\xd8\xff")
    assert finance.get(url).status_code == 302
    for wrong in ("", "x", "0", "99999"):
        assert support.get(f"{LIST}photo/{form.pk}/?photo={wrong}").status_code == 404
    again = support.post(f"{LIST}add-photo/{form.pk}/", {**data, "document": picture()})
    assert list(again.context["form"].errors) == ["document"]


@pytest.mark.parametrize("content", [b"%PDF-1.7 x", b"GIF89a", b"\xff\xd8\xff broken"])
def test_what_is_no_photo_is_refused_on_its_field(support, content):
    form = make_sign_off()
    data = {"item_code": "device_installed", "document": SimpleUploadedFile("a.jpg", content)}
    response = support.post(f"{LIST}add-photo/{form.pk}/", data)
    assert list(response.context["form"].errors) == ["document"]
    assert not form.photos.exists()


def test_a_confirmed_form_takes_no_photo(support):
    form = make_confirmed()
    response = support.post(f"{LIST}add-photo/{form.pk}/", {"item_code": "device_installed", "document": picture()})
    assert response.context["form"].non_field_errors()
    assert not form.photos.exists()


# --- checklists ----------------------------------------------------------------------------------------------------


def test_editing_a_checklist_makes_a_version_and_forms_keep_their_text(administrator):
    form = make_sign_off()
    template = ChecklistTemplate.objects.get(device_model=None)
    items = list(template.items.all())
    data = {
        "device_model": "",
        "statement": "متن تازه",
        "all_done_label": template.all_done_label,
        "items-TOTAL_FORMS": len(items) + 1,
        "items-INITIAL_FORMS": len(items),
        "items-MIN_NUM_FORMS": 1,
        "items-MAX_NUM_FORMS": 1000,
    }
    for n, item in enumerate(items):
        data |= {f"items-{n}-id": item.pk, f"items-{n}-label": item.label, f"items-{n}-ORDER": n + 1}
    new = len(items)
    data |= {f"items-{new}-id": "", f"items-{new}-label": "کالیبراسیون", f"items-{new}-ORDER": new + 1}
    url = f"/admin/snippets/customer/checklisttemplate/edit/{template.pk}/"
    assert administrator.post(url, data).status_code == 302
    template.refresh_from_db()
    assert template.text_version != form.text_version
    assert [item.label for item in template.items.all()][-1] == "کالیبراسیون"
    assert [item.code for item in template.items.all()] == [*(item.code for item in items), "item_1"]
    form.refresh_from_db()
    assert form.statement != "متن تازه"
    assert make_sign_off().text_version == template.text_version
    assert Trace.objects.get(verb="checklisttemplate.saved").data["statement"] == "متن تازه"
