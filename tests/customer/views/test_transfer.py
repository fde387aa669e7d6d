"""The pages by which a device changes hands: the owner's, and the public one behind the new owner's link."""

import re
from datetime import timedelta
from io import BytesIO

import pytest
from django.core.cache import cache
from django.core.files.storage import InMemoryStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from customer.models import ConfirmationCode, Device, Transfer
from customer.services.transfer import answer_transfer, cancel_transfer, draw_accept_link, purpose_of, refuse_transfer
from kernel.identity import make_national_code
from kernel.persian import persian_digits
from tests.factories.customer import make_active_device, make_buyer, make_device, make_staff, make_user
from tests.factories.papers import (
    actor_for,
    make_code,
    make_draft,
    make_executed,
    make_submitted,
    transfer_code,
)

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7\n%%EOF"


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    cache.clear()
    monkeypatch.setattr(Transfer._meta.get_field("document"), "storage", InMemoryStorage())


@pytest.fixture
def buyer(client):
    buyer = make_buyer()
    client.force_login(buyer.user)
    return buyer


@pytest.fixture
def device(buyer):
    return make_active_device(buyer)


@pytest.fixture
def link():
    """A request whose new owner has his link."""
    found = make_submitted()
    return found, reverse("transfer_accept", args=[draw_accept_link(found.pk)])


def request_for(device, **values) -> dict:
    named = {
        "first_name": "نیما",
        "last_name": "کاویانی",
        "national_code": persian_digits(make_national_code(9001)),
        "phone": "۰۹۳۵ ۱۲۳ ۴۵۶۷",
    }
    return {"do": "review", "device": device.pk, "reason": "sale"} | named | values


def filing_for(device, **values) -> dict:
    return request_for(device) | {"do": "file", "statement_accepted": "on"} | values


def picture(kind: str, **options) -> bytes:
    drawn = BytesIO()
    Image.new("RGB", (60, 40), (200, 30, 30)).save(drawn, kind, **options)
    return drawn.getvalue()


def detail(found: Transfer) -> str:
    return reverse("transfer_detail", args=[found.pk])


def errors(response) -> list[str]:
    return list(response.context["form"].errors)


# --- asking ----------------------------------------------------------------------------------------------------------


def test_device_page_leads_to_the_request_with_the_device_chosen(client, device):
    address = f"/transfers/new/?device={device.pk}"
    assert f'href="{address}"' in client.get(reverse("device_detail", args=[device.pk])).content.decode()
    assert f'value="{device.pk}" selected' in client.get(address).content.decode()


def test_formal_text_is_shown_in_full_before_anything_is_kept(client, device):
    response = client.post("/transfers/new/", request_for(device))
    content = response.content.decode()
    assert response.status_code == 200
    assert f"مالک فعلی دستگاه {device}، این دستگاه را به نیما کاویانی واگذار می‌کنم" in content
    assert 'name="statement_accepted"' in content
    assert 'name="document"' not in content
    assert not Transfer.objects.exists()


def test_request_is_filed_as_a_draft(client, buyer, device):
    response = client.post("/transfers/new/", filing_for(device))
    made = Transfer.objects.get()
    assert response["Location"] == detail(made)
    assert (made.status, made.owner, made.new_phone) == ("draft", buyer, "+989351234567")
    content = client.get(detail(made)).content.decode()
    assert made.statement in content
    assert 'name="code"' not in content


def test_way_back_keeps_what_was_written(client, device):
    response = client.post("/transfers/new/", request_for(device) | {"do": "edit"})
    assert 'value="کاویانی"' in response.content.decode()
    assert errors(response) == []


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"first_name": " "}, "first_name"),
        ({"last_name": ""}, "last_name"),
        ({"national_code": "1234567890"}, "national_code"),
        ({"national_code": "12"}, "national_code"),
        ({"phone": "0212"}, "phone"),
        ({"reason": "gift"}, "reason"),
        ({"device": "999999"}, "device"),
        ({"device": "x"}, "device"),
    ],
)
@pytest.mark.parametrize("do", ["review", "file"])
def test_what_is_wrong_is_said_on_its_field(client, device, wrong, field, do):
    response = client.post("/transfers/new/", filing_for(device) | wrong | {"do": do})
    assert (response.status_code, errors(response)) == (400, [field])
    assert not Transfer.objects.exists()


def test_all_that_is_wrong_is_said_at_once(client, device):
    response = client.post("/transfers/new/", request_for(device, national_code="1", phone="2", last_name=""))
    assert errors(response) == ["last_name", "national_code", "phone"]


@pytest.mark.parametrize("do", ["review", "file"])
def test_new_owner_cannot_be_oneself(client, buyer, device, do):
    filing = filing_for(device, national_code=buyer.national_code, do=do)
    response = client.post("/transfers/new/", filing)
    assert (response.status_code, errors(response)) == (400, ["national_code"])


