import json
import logging
from types import SimpleNamespace

import pytest
import requests
import responses

from integrations import crm
from integrations.crm import didar
from integrations.ports import CrmContact, CrmDeal, CrmNote, DeliveryError, Misconfigured, Reject, Retry, Unknown

BASE = "https://crm.example/api"
KEY = "d1darkey0123456789abcdef"
SARA = CrmContact(
    reference="BUYER-7", first_name="سارا", last_name="رضایی", mobile="+989121234567", city="تهران", address="آزادی ۱۲"
)
DEAL = CrmDeal(
    reference="ORDER-1405-000001",
    title="تمدید دو ساله",
    contact_external_id="c-1",
    status="Pending",
    price_rial=450_000_000,
    description="1405-000001",
)
NOTE = CrmNote(reference="SIGN_OFF-7-CONFIRMED", title="فرم نصب", text="ماهان M4 · تأییدشده", contact_external_id="c-1")
DUPLICATE = {"Message": "Duplicate contacts is not allowed"}
CREATED = {"Response": {"Id": "c-1", "DisplayName": "سارا رضایی", "Code": 1043}}


@pytest.fixture(autouse=True)
def vendor(settings):
    settings.DIDAR_BASE_URL = BASE + "/"
    settings.DIDAR_API_KEY = KEY
    settings.DIDAR_PIPELINE_ID = "p-1"
    settings.DIDAR_STAGE_ID = "s-1"
    settings.DIDAR_PRICE_UNIT = "rial"
    settings.OUTBOUND_HOSTS = {"crm.example:443"}
    with responses.RequestsMock(assert_all_requests_are_fired=True) as mock:
        yield mock


@pytest.fixture
def provider():
    return crm.provider()


def say(vendor, path, body, status=200, **options):
    body = body if isinstance(body, str | Exception) else json.dumps(body)
    vendor.add("POST", f"{BASE}/{path}?apikey={KEY}", body=body, status=status, **options)


def say_nobody(vendor):
    say(vendor, "contact/getbyphonenumber", {"Response": []})


def paths(vendor):
    return [call.request.path_url.partition("?")[0].removeprefix("/api/") for call in vendor.calls]


def sent(vendor, number=-1):
    return json.loads(vendor.calls[number].request.body)


def test_key_is_not_in_the_repr(provider):
    assert KEY not in repr(provider)


# --- contacts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reply",
    [
        CREATED,
        {"Response": {"Contact": {"Id": "c-1", "DisplayName": "سارا رضایی"}}},
        {"Response": {"Contact": {"Id": "c-1"}, "Id": "other"}},
        {"Response": [{"Id": "c-1"}]},
    ],
)
def test_new_contact_is_created_and_its_id_read_in_each_shape(vendor, provider, reply):
    say_nobody(vendor)
    say(vendor, "contact/save", reply)
    assert provider.save_contact(SARA) == "c-1"
    assert sent(vendor, 0) == {"MobilePhone": "09121234567"}
    assert sent(vendor) == {
        "Contact": {
            "Type": "Person",
            "FirstName": "سارا",
            "LastName": "رضایی",
            "DisplayName": "سارا رضایی",
            "MobilePhone": "09121234567",
            "CustomerCode": "BUYER-7",
            "CityTitle": "تهران",
            "IsCustomer": True,
            "Addresses": {"KeyValues": [{"Key": "آدرس", "Value": "آزادی ۱۲"}]},
        }
    }


