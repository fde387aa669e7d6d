import pytest
import requests

from integrations.sandbox import didar_account

SARA = {"FirstName": "سارا", "LastName": "رستگار", "MobilePhone": "09121234567", "CustomerCode": "B-12"}
ANYBODY = "b1d70000-0000-4000-8000-000000000001"


def call(sandbox, path, body=None, key="sandbox-key"):
    return requests.post(
        f"{sandbox.url}/didar/{path}", params={"apikey": key} if key else {}, json=body or {}, timeout=5
    )


def response(sandbox, path, body=None):
    return call(sandbox, path, body).json()["Response"]


@pytest.mark.parametrize("key", ["", "wrong-key"])
def test_missing_or_wrong_key_is_401(sandbox, key):
    assert call(sandbox, "contact/save", {"Contact": SARA}, key=key).status_code == 401
    assert sandbox.snapshot()["didar"]["contacts"] == []


def test_contact_is_kept_in_full(sandbox):
    saved = response(sandbox, "contact/save", {"Contact": SARA})

    [row] = sandbox.snapshot()["didar"]["contacts"]
    assert row["Id"] == saved["Id"]
    assert {name: row[name] for name in SARA} == SARA
    assert row["DisplayName"] == "سارا رستگار"
    assert response(sandbox, "contact/GetContactDetail", {"Id": saved["Id"]}) == row


@pytest.mark.parametrize("last_name", ["", "  ", None])
def test_contact_needs_a_last_name(sandbox, last_name):
    answer = call(sandbox, "contact/save", {"Contact": {**SARA, "LastName": last_name}})

    assert answer.status_code == 400
    assert answer.json() == {"Message": "LastName can not be empty"}


def test_same_mobile_twice_is_refused(sandbox):
    response(sandbox, "contact/save", {"Contact": SARA})

    answer = call(sandbox, "contact/save", {"Contact": {"LastName": "دیگری", "MobilePhone": "+98 912 123 4567"}})

    assert answer.status_code == 400
    assert answer.json() == {"Message": "Duplicate contacts is not allowed"}


def test_contact_edit_keeps_the_rest_and_moves_the_mobile(sandbox):
    identity = response(sandbox, "contact/save", {"Contact": SARA})["Id"]

    response(sandbox, "contact/save", {"Contact": {"Id": identity, "MobilePhone": "09350000000"}})

    [row] = sandbox.snapshot()["didar"]["contacts"]
    assert (row["LastName"], row["MobilePhone"]) == ("رستگار", "09350000000")
    assert response(sandbox, "contact/getbyphonenumber", {"MobilePhone": "09121234567"}) == []
    assert [row["Id"] for row in response(sandbox, "contact/getbyphonenumber", {"MobilePhone": "09350000000"})] == [
        identity
    ]
    assert (
        call(sandbox, "contact/save", {"Contact": {"LastName": "نو", "MobilePhone": "09121234567"}}).status_code == 200
    )


def test_edit_of_a_forgotten_contact_is_kept_under_its_id(sandbox):
    response(sandbox, "contact/save", {"Contact": {**SARA, "Id": ANYBODY}})

    assert [row["Id"] for row in sandbox.snapshot()["didar"]["contacts"]] == [ANYBODY]


def test_paths_and_fields_ignore_case(sandbox):
    response(sandbox, "api/Contact/SAVE", {"contact": {"Lastname": "رستگار", "mobilephone": "09121234567"}})

    [row] = sandbox.snapshot()["didar"]["contacts"]
    assert (row["LastName"], row["MobilePhone"]) == ("رستگار", "09121234567")


def test_person_search_matches_exactly(sandbox):
    response(sandbox, "contact/save", {"Contact": SARA})
    response(sandbox, "contact/save", {"Contact": {"LastName": "کریمی", "CustomerCode": "B-1"}})

    found = response(sandbox, "contact/PersonSearch", {"Criteria": {"CustomerCode": "B-1"}, "From": 0, "Limit": 5})

    assert (found["TotalCount"], [row["LastName"] for row in found["List"]]) == (1, ["کریمی"])
    assert response(sandbox, "contact/PersonSearch", {"From": 1, "Limit": 5})["TotalCount"] == 2


def test_reply_and_error_shapes_can_be_switched(sandbox):
    sandbox.turn({"didar.reply": "nested", "didar.error": "Error"})

    assert "Id" in response(sandbox, "contact/save", {"Contact": SARA})["Contact"]
    assert "Id" in response(sandbox, "deal/save", {"Deal": {"PersonId": ANYBODY}})["Deal"]
    assert call(sandbox, "contact/save", {"Contact": SARA}).json() == {"Error": "Duplicate contacts is not allowed"}