def test_statement_must_be_accepted(client, device):
    response = client.post("/transfers/new/", filing_for(device, statement_accepted=""))
    assert (response.status_code, errors(response)) == (400, ["statement_accepted"])
    assert "نیما کاویانی" in response.content.decode()
    assert not Transfer.objects.exists()


def test_foreign_device_cannot_be_handed_over(client, device):
    foreign = make_device()
    assert client.get(f"/transfers/new/?device={foreign.pk}").status_code == 404
    assert client.get(f"/transfers/new/?device={10**30}").status_code == 404
    for do in ("review", "file"):
        assert errors(client.post("/transfers/new/", filing_for(foreign, do=do))) == ["device"]
    assert client.get("/transfers/new/?device=abc").status_code == 200


def test_device_under_way_leads_to_its_request(client, device):
    found = make_draft(device)
    assert client.get(f"/transfers/new/?device={device.pk}")["Location"] == detail(found)
    assert errors(client.post("/transfers/new/", filing_for(device))) == ["device"]
    assert "دستگاهی برای واگذاری نیست" in client.get("/transfers/new/").content.decode()
    assert detail(found) in client.get(reverse("device_detail", args=[device.pk])).content.decode()


def test_device_that_went_under_way_meanwhile_is_refused_on_its_field(client, device, monkeypatch):
    monkeypatch.setattr("customer.views.transfer._devices_to_hand_over", lambda _request: [device])
    make_draft(device)
    response = client.post("/transfers/new/", filing_for(device))
    assert (response.status_code, errors(response)) == (409, ["device"])


# --- the document ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["inheritance", "company_change"])
def test_some_reasons_need_a_document(client, device, reason):
    filing = filing_for(device, reason=reason)
    assert 'name="document"' in client.post("/transfers/new/", filing | {"do": "review"}).content.decode()
    response = client.post("/transfers/new/", filing)
    assert (response.status_code, errors(response)) == (400, ["document"])
    assert not Transfer.objects.exists()


@pytest.mark.parametrize(
    ("name", "raw", "kept_as"),
    [
        ("a.pdf", PDF, "application/pdf"),
        ("photo.exe", picture("JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"), "image/jpeg"),
        ("photo.png", picture("PNG"), "image/png"),
    ],
)
def test_document_is_known_by_its_content_and_served_to_its_owner(client, device, name, raw, kept_as):
    upload = SimpleUploadedFile(name, raw, content_type="text/html")
    client.post("/transfers/new/", filing_for(device, reason="inheritance", document=upload))
    made = Transfer.objects.get()
    assert re.fullmatch(r"transfers/[0-9a-f]{64}\.(pdf|jpg|png)", made.document.name)
    assert made.document_sha256 in made.document.name
    address = reverse("transfer_document", args=[made.pk])
    assert address in client.get(detail(made)).content.decode()
    response = client.get(address)
    kept = b"".join(response.streaming_content)
    assert response["Content-Type"] == kept_as
    assert response["Content-Disposition"].startswith("attachment")
    assert b"Exif" not in kept
    client.force_login(make_buyer().user)
    assert client.get(address).status_code == 404


@pytest.mark.parametrize(
    "raw",
    [
        b"<html><script>alert(1)</script>",
        b"GIF89a",
        b"",
        b"\xff\xd8\xff broken",
        b"\x89PNG\r\n\x1a\n broken",
        PDF + b"\0" * (10 * 1024 * 1024),
    ],
    ids=["html", "gif", "empty", "broken jpg", "broken png", "too large"],
)
def test_other_files_are_refused_on_the_field(client, device, raw):
    upload = SimpleUploadedFile("a.pdf", raw)
    response = client.post("/transfers/new/", filing_for(device, reason="inheritance", document=upload))
    assert (response.status_code, errors(response)) == (400, ["document"])
    assert 'name="document"' in response.content.decode()
    assert not Transfer.objects.exists()


def test_request_without_document_serves_none(client, device):
    assert client.get(reverse("transfer_document", args=[make_draft(device).pk])).status_code == 404


# --- the owner's code ------------------------------------------------------------------------------------------------


def test_owner_confirms_with_the_code(client, device):
    found = make_draft(device)
    assert client.post(detail(found), {"do": "code"})["Location"] == f"{detail(found)}#code"
    assert ConfirmationCode.objects.get().phone == found.owner.phone
    assert 'autocomplete="one-time-code"' in client.get(detail(found)).content.decode()
    code = persian_digits(transfer_code(found))
    content = client.post(detail(found), {"do": "confirm", "code": code}, follow=True).content.decode()
    found.refresh_from_db()
    assert found.status == "submitted"
    assert "در حال بررسی" in content
    assert 'name="code"' not in content