def test_contact_found_by_mobile_is_merged_and_saved_under_its_id(vendor, provider):
    detail = {
        "Id": "c-1",
        "lastname": "رضائی",
        "MobilePhone": "09121234567",
        "Email": "sara@example.ir",
        "OwnerId": "u-1",
        "Fields": {"Field_1": "x"},
        "CityTitle": "کرج",
        "BackgroundInfo": "مشتری قدیمی",
        "NationalCode": None,
        "Code": 1043,
        "Addresses": {"KeyValues": [{"Key": "آدرس", "Value": "قدیم"}, {"Key": "انبار", "Value": "یزد"}]},
    }
    say(vendor, "contact/getbyphonenumber", {"Response": [{"Id": "c-1"}]})
    say(vendor, "contact/GetContactDetail", {"Response": detail})
    say(vendor, "contact/save", CREATED)
    assert provider.save_contact(SARA) == "c-1"
    saved = sent(vendor)["Contact"]
    assert saved == {
        "Id": "c-1",
        "Type": "Person",
        "FirstName": "سارا",
        "LastName": "رضایی",
        "DisplayName": "سارا رضایی",
        "MobilePhone": "09121234567",
        "CustomerCode": "BUYER-7",
        "CityTitle": "تهران",
        "IsCustomer": True,
        "Email": "sara@example.ir",
        "OwnerId": "u-1",
        "Fields": {"Field_1": "x"},
        "BackgroundInfo": "مشتری قدیمی",
        "Addresses": {"KeyValues": [{"Key": "آدرس", "Value": "آزادی ۱۲"}, {"Key": "انبار", "Value": "یزد"}]},
    }


def test_row_of_the_search_serves_where_the_detail_cannot_be_read(vendor, provider):
    say(vendor, "contact/getbyphonenumber", {"Response": [{"Id": "c-1", "Email": "sara@example.ir"}]})
    say(vendor, "contact/GetContactDetail", "", 404)
    say(vendor, "contact/save", CREATED)
    provider.save_contact(SARA)
    assert sent(vendor)["Contact"]["Email"] == "sara@example.ir"


def test_of_several_contacts_the_oldest_that_is_not_deleted_is_taken(vendor, provider, caplog):
    caplog.set_level(logging.WARNING)
    rows = [
        {"Id": "gone", "IsDeleted": True, "RegisterTime": "2020-01-01T00:00:00.000Z"},
        {"Id": "young", "IsDeleted": False, "RegisterTime": "2026-01-01T00:00:00.000Z"},
        {"Id": "old", "IsDeleted": False, "RegisterTime": "2024-01-01T00:00:00.000Z"},
        {"Id": ""},
    ]
    say(vendor, "contact/getbyphonenumber", {"Response": {"List": rows}})
    say(vendor, "contact/GetContactDetail", {"Response": {"Contact": {"Id": "old"}}})
    say(vendor, "contact/save", {"Response": {"Id": "old"}})
    assert provider.save_contact(SARA) == "old"
    assert "2 contacts have one mobile" in caplog.text


def test_known_contact_is_edited_without_a_search(vendor, provider):
    say(vendor, "contact/GetContactDetail", {"Response": {"Id": "c-1", "CustomerCode": "old", "Email": "e"}})
    say(vendor, "contact/save", CREATED)
    assert provider.save_contact(SARA, external_id="c-1") == "c-1"
    assert paths(vendor) == ["contact/GetContactDetail", "contact/save"]
    assert (sent(vendor)["Contact"]["Id"], sent(vendor)["Contact"]["CustomerCode"]) == ("c-1", "BUYER-7")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"Message": "Contact not found"}, 400),
        ({"Response": None}, 200),
        ({"Response": {"Id": "c-0", "IsDeleted": True}}, 200),
    ],
)
def test_known_contact_that_is_gone_is_looked_for_and_made_anew(vendor, provider, body, status):
    say(vendor, "contact/GetContactDetail", body, status)
    say_nobody(vendor)
    say(vendor, "contact/save", CREATED)
    assert provider.save_contact(SARA, external_id="c-0") == "c-1"
    assert "Id" not in sent(vendor)["Contact"]


@pytest.mark.parametrize("body", [DUPLICATE, {"Error": "duplicate"}, "DUPLICATE CONTACTS"])
def test_duplicate_is_searched_for_once_more_and_saved_under_its_id(vendor, provider, body):
    say_nobody(vendor)
    say(vendor, "contact/save", body, 400)
    say(vendor, "contact/getbyphonenumber", {"Response": [{"Id": "c-9", "Email": "e"}]})
    say(vendor, "contact/GetContactDetail", {"Response": {"Id": "c-9", "Email": "e"}})
    say(vendor, "contact/save", {"Response": {"Id": "c-9"}})
    assert provider.save_contact(SARA) == "c-9"
    assert (sent(vendor)["Contact"]["Id"], sent(vendor)["Contact"]["Email"]) == ("c-9", "e")


