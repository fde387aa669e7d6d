"""The buyer's pages of installation forms, and the form on the technician's phone."""

import hashlib
from datetime import timedelta
from io import BytesIO

import pytest
from django.contrib.auth.models import Permission
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from customer.models import ConfirmationCode, ServicePeriod, SignOffPhoto
from customer.services.buyer import set_buyer_active
from customer.services.record import open_content
from customer.services.sign_off import (
    decline_sign_off,
    purpose_of,
    withdraw_sign_off,
)
from integrations.models import OutboxMessage
from kernel.actor import SYSTEM
from kernel.persian import persian_digits
from tests.factories.customer import make_buyer, make_staff, make_user
from tests.factories.papers import (
    ITEMS,
    make_confirmed,
    make_executed,
    make_new_device,
    make_sign_off,
    make_visit,
    sign_off_code,
)

pytestmark = pytest.mark.django_db
DONE = {"do": "confirm", "items": ITEMS, "all_done": "on"}
ASKED = DONE | {"do": "code"}


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    cache.clear()
    monkeypatch.setattr(SignOffPhoto._meta.get_field("file"), "storage", InMemoryStorage())


@pytest.fixture
def buyer(client):
    buyer = make_buyer()
    client.force_login(buyer.user)
    return buyer


@pytest.fixture
def form(buyer):
    return make_sign_off(make_new_device(buyer))


@pytest.fixture
def technician():
    user = make_staff(first_name="سهیل", last_name="آذری")
    user.user_permissions.add(Permission.objects.get(codename="prepare_signoff"))
    return user


def path(form, name="sign_off_detail") -> str:
    return reverse(name, args=[form.pk])


def make_photo(form, item=ITEMS[0]) -> SignOffPhoto:
    drawn = BytesIO()
    Image.new("RGB", (40, 30), (10, 120, 110)).save(drawn, "JPEG")
    raw = drawn.getvalue()
    photo = SignOffPhoto(sign_off=form, item_code=item, sha256=hashlib.sha256(raw).hexdigest(), added_at=timezone.now())
    photo.file.save("x.jpg", ContentFile(raw))
    photo.save()
    return photo


def is_untouched(form) -> bool:
    form.refresh_from_db()
    return form.status == "waiting" and not ServicePeriod.objects.filter(device=form.device_id).exists()


# --- reading ---------------------------------------------------------------------------------------------------------


def test_form_is_read_in_full(client, buyer):
    form = make_sign_off(make_new_device(buyer), notes={"training_done": "دو نفر، دو ساعت"})
    photo = make_photo(form)
    content = client.get(path(form)).content.decode()
    for words in (form.statement, form.all_done_label, form.device.identifier, "دو نفر، دو ساعت"):
        assert words in content
    for item in form.items:
        assert item["label"] in content
    assert reverse("sign_off_photo", args=[form.pk, photo.pk]) in content
    assert "هیچ‌کس هرگز نمی‌تواند این فرم را ویرایش کند" in content
    assert 'name="code"' not in content  # first the code is asked for


def test_list_shows_what_waits_first(client, buyer):
    done = make_confirmed(make_new_device(buyer))
    waiting = make_sign_off(make_new_device(buyer), now=timezone.now() - timedelta(days=2))
    page = client.get("/sign-offs/").context["page_obj"]
    assert [form.pk for form in page] == [waiting.pk, done.pk]


def test_empty_list_says_what_will_come(client, buyer):
    assert "هنوز فرمی نیست" in client.get("/sign-offs/").content.decode()


@pytest.mark.parametrize("count", [1, 3, 25])
def test_list_costs_the_same_however_long(client, buyer, count, django_assert_num_queries):
    make_visit(buyer, count)
    client.get("/sign-offs/")
    with django_assert_num_queries(5):  # session, user, unread messages, count, page
        client.get("/sign-offs/")


def test_form_costs_the_same_with_many_photos_and_forms(client, buyer):
    few, many = make_sign_off(make_new_device(buyer)), make_visit(buyer, 5)[2]
    for item in ITEMS:
        make_photo(many, item)
    costs = []
    for form in (few, few, many):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(path(form))
        costs.append(len(queries))
    assert costs[1] == costs[2]


def test_nobody_else_sees_a_form(client, buyer):
    form = make_sign_off()
    photo = make_photo(form)
    addresses = [path(form), path(form, "sign_off_decline"), reverse("sign_off_photo", args=[form.pk, photo.pk])]
    for address in addresses:
        assert client.get(address).status_code == 404
    for address in addresses[:2]:
        assert client.post(address, DONE | {"code": "123456", "reason": "نه"}).status_code == 404
    assert is_untouched(form)


def test_withdrawn_form_is_gone(client, form):
    withdraw_sign_off(sign_off_id=form.pk, actor=SYSTEM, now=timezone.now())
    assert client.get(path(form)).status_code == 404


