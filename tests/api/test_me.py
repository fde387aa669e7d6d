"""The buyer's identity, requests to correct it, and the password."""

from __future__ import annotations

import pytest
from django.utils import timezone

from cms.models import PortalSettings
from customer.models import Buyer, CorrectionRequest
from customer.services.correction import decide_correction
from kernel.actor import SYSTEM
from kernel.identity import make_national_code
from portal.context import forget_brand
from tests.api.clients import client_of, fields_of, problem_of
from tests.factories.customer import PASSWORD

ME = "/api/v1/me/"
CORRECTIONS = "/api/v1/me/corrections/"
MY_PASSWORD = "/api/v1/me/password/"


def file(client, **body):
    return client.post(CORRECTIONS, {"field": "city", "proposed": "شیراز", **body}, format="json")


def test_me_is_exactly_what_the_contract_says(buyer, api):
    assert api.get(ME).json() == {
        "first_name": buyer.first_name,
        "last_name": buyer.last_name,
        "national_code_masked": f"******{buyer.national_code[-4:]}",
        "main_operator": "مهدی کاظمی",
        "address": {"city": "تهران", "street": "خیابان ولیعصر، کوچهٔ مهر", "building": "پلاک ۱۲، واحد ۳"},
        "phone": buyer.phone,
        "username": "sara",
    }


@pytest.mark.parametrize("method", ["post", "put", "patch"])
def test_me_cannot_be_edited(buyer, api, method):
    before = Buyer.objects.values().get(pk=buyer.pk)
    problem_of(getattr(api, method)(ME, {"city": "شیراز"}, format="json"), 405)
    assert Buyer.objects.values().get(pk=buyer.pk) == before


def test_a_correction_is_filed_and_changes_nothing_yet(buyer, api):
    answer = file(api, note="جابه‌جا شده‌ایم")
    assert answer.status_code == 201
    body = answer.json()
    assert body.pop("created_at").endswith("Z")
    assert body.pop("id")
    assert body == {
        "field": "city",
        "field_label": "شهر",
        "current": "تهران",
        "proposed": "شیراز",
        "note": "جابه‌جا شده‌ایم",
        "status": "waiting",
        "status_label": "در انتظار بررسی",
        "reason": "",
        "decided_at": None,
    }
    buyer.refresh_from_db()
    assert buyer.city == "تهران"


def test_a_second_request_for_the_same_field_waits_its_turn(api):
    file(api)
    assert problem_of(file(api, proposed="یزد"), 409)["code"] == "correction.already_waiting"
    assert CorrectionRequest.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"field": "required", "proposed": "required"}),
        ({"field": "username", "proposed": "admin"}, {"field": "invalid_choice"}),
        ({"field": "user", "proposed": "1"}, {"field": "invalid_choice"}),
        ({"field": "city", "proposed": ""}, {"proposed": "blank"}),
        ({"field": "city", "proposed": "\u200c \u200e"}, {"proposed": "correction.empty"}),
        ({"field": "city", "proposed": "x" * 201}, {"proposed": "max_length"}),
        ({"field": "city", "proposed": {"a": 1}}, {"proposed": "invalid"}),
        ({"field": "city", "proposed": "تهران"}, {"proposed": "correction.no_change"}),
        ({"field": "phone", "proposed": "12"}, {"proposed": "buyer.phone_invalid"}),
        ({"field": "national_code", "proposed": "1111111111"}, {"proposed": "buyer.national_code_invalid"}),
        ({"field": "city", "proposed": "شیراز", "note": "x" * 1001}, {"note": "max_length"}),
        ({"field": ["city"], "proposed": None, "note": None}, dict.fromkeys(["field"], "invalid_choice")),
    ],
)
def test_a_malformed_correction_names_its_fields(buyer, api, body, fields):
    answer = api.post(CORRECTIONS, body, format="json")
    assert fields.items() <= fields_of(answer).items()
    assert not CorrectionRequest.objects.exists()


def test_fields_that_are_not_the_buyers_are_ignored(buyer, other, api):
    extra = {"status": "accepted", "buyer": other.pk, "decided_by": 1, "current": "x", "id": 99, "reason": "x"}
    body = file(api, **extra).json()
    row = CorrectionRequest.objects.get()
    assert (row.buyer, row.status, row.current, row.reason, row.decided_by) == (buyer, "waiting", "تهران", "", None)
    assert body["status"] == "waiting"


def test_a_national_code_is_masked_in_a_correction_too(buyer, api):
    proposed = make_national_code(777)
    body = file(api, field="national_code", proposed=proposed).json()
    assert body["proposed"] == f"******{proposed[-4:]}"
    assert body["current"] == f"******{buyer.national_code[-4:]}"
    listed = api.get(CORRECTIONS).content.decode()
    assert proposed not in listed
    assert buyer.national_code not in listed


def test_corrections_are_listed_with_their_state(buyer, other, api):
    file(client_of(other.user))
    refused = file(api).json()["id"]
    decide_correction(correction_id=refused, accept=False, reason="مدرک بفرستید", actor=SYSTEM, now=timezone.now())
    file(api, field="building", proposed="پلاک ۱")
    body = api.get(CORRECTIONS).json()
    assert [(row["field"], row["status"], row["reason"]) for row in body["results"]] == [
        ("building", "waiting", ""),
        ("city", "refused", "مدرک بفرستید"),
    ]
    assert [row["id"] for row in api.get(f"{CORRECTIONS}?status=refused").json()["results"]] == [refused]


@pytest.fixture
def buyers_change_passwords(db):
    row = PortalSettings.load()
    row.buyers_change_password = True
    row.save()
    forget_brand()


def change(client, old=PASSWORD, new="چای-شیرین-و-نان-7"):
    return client.post(MY_PASSWORD, {"old": old, "new": new}, format="json")


def test_the_password_is_the_companys_business_by_default(api):
    forget_brand()
    assert problem_of(change(api), 403)["code"] == "password.kept_by_company"


def test_a_new_password_ends_every_token(buyers_change_passwords, buyer, api):
    assert change(api).status_code == 204
    problem_of(api.get(ME), 401)
    buyer.user.refresh_from_db()
    assert buyer.user.check_password("چای-شیرین-و-نان-7")


@pytest.mark.parametrize(
    ("old", "new", "fields"),
    [("wrong", "چای-شیرین-و-نان-7", ["old"]), (PASSWORD, "12345678901", ["new"]), (None, "", ["old", "new"])],
)
def test_a_bad_change_of_password_names_its_fields(buyers_change_passwords, buyer, api, old, new, fields):
    assert list(fields_of(change(api, old, new))) == fields
    assert api.get(ME).status_code == 200