def test_deal_needs_somebody(sandbox):
    answer = call(sandbox, "deal/save", {"Deal": {"Title": "x", "ContactId": ANYBODY}})

    assert answer.status_code == 400
    assert answer.json() == {"Message": "person and company both are empty"}


@pytest.mark.parametrize("path", ["deal/save", "deal/save_v2"])
def test_deal_without_an_id_is_always_a_new_one(sandbox, path):
    person = response(sandbox, "contact/save", {"Contact": SARA})["Id"]
    deal = {"Title": "تمدید", "PersonId": person, "Price": 48_000_000, "Description": "REF: a-1", "Status": "Pending"}

    first, second = (response(sandbox, path, {"Deal": deal})["Id"] for _ in range(2))
    response(sandbox, path, {"Deal": {"Id": first, "PersonId": person, "Status": "Won"}})

    rows = sandbox.snapshot()["didar"]["deals"]
    assert [(row["Id"], row["Status"], row["Price"]) for row in rows] == [
        (first, "Won", 48_000_000),
        (second, "Pending", 48_000_000),
    ]
    detail = response(sandbox, "deal/getdealdetail", {"Id": first})
    assert (detail["Description"], detail["Person"]["LastName"]) == ("REF: a-1", "رستگار")
    assert "DealItems" not in detail


def test_deals_are_found_by_custom_field_and_status(sandbox):
    field = didar_account.REFERENCE_FIELD
    for reference, status in (("10", "Won"), ("11", "Lost")):
        deal = {"PersonId": ANYBODY, "Price": 5, "Status": status, "Fields": {field["Key"]: reference}}
        response(sandbox, "deal/save", {"Deal": deal})
    wish = [{"CustomFieldId": field["Id"], "OR": [{"Type": "EqualToAny", "Value": ["11"]}]}]

    by_field = response(sandbox, "deal/search_v2", {"Criteria": {"CustomFields": wish}})
    by_status = response(sandbox, "deal/search_v2", {"Criteria": {"Status": "Won"}})

    assert (by_field["TotalCount"], by_field["List"][0]["Status"]) == (1, "Lost")
    assert (by_status["TotalCount"], by_status["TotalPrice"], by_status["AllDealsCount"]) == (1, 5, 2)


def test_global_search_finds_the_reference_after_the_index_delay(sandbox, clock):
    sandbox.turn({"didar.index_delay": "2"})
    response(sandbox, "deal/save", {"Deal": {"PersonId": ANYBODY, "Description": "REF: order-7\nسطر دوم"}})
    wish = {"Keyword": "ref: order-7", "Types": ["deal"]}

    assert response(sandbox, "search/search", wish)["Total"] == 0
    clock.pass_seconds(3)
    found = response(sandbox, "search/search", wish)
    assert (found["Total"], found["List"][0]["_tp"]) == (1, "deal")
    assert response(sandbox, "search/search", {**wish, "Types": ["contact"]})["Total"] == 0


def test_note_is_kept(sandbox):
    note = {"ActivityTypeId": "00000000-0000-0000-0000-000000000000", "ResultNote": "متن", "IsDone": True}

    identity = response(sandbox, "activity/save", {"Activity": note, "SetDone": False})["Id"]

    [row] = sandbox.snapshot()["didar"]["activities"]
    assert (row["Id"], row["ResultNote"]) == (identity, "متن")


def test_settings_lookups(sandbox):
    assert response(sandbox, "User/List")[0]["UserId"] == didar_account.OWNER_ID
    assert response(sandbox, "pipeline/list/0")[0]["Stages"][0]["Id"] == didar_account.STAGE_ID
    assert response(sandbox, "activity/GetActivityType")[0]["Id"] == didar_account.ACTIVITY_TYPE_ID
    bare = response(sandbox, "customfield/GetCustomfieldList")
    sandbox.turn({"didar.lists": "wrapped"})
    assert response(sandbox, "customfield/GetCustomfieldList") == {"List": bare}


def test_bad_requests_are_told(sandbox):
    assert call(sandbox, "deal/nothing").status_code == 404
    assert call(sandbox, "deal/save", {"Deal": "text"}).status_code == 400
    assert call(sandbox, "deal/getdealdetail", {"Id": ANYBODY}).status_code == 400
    assert call(sandbox, "deal/save", {"Deal": {"PersonId": ANYBODY, "Status": "Perhaps"}}).status_code == 400
    assert call(sandbox, "deal/search_v2", {"From": -1}).status_code == 400
    assert requests.get(f"{sandbox.url}/didar/deal/save", params={"apikey": "k"}, timeout=5).status_code == 405