def test_former_owner_sees_the_form_no_more(client, buyer):
    done = make_confirmed(make_new_device(buyer))
    assert client.get(path(done)).status_code == 200
    executed = make_executed(done.device)
    assert client.get(path(done)).status_code == 404
    client.force_login(executed.transfer.new_owner.user)
    assert client.get(path(done)).status_code == 404


def test_photo_is_served_to_the_buyer_only(client, form):
    photo = make_photo(form)
    response = client.get(reverse("sign_off_photo", args=[form.pk, photo.pk]))
    assert (response.status_code, response["Content-Type"]) == (200, "image/jpeg")
    assert "no-store" in response["Cache-Control"]
    assert Image.open(BytesIO(b"".join(response.streaming_content))).size == (40, 30)
    other = make_sign_off(make_new_device(form.buyer))
    assert client.get(reverse("sign_off_photo", args=[other.pk, photo.pk])).status_code == 404


# --- the code --------------------------------------------------------------------------------------------------------


def test_code_goes_to_the_registered_phone_and_ticks_are_kept(client, form):
    response = client.post(path(form), ASKED)
    assert (response.status_code, response["Location"]) == (302, f"{path(form)}#code")
    code = ConfirmationCode.objects.get()
    assert (code.phone, code.purpose) == (form.buyer.phone, purpose_of(form))
    content = client.get(path(form)).content.decode()
    assert content.count(" checked") == len(ITEMS) + 1
    assert 'autocomplete="one-time-code"' in content
    assert 'inputmode="numeric"' in content
    assert f"{persian_digits(form.buyer.phone[-4:])}</bdi>" in content
    assert form.buyer.phone[3:] not in content
    assert 'data-wait="' in content


@pytest.mark.parametrize("missing", ITEMS)
def test_code_is_not_sent_while_an_item_is_missing(client, form, missing):
    items = [item for item in ITEMS if item != missing]
    response = client.post(path(form), ASKED | {"items": items})
    assert response.status_code == 400
    assert list(response.context["form"].errors) == ["items"]
    assert response.context["ticks"] == items
    assert not ConfirmationCode.objects.exists()


def test_code_is_not_sent_before_all_is_done(client, form):
    response = client.post(path(form), {"do": "code", "items": ITEMS})
    assert (response.status_code, list(response.context["form"].errors)) == (400, ["all_done"])
    assert not ConfirmationCode.objects.exists()


def test_fourth_code_in_a_row_is_refused_but_the_third_still_holds(client, form):
    for _ in range(3):
        assert client.post(path(form), ASKED).status_code == 302
    response = client.post(path(form), ASKED)
    assert response.status_code == 429
    assert int(response["Retry-After"]) > 0
    content = response.content.decode()
    assert 'name="code"' in content
    assert content.count(" checked") == len(ITEMS) + 1


@pytest.mark.parametrize("status", ["parked", "unknown"])
def test_message_that_was_not_sent_can_be_asked_for_at_once(client, form, status):
    client.post(path(form), ASKED)
    OutboxMessage.objects.filter(topic="sms.code").update(status=status)
    content = client.get(path(form)).content.decode()
    assert "پیامک فرستاده نشد" in content
    assert "data-wait=" not in content


# --- confirming ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", [lambda code: code, persian_digits, lambda code: f" {code[:3]} {code[3:]} "])
def test_buyer_confirms(client, form, typed):
    response = client.post(path(form), DONE | {"code": typed(sign_off_code(form))}, follow=True)
    form.refresh_from_db()
    assert form.status == "confirmed"
    content = response.content.decode()
    assert "نصب و راه‌اندازی تأیید شده است" in content
    assert form.record.code in content
    assert form.record.sha256 in content
    assert f"/verify/{form.record.code}/" in content
    assert reverse("sign_off_certificate", args=[form.pk]) in content
    assert open_content(form.record)["in_person_by"] == ""


def test_wrong_code_keeps_the_ticks(client, form):
    code = sign_off_code(form)
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    response = client.post(path(form), DONE | {"code": wrong})
    assert (response.status_code, list(response.context["form"].errors)) == (409, ["code"])
    assert response.content.decode().count(" checked") == len(ITEMS) + 1
    assert is_untouched(form)


@pytest.mark.parametrize("code", ["", "12", "abcdef", "1234567"])
def test_code_of_another_shape_costs_no_try(client, form, code):
    sign_off_code(form)
    response = client.post(path(form), DONE | {"code": code})
    assert (response.status_code, list(response.context["form"].errors)) == (400, ["code"])
    assert ConfirmationCode.objects.get().tries == 0