def test_duplicate_that_cannot_be_found_is_for_a_person(vendor, provider):
    say_nobody(vendor)
    say(vendor, "contact/save", DUPLICATE, 400)
    with pytest.raises(Reject, match="hidden or deleted"):
        provider.save_contact(SARA)


def test_known_contact_never_turns_into_the_other_owner_of_a_mobile(vendor, provider):
    say(vendor, "contact/GetContactDetail", {"Response": {"Id": "c-1"}})
    say(vendor, "contact/save", DUPLICATE, 400)
    with pytest.raises(Reject, match="another"):
        provider.save_contact(SARA, external_id="c-1")


# --- deals -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reply", [{"Response": {"Id": "d-1"}}, {"Response": {"Deal": {"Id": "d-1"}}}])
def test_new_deal_carries_its_reference(vendor, provider, reply):
    say(vendor, "deal/save_v2", reply)
    assert provider.save_deal(DEAL) == "d-1"
    assert sent(vendor) == {
        "Deal": {
            "PipelineId": "p-1",
            "PipelineStageId": "s-1",
            "Title": "تمدید دو ساله",
            "PersonId": "c-1",
            "Status": "Pending",
            "Description": "1405-000001\nREF: ORDER-1405-000001",
            "Price": 450_000_000,
            "TaxPercent": "0",
        },
        "DealItems": [],
    }


def test_pipeline_is_left_to_the_account_when_none_is_set(settings, vendor):
    settings.DIDAR_PIPELINE_ID = settings.DIDAR_STAGE_ID = ""
    say(vendor, "deal/save_v2", {"Response": {"Id": "d-1"}})
    crm.provider().save_deal(DEAL)
    assert not {"PipelineId", "PipelineStageId"} & set(sent(vendor)["Deal"])


def test_price_in_toman_is_exact(settings, vendor):
    settings.DIDAR_PRICE_UNIT = "toman"
    say(vendor, "deal/save_v2", {"Response": {"Id": "d-1"}})
    crm.provider().save_deal(DEAL)
    assert sent(vendor)["Deal"]["Price"] == 45_000_000


@pytest.mark.parametrize(("unit", "price", "kind"), [("toman", 450_000_001, Reject), ("dollar", 10, Misconfigured)])
def test_price_that_cannot_be_told_is_not_told(settings, vendor, unit, price, kind):
    settings.DIDAR_PRICE_UNIT = unit
    deal = CrmDeal(reference="R", title="t", contact_external_id="c-1", status="Won", price_rial=price)
    with pytest.raises(kind):
        crm.provider().save_deal(deal)
    assert len(vendor.calls) == 0


def test_edit_keeps_what_people_changed_in_didar(vendor, provider):
    detail = {
        "Id": "d-1",
        "Title": "old",
        "Status": "Pending",
        "PipelineStageId": "s-9",
        "OwnerId": "u-1",
        "Person": {},
    }
    say(vendor, "deal/getdealdetail", {"Response": detail})
    say(vendor, "deal/save_v2", {"Response": {"Id": "d-1"}})
    won = CrmDeal(reference="R", title="t", contact_external_id="c-1", status="Won", price_rial=10)
    assert provider.save_deal(won, external_id="d-1", recover=True) == "d-1"
    assert sent(vendor) == {
        "Deal": {
            "Id": "d-1",
            "Title": "t",
            "PersonId": "c-1",
            "Status": "Won",
            "Description": "REF: R",
            "Price": 10,
            "TaxPercent": "0",
            "PipelineStageId": "s-9",
            "OwnerId": "u-1",
        }
    }


