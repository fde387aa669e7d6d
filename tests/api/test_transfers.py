"""Handing a device over."""

from __future__ import annotations

import pytest

from customer.models import Transfer
from kernel.identity import make_national_code
from tests.api.clients import client_of, fields_of, problem_of
from tests.factories.customer import make_buyer, make_expired_device
from tests.factories.papers import make_draft, transfer_code

pytestmark = pytest.mark.django_db(transaction=True)
TRANSFERS = "/api/v1/transfers/"


@pytest.fixture
def machine(buyer):
    return make_expired_device(buyer)


def wish(device, *, named=None, **values) -> dict:
    new_owner = {
        "first_name": "لیلا",
        "last_name": "نادری",
        "national_code": make_national_code(909_090),
        "phone": "۰۹۳۵۱۱۱۲۲۳۳",
    } | (named or {})
    return {"device": device.pk, "new_owner": new_owner, "statement_accepted": True} | values


def test_a_request_is_a_draft_until_the_code(machine, api):
    answer = api.post(TRANSFERS, wish(machine), format="json")
    row = answer.json()

    assert (answer.status_code, row["status"], row["device"], row["decided_at"]) == (201, "draft", machine.pk, None)
    assert row["new_owner"]["phone"] == "+989351112233"
    assert make_national_code(909_090) not in answer.content.decode()
    code = transfer_code(Transfer.objects.get())
    confirmed = api.post(f"{TRANSFERS}{row['id']}/confirm/", {"code": code}, format="json").json()
    assert (confirmed["status"], bool(confirmed["submitted_at"])) == ("submitted", True)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"statement_accepted": False}, "statement_accepted"),
        ({"named": {"national_code": "1234567890"}}, "national_code"),
        ({"named": {"phone": "021"}}, "phone"),
        ({"new_owner": {}}, "new_owner.first_name"),
    ],
)
def test_a_bad_request_names_its_field_and_writes_nothing(machine, api, values, field):
    assert field in fields_of(api.post(TRANSFERS, wish(machine, **values), format="json"))
    assert not Transfer.objects.exists()


def test_handing_over_to_oneself_is_refused(machine, buyer, api):
    body = wish(machine, named={"national_code": buyer.national_code})
    assert fields_of(api.post(TRANSFERS, body, format="json")) == {"national_code": "transfer.same_owner"}


def test_one_request_at_a_time(machine, api):
    api.post(TRANSFERS, wish(machine), format="json")
    again = problem_of(api.post(TRANSFERS, wish(machine), format="json"), 409)
    assert again["code"] == "transfer.already_under_way"


def test_cancelling_before_it_is_carried_out(machine, api):
    found = make_draft(machine)
    assert api.post(f"{TRANSFERS}{found.pk}/cancel/").json()["status"] == "cancelled"
    assert problem_of(api.post(f"{TRANSFERS}{found.pk}/cancel/"), 409)["code"] == "transfer.already_cancelled"


def test_a_wrong_code_submits_nothing(machine, api):
    found = make_draft(machine)
    transfer_code(found)
    answer = api.post(f"{TRANSFERS}{found.pk}/confirm/", {"code": "000000"}, format="json")
    assert problem_of(answer, 409)["code"] == "code.wrong"
    found.refresh_from_db()
    assert found.status == "draft"


def test_a_code_goes_to_the_owners_phone(machine, api):
    found = make_draft(machine)
    assert api.post(f"{TRANSFERS}{found.pk}/code/").json()["phone_masked"].endswith(machine.owner.phone[-4:])


def test_foreign_requests_and_devices_do_not_exist(machine, api):
    found, stranger = make_draft(machine), client_of(make_buyer().user)
    assert problem_of(stranger.get(f"{TRANSFERS}{found.pk}/"), 404)
    for path in ("code/", "confirm/", "cancel/"):
        assert problem_of(stranger.post(f"{TRANSFERS}{found.pk}/{path}", {"code": "1"}, format="json"), 404)
    assert problem_of(stranger.post(TRANSFERS, wish(machine), format="json"), 404)
    assert stranger.get(TRANSFERS).json()["count"] == 0


@pytest.mark.parametrize("rows", [1, 3])
def test_a_list_costs_the_same(buyer, api, rows, django_assert_max_num_queries):
    for _ in range(rows):
        make_draft(make_expired_device(buyer))
    with django_assert_max_num_queries(4):
        assert api.get(f"{TRANSFERS}?status=draft").json()["count"] == rows
