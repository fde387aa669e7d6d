"""The buyer's installation forms."""

from __future__ import annotations

import pytest

from customer.models import ServicePeriod, SignOff
from tests.api.clients import client_of, fields_of, problem_of
from tests.factories.customer import make_buyer
from tests.factories.papers import make_confirmed, make_new_device, make_sign_off, make_visit, sign_off_code, visit_code

pytestmark = pytest.mark.django_db(transaction=True)
FORMS = "/api/v1/sign-offs/"


@pytest.fixture
def form(buyer) -> SignOff:
    return make_sign_off(make_new_device(buyer))


def wish(form, **values) -> dict:
    return {"items": [item["code"] for item in form.items], "all_done": True, "code": sign_off_code(form)} | values


def confirm(api, form, **values):
    return api.post(f"{FORMS}{form.pk}/confirm/", wish(form, **values), format="json")


def test_a_waiting_form_is_exactly_what_the_contract_says(form, api):
    row = api.get(f"{FORMS}{form.pk}/").json()

    assert {"id", "device", "status", "installed_on", "items", "text", "text_version", "confirmed_at"} <= row.keys()
    assert (row["id"], row["device"], row["status"]) == (form.pk, form.device_id, "waiting")
    assert row["items"][0].keys() == {"code", "label", "note", "done"}
    assert not any(item["done"] for item in row["items"])
    assert (row["text"], row["confirmed_at"], row["certificate"]) == (form.statement, None, None)


def test_confirming_gives_the_certificate_and_begins_the_service(form, api):
    row = confirm(api, form).json()

    form.refresh_from_db()
    assert (row["status"], all(item["done"] for item in row["items"])) == ("confirmed", True)
    assert row["certificate"] == {
        "code": form.record.code,
        "sha256": form.record.sha256,
        "pdf_url": f"/sign-offs/{form.pk}/certificate.pdf",
        "record_url": f"/sign-offs/{form.pk}/record.json",
        "verify_url": f"/verify/{form.record.code}/",
    }
    assert ServicePeriod.objects.get().sign_off == form
    assert api.get(f"/api/v1/devices/{form.device_id}/").json()["service_status"] == "active"


def test_confirming_again_is_refused(form, api):
    confirm(api, form)
    assert problem_of(confirm(api, form), 409)["code"] == "signoff.already_confirmed"


@pytest.mark.parametrize(
    ("values", "status", "code", "field"),
    [
        ({"items": []}, 400, "signoff.item_missing", "items"),
        ({"all_done": False}, 400, "signoff.not_all_done", "all_done"),
        ({"code": "000000"}, 409, "code.wrong", "code"),
    ],
)
def test_an_incomplete_confirmation_changes_nothing(form, api, values, status, code, field):
    problem = problem_of(confirm(api, form, **values), status)
    assert (problem["code"], problem["errors"][0]["field"]) == (code, field)
    form.refresh_from_db()
    assert form.status == "waiting"


def test_a_code_is_sent_to_the_registered_phone(form, api):
    answer = api.post(f"{FORMS}{form.pk}/code/")
    assert (answer.status_code, form.buyer.phone[-4:] in answer.json()["phone_masked"]) == (200, True)
    assert form.buyer.phone[4:8] not in answer.json()["phone_masked"]


def test_a_fourth_code_in_a_quarter_of_an_hour_is_too_many(form, api):
    codes = [api.post(f"{FORMS}{form.pk}/code/") for _ in range(4)]
    assert [answer.status_code for answer in codes] == [200, 200, 200, 429]
    assert int(codes[3].headers["Retry-After"]) > 0


def test_declining_needs_a_reason(form, api):
    assert "reason" in fields_of(api.post(f"{FORMS}{form.pk}/decline/", {"reason": ""}, format="json"))
    row = api.post(f"{FORMS}{form.pk}/decline/", {"reason": "کمپرسور وصل نیست"}, format="json").json()
    assert (row["status"], row["decline_reason"]) == ("declined", "کمپرسور وصل نیست")


def test_foreign_forms_do_not_exist(form, api):
    stranger = client_of(make_buyer().user)
    for path, method in (("", "get"), ("code/", "post"), ("confirm/", "post"), ("decline/", "post")):
        body = {"items": [], "all_done": True, "code": "1", "reason": "x"}
        call = getattr(stranger, method)
        answer = (
            call(f"{FORMS}{form.pk}/{path}")
            if method == "get"
            else call(f"{FORMS}{form.pk}/{path}", body, format="json")
        )
        assert problem_of(answer, 404)
    assert api.get(FORMS).json()["count"] == 1


def test_a_corrected_form_is_superseded(buyer, api):
    old = make_confirmed(make_new_device(buyer))
    new = make_sign_off(old.device, supersedes_id=old.pk, correction_reason="تاریخ نادرست بود")
    assert api.get(f"{FORMS}{old.pk}/").json()["status"] == "confirmed"
    confirm(api, new)
    assert [row["status"] for row in api.get(FORMS).json()["results"]] == ["confirmed", "superseded"]
    assert [row["id"] for row in api.get(f"{FORMS}?status=superseded").json()["results"]] == [old.pk]


@pytest.mark.parametrize("rows", [1, 3])
def test_a_list_costs_the_same(buyer, api, rows, django_assert_max_num_queries):
    for _ in range(rows):
        make_confirmed(make_new_device(buyer))
    with django_assert_max_num_queries(4):
        assert api.get(FORMS).json()["count"] == rows


# --- a whole visit ---------------------------------------------------------------------------------------------------


def visit_wish(forms, **values) -> dict:
    rows = [{"id": form.pk, "items": [item["code"] for item in form.items], "all_done": True} for form in forms]
    return {"forms": rows, "code": "123456"} | values


def test_a_visit_is_confirmed_with_one_code(buyer, api):
    forms = make_visit(buyer, count=2)
    address = f"{FORMS}visits/{api.get(f'{FORMS}{forms[0].pk}/').json()['visit']}/"
    assert api.post(f"{address}code/").json()["phone_masked"].endswith(buyer.phone[-4:])

    rows = api.post(f"{address}confirm/", visit_wish(forms, code=visit_code(forms)), format="json").json()
    assert [(row["id"], row["status"]) for row in rows] == [(form.pk, "confirmed") for form in forms]
    again = api.post(f"{address}confirm/", visit_wish(forms), format="json")
    assert problem_of(again, 409)["code"] == "signoff.visit_answered"


def test_a_visit_with_a_missing_tick_names_the_form(buyer, api):
    forms = make_visit(buyer, count=2)
    wish = visit_wish(forms[:1], code=visit_code(forms))
    problem = problem_of(api.post(f"{FORMS}visits/{forms[0].visit}/confirm/", wish, format="json"), 400)
    assert (problem["code"], problem["errors"][0]["field"]) == ("signoff.item_missing", f"{forms[1].pk}-items")
    assert not ServicePeriod.objects.exists()


def test_a_foreign_visit_does_not_exist(api):
    forms = make_visit(make_buyer(), count=2)
    for act, body in (("code", None), ("confirm", visit_wish(forms))):
        problem_of(api.post(f"{FORMS}visits/{forms[0].visit}/{act}/", body, format="json"), 404)