def test_edit_goes_on_where_the_detail_cannot_be_read(vendor, provider):
    say(vendor, "deal/getdealdetail", {"Message": "Deal not found"}, 400)
    say(vendor, "deal/save_v2", {"Response": {"Id": "d-1"}})
    assert provider.save_deal(DEAL, external_id="d-1") == "d-1"


def recovery(vendor, *descriptions, listed=None):
    """Didar finds these deals by the reference."""
    found = [{"_tp": "deal", "Id": f"d-{number}"} for number, _ in enumerate(descriptions)]
    say(vendor, "search/search", {"Response": {"Total": 9, "List": found if listed is None else listed}})
    for number, description in enumerate(descriptions):
        say(vendor, "deal/getdealdetail", {"Response": {"Id": f"d-{number}", "Description": description}})


@pytest.mark.parametrize(
    "description",
    [
        "1405-000001\nREF: ORDER-1405-000001",
        "REF: ORDER-1405-000001\r\nزنگ زدیم",
        "متن<br/>REF: ORDER-1405-000001<br>",
        "<p>x</p><p>REF: ORDER-1405-000001</p>",
    ],
)
def test_recover_adopts_the_deal_with_exactly_our_line(vendor, provider, description):
    recovery(vendor, "REF: ORDER-1405-0000011", "see REF: ORDER-1405-000001", None, description)
    assert provider.save_deal(DEAL, recover=True) == "d-3"
    assert sent(vendor, 0) == {"Keyword": "ORDER-1405-000001", "Types": ["deal"]}
    assert "deal/save_v2" not in paths(vendor)


@pytest.mark.parametrize("descriptions", [(), ("REF: ORDER-1405-0000011",), ("ORDER-1405-000001",), (None,)])
def test_recover_creates_what_is_not_found(vendor, provider, descriptions):
    recovery(vendor, *descriptions)
    say(vendor, "deal/save_v2", {"Response": {"Id": "d-new"}})
    assert provider.save_deal(DEAL, recover=True) == "d-new"


def test_recover_heeds_only_deals_that_are_there(vendor, provider):
    listed = [{"_tp": "contact", "Id": "c"}, {"_tp": "deal"}, {"Id": "d-0"}, 7]
    recovery(vendor, "REF: ORDER-1405-000001", listed=listed)
    assert provider.save_deal(DEAL, recover=True) == "d-0"
    assert len(vendor.calls) == 2


@pytest.mark.parametrize(
    ("body", "status"), [("<html>", 502), ("", 500), (requests.ReadTimeout(), 200), ({"nothing": 1}, 200), ("", 429)]
)
def test_recover_creates_nothing_while_it_cannot_look(vendor, provider, body, status):
    say(vendor, "search/search", body, status)
    with pytest.raises(Retry):
        provider.save_deal(DEAL, recover=True)
    assert paths(vendor) == ["search/search"]


def test_recover_creates_nothing_while_a_candidate_cannot_be_read(vendor, provider):
    say(vendor, "search/search", {"Response": {"List": [{"_tp": "deal", "Id": "d-0"}]}})
    say(vendor, "deal/getdealdetail", {"Message": "No."}, 400)
    with pytest.raises(Reject):
        provider.save_deal(DEAL, recover=True)
    assert "deal/save_v2" not in paths(vendor)


def test_recover_leaves_too_many_candidates_to_a_person(vendor, provider):
    recovery(vendor, *["other"] * 20, listed=[{"_tp": "deal", "Id": f"d-{number}"} for number in range(21)])
    with pytest.raises(Reject, match="21 deals look like"):
        provider.save_deal(DEAL, recover=True)
    assert "deal/save_v2" not in paths(vendor)


# --- notes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reply", [{"Response": {"Id": "a-1"}}, {"Response": {"Activity": {"Id": "a-1"}}}])
def test_note_is_a_done_activity_without_a_type(vendor, provider, reply):
    say(vendor, "activity/save", reply)
    assert provider.save_note(NOTE) == "a-1"
    assert sent(vendor) == {
        "Activity": {
            "ActivityTypeId": "00000000-0000-0000-0000-000000000000",
            "Title": "فرم نصب",
            "ResultNote": "ماهان M4 · تأییدشده\nREF: SIGN_OFF-7-CONFIRMED",
            "ContactIds": ["c-1"],
            "IsDone": True,
        }
    }