def test_wrong_codes_are_refused_on_the_field(client, device):
    found, other = make_draft(device), make_draft(make_device(device.owner))
    late = transfer_code(found, now=timezone.now() - timedelta(minutes=6))
    said = [client.post(detail(found), {"do": "confirm", "code": late})]
    transfer_code(found)
    said += [
        client.post(detail(found), {"do": "confirm", "code": code})
        for code in ("", "12", transfer_code(other), make_code(purpose_of(found, "new_owner")))
    ]
    assert [errors(response) for response in said] == [["code"]] * 5
    assert [response.status_code for response in said] == [409, 400, 400, 409, 409]
    found.refresh_from_db()
    assert found.status == "draft"


def test_fourth_code_in_a_row_is_refused(client, device):
    found = make_draft(device)
    for _ in range(3):
        client.post(detail(found), {"do": "code"})
    response = client.post(detail(found), {"do": "code"})
    assert response.status_code == 429
    assert "Retry-After" in response
    assert 'role="status"' in response.content.decode()


def test_confirming_twice_is_told(client, device):
    found = make_draft(device)
    code = transfer_code(found)
    client.post(detail(found), {"do": "confirm", "code": code})
    response = client.post(detail(found), {"do": "confirm", "code": code})
    assert response.status_code == 409
    assert "این درخواست دیگر تغییر نمی‌کند" in response.content.decode()
    assert client.post(detail(found), {"do": "code"}).status_code == 409


# --- following and cancelling ----------------------------------------------------------------------------------------


def test_list_shows_own_requests_with_their_state(client, device):
    found = make_draft(device)
    make_submitted()
    response = client.get("/transfers/")
    assert [row.pk for row in response.context["page_obj"]] == [found.pk]
    assert "در انتظار کد تأیید شما" in response.content.decode()


@pytest.mark.parametrize("count", [1, 3, 25])
def test_list_costs_the_same_however_long(client, buyer, count, django_assert_num_queries):
    for _ in range(count):
        make_draft(make_device(buyer))
    client.get("/transfers/")
    with django_assert_num_queries(6):  # session, user, unread messages, count, page, received
        client.get("/transfers/")


def test_nobody_else_sees_a_request(client, buyer):
    found = make_submitted()
    for name in ("transfer_detail", "transfer_cancel", "transfer_document"):
        address = reverse(name, args=[found.pk])
        assert client.get(address).status_code == 404
        assert client.post(address, {"do": "confirm", "code": "123456"}).status_code in {404, 405}
    found.refresh_from_db()
    assert found.status == "submitted"


@pytest.mark.parametrize("make", [make_draft, make_submitted])
def test_owner_cancels(client, device, make):
    found = make(device)
    address = reverse("transfer_cancel", args=[found.pk])
    assert address in client.get(detail(found)).content.decode()
    assert client.get(address)["Location"] == detail(found)  # only looked at
    content = client.post(address, follow=True).content.decode()
    assert "شما این درخواست را لغو کردید" in content
    found.refresh_from_db()
    assert found.status == "cancelled"
    assert address not in content


def test_cancelling_too_late_is_told(client, device):
    executed = make_executed(device)
    back = detail(executed.transfer)
    response = client.post(
        reverse("transfer_cancel", args=[executed.transfer.pk]), HTTP_REFERER=f"http://testserver{back}"
    )
    assert response["Location"].endswith(back)
    assert "این درخواست دیگر تغییر نمی‌کند" in client.get(back).content.decode()


def test_refused_request_says_why(client, device):
    found = make_submitted(device)
    reason = "مدارک ارث کامل نیست."
    refuse_transfer(transfer_id=found.pk, reason=reason, actor=actor_for(make_staff()), now=timezone.now())
    assert reason in client.get(detail(found)).content.decode()


def test_old_owner_keeps_the_paper_and_loses_the_device_in_the_same_second(client, device):
    page = reverse("device_detail", args=[device.pk])
    assert client.get(page).status_code == 200
    executed = make_executed(device)
    assert client.get(page).status_code == 404
    content = client.get(detail(executed.transfer)).content.decode()
    assert "دستگاه منتقل شد" in content
    assert executed.transfer.record.code in content
    assert reverse("transfer_deed", args=[executed.transfer.pk]) in content
    assert f'href="{page}"' not in content
    assert executed.transfer.get_status_display() in client.get("/transfers/").content.decode()


def test_new_owner_has_the_device_and_the_deed_but_not_the_request(client, device):
    executed = make_executed(device)
    client.force_login(executed.transfer.new_owner.user)
    assert client.get(reverse("device_detail", args=[device.pk])).status_code == 200
    assert client.get(detail(executed.transfer)).status_code == 404
    assert reverse("transfer_deed", args=[executed.transfer.pk]) in client.get("/transfers/").content.decode()


