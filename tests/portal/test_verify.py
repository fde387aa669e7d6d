"""The public check of a code, on its page and by the REST face: true, private, throttled."""

import base64

import pytest
from django.core.cache import cache
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from customer.models import SignedRecord
from kernel import signing, verify_record
from kernel.freeze import freeze, melt
from kernel.jalali import tehran_today
from kernel.verify_record import check_file
from portal.paper_facts import spaced
from tests.factories.customer import make_buyer
from tests.factories.papers import (
    confirm_sign_off,
    confirmation_of,
    make_confirmed,
    make_executed,
    make_new_device,
    make_sign_off,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _fresh_counters():
    cache.clear()


@pytest.fixture
def form():
    owner = make_buyer(last_name="شناس‌ناپذیر", city="شیرازآباد", street="کوچهٔ پنهان")
    return make_confirmed(make_new_device(owner))


@pytest.fixture
def melted():
    melt(connection)
    yield
    freeze(connection)


def page(client, code):
    response = client.get(reverse("verify", args=[code]))
    return response.status_code, response.content.decode()


def test_genuine_form_is_valid_with_device_day_and_fingerprint(client, form):
    status, said = page(client, form.record.code)

    assert status == 200
    assert "این سند معتبر است" in said
    for text in (spaced(form.record.code), form.record.sha256, str(form.device.model), signing.public_key()):
        assert text in said


def test_nothing_personal_is_shown(client, form):
    _status, said = page(client, form.record.code)
    api = client.get(f"/api/v1/verify/{form.record.code}/").content.decode()
    buyer = form.buyer
    personal = [buyer.last_name, buyer.first_name, buyer.national_code, buyer.phone, buyer.phone[3:], buyer.city]
    personal += [buyer.street, form.device.identifier, buyer.user.username, "192.0.2.7"]

    assert [text for text in personal if text in said or text in api] == []


def test_deed_is_valid_too(client):
    transfer = make_executed().transfer
    status, said = page(client, transfer.record.code)

    assert (status, "این سند معتبر است" in said, transfer.new_last_name in said) == (200, True, False)


def test_superseded_form_says_so_and_leads_on(client, form):
    correction = make_sign_off(
        form.device, supersedes_id=form.pk, correction_reason="تاریخ نصب", installed_on=tehran_today()
    )
    assert "این سند معتبر است" in page(client, form.record.code)[1]

    newer = confirm_sign_off(**confirmation_of(correction))
    _status, said = page(client, form.record.code)
    assert "جایگزین" in said
    assert reverse("verify", args=[newer.record.code]) in said
    assert "این سند معتبر است" in page(client, newer.record.code)[1]
    body = client.get(f"/api/v1/verify/{form.record.code}/").json()
    assert (body["valid"], body["status"], body["superseded_by"]) == (False, "superseded", newer.record.code)


def test_tampered_record_is_invalid_and_tells_nothing(client, form, melted):
    SignedRecord.objects.update(signature="A" * 86 + "==")
    status, said = page(client, form.record.code)
    body = client.get(f"/api/v1/verify/{form.record.code}/").json()

    assert (status, "این ثبت معتبر نیست" in said) == (200, True)
    assert (body["valid"], body["status"], body["device_model"]) == (False, "invalid", "")


@pytest.mark.parametrize("code", ["AAAAAAAAAAAA", "X", "۱۲۳۴", "'; DROP TABLE", "%00", "A" * 500])
def test_unknown_code_is_not_found(client, form, code):
    status, said = page(client, code)

    assert (status, "سندی با این کد پیدا نشد" in said) == (404, True)
    assert client.get(reverse("api:verify", args=[code])).status_code == 404


@pytest.mark.parametrize("typed", [str.lower, spaced, lambda code: spaced(code).replace("-", " ")])
def test_typed_code_is_understood(client, form, typed):
    response = client.get(reverse("verify_form"), {"code": f" {typed(form.record.code)} "})

    assert response.url == reverse("verify", args=[form.record.code])


def test_persian_digits_and_look_alikes_are_understood(client, form, melted):
    SignedRecord.objects.update(code="0123ABCD4560")
    response = client.get(reverse("verify_form"), {"code": "OL۲۳-abcd-۴۵۶۰"})

    assert response.url == reverse("verify", args=["0123ABCD4560"])
    assert client.get(response.url).status_code == 200


@pytest.mark.parametrize("typed", ["", "  ", "../..", "کد", "x" * 41])
def test_what_can_be_no_code_is_asked_for_again(client, typed):
    response = client.get(reverse("verify_form"), {"code": typed})

    assert response.status_code == 400
    assert "id_code" in response.content.decode()


def test_page_asks_for_a_code(client):
    response = client.get("/verify/")

    assert (response.status_code, response["X-Robots-Tag"]) == (200, "noindex")
    assert reverse("verify_program") in response.content.decode()


def test_earlier_public_keys_are_shown(client, form, settings):
    earlier = signing.public_key()
    settings.SIGNING_KEY = base64.b64encode(b"n" * 32).decode()
    said = client.get("/verify/").content.decode()

    assert said.index(signing.public_key()) < said.index(earlier)


def test_program_is_handed_out_as_it_runs_here(client):
    response = client.get(reverse("verify_program"))
    handed = {}
    exec(compile(response.content, "verify_record.py", "exec"), {"__name__": "handed"} | handed)

    assert response["Content-Disposition"] == 'attachment; filename="verify_record.py"'
    assert response["X-Content-Type-Options"] == "nosniff"
    with open(verify_record.__file__, "rb") as source:
        assert response.content == source.read()


@pytest.mark.parametrize("address", ["verify", "api:verify"])
def test_codes_cannot_be_tried_without_end(client, form, settings, address):
    settings.VERIFY_LIMITS = settings.VERIFY_LIMITS | {"address": 2}
    url = reverse(address, args=[form.record.code])

    assert [client.get(url).status_code for _ in range(3)] == [200, 200, 429]
    assert int(client.get(url)["Retry-After"]) > 0
    assert client.get(url, REMOTE_ADDR="192.0.2.99").status_code == 200


def test_api_answers_as_documented(client, form):
    body = client.get(f"/api/v1/verify/{form.record.code}/").json()

    assert body["valid"] is True
    assert body["confirmed_on"] == tehran_today(form.confirmed_at).isoformat()
    assert body["device_model"] == str(form.device.model)
    assert body["sha256"] == form.record.sha256
    assert body["public_key"] == signing.public_key()
    assert set(body) >= {"confirmed_on_jalali", "status_label", "kind_label", "key_id", "superseded_by"}


def test_api_refuses_with_a_problem_document(client, form):
    response = client.get("/api/v1/verify/AAAAAAAAAAAA/")

    assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")
    assert response.json()["code"] == "not_found"
    assert client.post(f"/api/v1/verify/{form.record.code}/").status_code == 405


def test_record_as_handed_out_is_what_the_program_finds_genuine(client, form):
    client.force_login(form.buyer.user)
    data = client.get(reverse("sign_off_record", args=[form.pk])).content

    assert check_file(data, signing.public_key()) == []
    assert timezone.now() >= form.confirmed_at