def test_note_that_may_be_there_is_for_a_person(vendor, provider):
    with pytest.raises(Reject, match="look for REF: SIGN_OFF-7-CONFIRMED"):
        provider.save_note(NOTE, recover=True)
    assert len(vendor.calls) == 0


# --- refusals --------------------------------------------------------------------------------------------------------

REPLIES = [
    ({"Message": "person and company both are empty"}, 400, Reject),
    ({"Error": "person and company both are empty"}, 400, Reject),
    ("plain text", 400, Reject),
    ("", 404, Reject),
    ({"Message": "refused with 200"}, 200, Reject),
    ("", 401, Misconfigured),
    ("", 403, Misconfigured),
    ("", 429, Retry),
    (requests.ConnectTimeout(), 200, Retry),
    (requests.ReadTimeout(), 200, Unknown),
    (requests.ConnectionError(f"{BASE}?apikey={KEY}"), 200, Unknown),
    ("", 500, Unknown),
    ({"Message": "An error has occurred."}, 500, Unknown),
    ("<html>", 502, Unknown),
    ("<html>", 200, Unknown),
    ("", 200, Unknown),
    ("[]", 200, Unknown),
    ({"response": {"Id": "d-1"}}, 200, Unknown),
    ({"Response": None}, 200, Unknown),
    ({"Response": {"Id": None}}, 200, Unknown),
    ({"Response": {"Id": ""}}, 200, Unknown),
    ({"Response": "d-1"}, 200, Unknown),
    ("", 302, Unknown),
]


@pytest.mark.parametrize(("body", "status", "kind"), REPLIES)
def test_deal_without_a_good_answer(vendor, provider, body, status, kind):
    say(vendor, "deal/save_v2", body, status)
    with pytest.raises(DeliveryError) as caught:
        provider.save_deal(DEAL)
    assert type(caught.value) is kind
    assert caught.value.reason
    assert KEY not in caught.value.reason


@pytest.mark.parametrize(("body", "status", "kind"), REPLIES)
def test_note_without_a_good_answer(vendor, provider, body, status, kind):
    say(vendor, "activity/save", body, status)
    with pytest.raises(DeliveryError) as caught:
        provider.save_note(NOTE)
    assert type(caught.value) is kind


@pytest.mark.parametrize(("body", "status", "kind"), REPLIES)
def test_contact_without_a_good_answer(vendor, provider, body, status, kind):
    say_nobody(vendor)
    say(vendor, "contact/save", body, status)
    with pytest.raises(DeliveryError) as caught:
        provider.save_contact(SARA)
    assert type(caught.value) is kind


def test_refusal_names_the_vendors_words_and_hides_the_key(vendor, provider):
    say(vendor, "deal/save_v2", {"Message": f"LastName can not be empty (?apikey={KEY})"}, 400)
    with pytest.raises(Reject) as caught:
        provider.save_deal(DEAL)
    assert caught.value.reason == "LastName can not be empty (?apikey=***)"


def test_too_many_requests_says_when_to_come_back(vendor, provider):
    say(vendor, "deal/save_v2", "", 429, headers={"Retry-After": "30"})
    with pytest.raises(Retry) as caught:
        provider.save_deal(DEAL)
    assert caught.value.after == 30


def test_one_operation_has_one_deadline(vendor, provider, monkeypatch):
    clock = iter([0.0, 10.0, didar.DEADLINE + 0.1])
    monkeypatch.setattr(didar, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    say_nobody(vendor)
    with pytest.raises(Retry, match="out of time"):
        provider.save_contact(SARA)


def test_missing_key_is_never_sent(settings, vendor):
    settings.DIDAR_API_KEY = ""
    with pytest.raises(Misconfigured):
        crm.provider().save_contact(SARA)
    assert len(vendor.calls) == 0