# --- the new owner's link --------------------------------------------------------------------------------------------


def test_link_shows_device_persons_and_text_and_nothing_else(client, link):
    found, address = link
    response = client.get(address)
    content = response.content.decode()
    for words in (str(found.device.model), found.owner.full_name, found.new_owner_name, found.statement):
        assert words in content
    for secret in (found.owner.phone[3:], found.new_phone[3:], found.new_national_code, found.owner.national_code):
        assert secret not in content
    assert persian_digits(found.new_phone[-4:]) in content


def test_link_is_kept_from_caches_search_engines_and_other_sites(client, link):
    _found, address = link
    for response in (client.get(address), client.get("/transfers/accept/nothing/"), client.post(address)):
        assert response["Referrer-Policy"] == "no-referrer"
        assert "noindex" in response["X-Robots-Tag"]
        assert "no-store" in response["Cache-Control"]


def test_new_owner_answers_without_signing_in(link):
    """As a browser does it that names no referrer: `Origin: null`, and no cookie."""
    found, address = link
    client = Client(enforce_csrf_checks=True, headers={"origin": "null"})
    assert client.post(address, {"do": "code"})["Location"] == f"{address}#code"
    assert ConfirmationCode.objects.filter(purpose=purpose_of(found, "new_owner")).get().phone == found.new_phone
    response = client.post(address, {"do": "accept", "code": persian_digits(transfer_code(found, "new_owner"))})
    assert "پذیرش شما ثبت شد" in response.content.decode()
    found.refresh_from_db()
    assert found.acceptance == "accepted"
    assert client.get(address).status_code == 404
    assert not client.cookies


def test_new_owner_declines(client, link, buyer):
    found, address = link
    client.post(address, {"do": "decline", "code": transfer_code(found, "new_owner")})
    found.refresh_from_db()
    assert (found.acceptance, found.status) == ("declined", "submitted")
    client.force_login(found.owner.user)
    assert "مالک جدید نپذیرفت" in client.get(detail(found)).content.decode()


def test_wrong_codes_of_the_new_owner_are_refused_on_the_field(client, link):
    found, address = link
    transfer_code(found, "new_owner")
    said = [
        client.post(address, {"do": "accept", "code": code})
        for code in ("", "1234", transfer_code(found), make_code("sign_off:1"))
    ]
    assert [errors(response) for response in said] == [["code"]] * 4
    found.refresh_from_db()
    assert found.acceptance == "waiting"


def test_fourth_code_of_the_new_owner_is_refused(client, link):
    _found, address = link
    for _ in range(3):
        client.post(address, {"do": "code"})
    response = client.post(address, {"do": "code"})
    assert response.status_code == 429
    assert 'role="alert"' in response.content.decode()


@pytest.mark.parametrize("how", ["unknown", "replaced", "cancelled", "answered"])
def test_dead_link_leads_to_a_plain_page(client, link, how):
    found, address = link
    if how == "unknown":
        address = "/transfers/accept/abc/"
    elif how == "replaced":
        draw_accept_link(found.pk)
    elif how == "cancelled":
        user = found.owner.user
        cancel_transfer(user=user, transfer_id=found.pk, actor=actor_for(user), now=timezone.now())
    else:
        token = address.split("/")[-2]
        code = transfer_code(found, "new_owner")
        actor = actor_for(found.owner.user)
        answer_transfer(token=token, accept=True, code=code, actor=actor, now=timezone.now())
    for response in (client.get(address), client.post(address, {"do": "accept", "code": "123456"})):
        assert response.status_code == 404
        assert "این پیوند دیگر معتبر نیست" in response.content.decode()


def test_links_cannot_be_tried_out(client):
    statuses = [client.get(f"/transfers/accept/{number}/").status_code for number in range(61)]
    assert (statuses[59], statuses[60]) == (404, 429)


# --- doors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(
    "address", ["/transfers/", "/transfers/new/", "/transfers/1/", "/transfers/1/cancel/", "/transfers/1/document/"]
)
def test_visitors_sign_in_and_staff_stay_out(client, address, method):
    assert getattr(client, method)(address)["Location"] == f"/login/?next={address}"
    client.force_login(make_user())
    assert getattr(client, method)(address).status_code in {403, 405}


def test_text_of_a_person_is_escaped(client, device):
    filing = request_for(device, first_name="<script>alert(1)</script>")
    assert "<script>alert" not in client.post("/transfers/new/", filing).content.decode()


def test_device_sold_elsewhere_meanwhile_cannot_be_submitted(client, device):
    found = make_draft(device)
    code = transfer_code(found)
    Device.objects.filter(pk=device.pk).update(owner=make_buyer())
    response = client.post(detail(found), {"do": "confirm", "code": code})
    assert response.status_code == 409