def test_expired_used_spent_and_foreign_codes_are_refused_on_the_field(client, form):
    other = make_sign_off(make_new_device(form.buyer))
    late = sign_off_code(form, now=timezone.now() - timedelta(minutes=6))
    said = [client.post(path(form), DONE | {"code": late})]
    code = sign_off_code(form)
    said.append(client.post(path(form), DONE | {"code": sign_off_code(other)}))
    ConfirmationCode.objects.filter(purpose=purpose_of(form)).update(tries=5)
    said.append(client.post(path(form), DONE | {"code": code}))
    ConfirmationCode.objects.filter(purpose=purpose_of(form)).update(used_at=timezone.now(), tries=0)
    said.append(client.post(path(form), DONE | {"code": code}))
    assert [list(response.context["form"].errors) for response in said] == [["code"]] * 4
    messages = [response.context["form"].errors["code"][0] for response in said]
    assert len(set(messages)) == 4
    assert is_untouched(form)


def test_code_without_asking_is_refused(client, form):
    response = client.post(path(form), DONE | {"code": "123456"})
    assert (response.status_code, list(response.context["form"].errors)) == (409, ["code"])


def test_confirming_without_ticks_is_refused(client, form):
    code = sign_off_code(form)
    assert list(client.post(path(form), DONE | {"items": ITEMS[:2], "code": code}).context["form"].errors) == ["items"]
    response = client.post(path(form), {"do": "confirm", "items": ITEMS, "code": code})
    assert list(response.context["form"].errors) == ["all_done"]
    assert client.post(path(form), DONE | {"items": ["rm -rf"], "code": code}).status_code == 400
    assert is_untouched(form)


def test_second_tab_is_told_and_shown_the_certificate(client, form):
    first, second = sign_off_code(form), None
    client.post(path(form), DONE | {"code": first})
    second = client.post(path(form), DONE | {"code": first})
    content = second.content.decode()
    assert second.status_code == 409
    assert "این فرم دیگر تغییر نمی‌کند" in content
    assert "نصب و راه‌اندازی تأیید شده است" in content
    assert ServicePeriod.objects.filter(device=form.device).count() == 1
    assert client.post(path(form), ASKED).status_code == 409


def test_form_confirmed_or_declined_in_the_other_tab_cannot_be_declined(client, form):
    client.post(path(form), DONE | {"code": sign_off_code(form)})
    assert client.post(path(form, "sign_off_decline"), {"reason": "دیر شد"}).status_code == 409
    assert client.get(path(form, "sign_off_decline")).status_code == 302


def test_closed_account_is_out_at_once(client, form):
    code = sign_off_code(form)
    set_buyer_active(buyer_id=form.buyer_id, active=False, reason="", actor=SYSTEM, now=timezone.now())
    assert client.post(path(form), DONE | {"code": code}).status_code == 302
    assert is_untouched(form)


def test_forms_of_a_visit_follow_each_other(client, buyer):
    forms = make_visit(buyer, 3)
    content = client.get(path(forms[0])).content.decode()
    assert content.count('class="step-mark"') == 3
    for number, form in enumerate(forms):
        response = client.post(path(form), DONE | {"code": sign_off_code(form)})
        following = forms[number + 1] if number < 2 else form
        assert response["Location"] == path(following)
    assert client.get(path(forms[1])).content.decode().count("step-done") == 3


def test_superseded_form_shows_the_newer(client, buyer):
    old = make_confirmed(make_new_device(buyer))
    newer = make_sign_off(old.device, supersedes_id=old.pk, correction_reason="تاریخ اشتباه بود")
    assert "اصلاحیهٔ این فرم در انتظار تأیید شماست" in client.get(path(old)).content.decode()
    client.post(path(newer), DONE | {"code": sign_off_code(newer)})
    content = client.get(path(old)).content.decode()
    assert "فرم تازه‌ای جای این فرم را گرفته است" in content
    assert f'href="{path(newer)}"' in content
    assert old.record.code in client.get(path(newer)).content.decode()
    assert "جایگزین شده" in client.get("/sign-offs/").content.decode()


# --- declining -------------------------------------------------------------------------------------------------------


def test_declining_asks_for_the_reason_first(client, form):
    assert client.get(path(form, "sign_off_decline")).status_code == 200
    response = client.post(path(form, "sign_off_decline"), {"reason": "  "})
    assert (response.status_code, list(response.context["form"].errors)) == (400, ["reason"])
    assert is_untouched(form)


def test_declined_form_shows_why(client, form):
    response = client.post(path(form, "sign_off_decline"), {"reason": "کمپرسور وصل نیست"}, follow=True)
    content = response.content.decode()
    assert "کمپرسور وصل نیست" in content
    assert 'name="items"' not in content
    form.refresh_from_db()
    assert form.status == "declined"


# --- on the technician's phone ---------------------------------------------------------------------------------------


def test_in_person_code_goes_to_the_buyer_and_the_record_says_so(client, technician):
    form = make_sign_off()
    photo = make_photo(form)
    client.force_login(technician)
    page = path(form, "sign_off_in_person")
    content = client.get(page).content.decode()
    assert "این گوشی کارشناس نصب است" in content
    photo_path = reverse("sign_off_in_person_photo", args=[form.pk, photo.pk])
    assert photo_path in content
    assert client.get(photo_path).status_code == 200
    assert client.post(page, ASKED).status_code == 302
    assert ConfirmationCode.objects.get().phone == form.buyer.phone
    response = client.post(page, DONE | {"code": sign_off_code(form)}, follow=True)
    form.refresh_from_db()
    assert form.status == "confirmed"
    content = open_content(form.record)
    assert (content["in_person_by"], content["buyer"]["username"]) == ("سهیل آذری", form.buyer.user.username)
    assert form.record.code in response.content.decode()


def test_in_person_is_for_staff_who_may_prepare(client, buyer, form):
    photo = make_photo(form)
    addresses = [path(form, "sign_off_in_person"), reverse("sign_off_in_person_photo", args=[form.pk, photo.pk])]
    for person in (buyer.user, make_user()):
        client.force_login(person)
        assert [client.get(address).status_code for address in addresses] == [403, 403]
        assert client.post(addresses[0], DONE | {"code": "123456"}).status_code == 403
    client.logout()
    for address in addresses:
        assert client.get(address)["Location"] == f"/login/?next={address}"


def test_in_person_form_of_a_closed_account_is_refused(client, technician):
    form = make_sign_off()
    client.force_login(technician)
    code = sign_off_code(form)
    set_buyer_active(buyer_id=form.buyer_id, active=False, reason="", actor=SYSTEM, now=timezone.now())
    response = client.post(path(form, "sign_off_in_person"), DONE | {"code": code})
    assert response.status_code == 409
    assert "حساب خریدار بسته است" in response.content.decode()
    assert is_untouched(form)


def test_in_person_form_that_was_withdrawn_is_shown_as_such(client, technician):
    form = make_sign_off()
    withdraw_sign_off(sign_off_id=form.pk, actor=SYSTEM, now=timezone.now())
    client.force_login(technician)
    assert 'name="items"' not in client.get(path(form, "sign_off_in_person")).content.decode()
    assert client.post(path(form, "sign_off_in_person"), ASKED).status_code == 404


# --- where else it shows ---------------------------------------------------------------------------------------------


def test_dashboard_and_device_lead_to_the_waiting_form(client, buyer):
    forms = make_visit(buyer, 2)
    whole = reverse("visit", args=[forms[0].visit])
    device_page = reverse("device_detail", args=[forms[0].device_id])
    assert f'href="{whole}"' in client.get(path(forms[0])).content.decode()
    for address, target in (("/dashboard/", whole), (device_page, path(forms[0]))):
        content = client.get(address).content.decode()
        assert f'href="{target}"' in content
        assert "تأیید نصب" in content
    assert f'href="{path(forms[1])}"' not in client.get("/dashboard/").content.decode()  # one notice for one visit


def test_profile_leads_to_the_papers(client, buyer):
    content = client.get("/profile/").content.decode()
    assert 'href="/sign-offs/"' in content
    assert 'href="/transfers/"' in content


def test_timeline_tells_later_owners_the_fact_only(client, buyer):
    done = make_confirmed(make_new_device(buyer))
    device = reverse("device_detail", args=[done.device_id])
    events = {event.kind: event for event in client.get(device).context["events"]}
    assert events["sign_off"].url == path(done)
    executed = make_executed(done.device)
    assert client.get(device).status_code == 404
    client.force_login(executed.transfer.new_owner.user)
    response = client.get(device)
    events = {event.kind: event for event in response.context["events"]}
    assert events["sign_off"].url == ""
    assert events["ownership"].detail == ""
    content = response.content.decode()
    for secret in (buyer.last_name, buyer.phone[3:], done.record.code, buyer.national_code):
        assert secret not in content


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("address", ["/sign-offs/", "/sign-offs/1/", "/sign-offs/1/decline/", "/sign-offs/1/photos/1/"])
def test_visitors_sign_in_and_staff_stay_out(client, address, method):
    assert getattr(client, method)(address)["Location"] == f"/login/?next={address}"
    client.force_login(make_user())
    assert getattr(client, method)(address).status_code in {403, 405}


def test_declined_form_leaves_the_dashboard(client, buyer, form):
    decline_sign_off(user=buyer.user, sign_off_id=form.pk, reason="ناقص", actor=SYSTEM, now=timezone.now())
    assert f'href="{path(form)}"' not in client.get("/dashboard/").content.decode()
