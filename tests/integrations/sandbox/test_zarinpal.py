import re

import pytest
import requests

MERCHANT = "00000000-0000-4000-8000-000000000000"
SESSION = {
    "merchant_id": MERCHANT,
    "amount": 48_000_000,
    "currency": "IRR",
    "description": "تمدید دو ساله",
    "callback_url": "http://127.0.0.1:9/payments/return/zarinpal/7/?a=1",
    "metadata": {"mobile": "09121234567"},
}


def call(sandbox, name, **body):
    return requests.post(f"{sandbox.url}/zarinpal/pg/v4/payment/{name}.json", json=body, timeout=5)


def open_session(sandbox, **changes):
    return call(sandbox, "request", **{**SESSION, **changes}).json()["data"]["authority"]


def at_the_bank(sandbox, authority, **form):
    address = f"{sandbox.url}/zarinpal/pg/StartPay/{authority}"
    return requests.post(address, data=form, allow_redirects=False, timeout=5)


def verify(sandbox, authority, amount=SESSION["amount"], merchant_id=MERCHANT):
    return call(sandbox, "verify", merchant_id=merchant_id, amount=amount, authority=authority).json()


def payment(sandbox, authority):
    [found] = [row for row in sandbox.snapshot()["payments"] if row["authority"] == authority]
    return found


def test_request_opens_a_session(sandbox):
    answer = call(sandbox, "request", **SESSION).json()

    assert answer["errors"] == []
    assert answer["data"]["code"] == 100
    assert re.fullmatch(r"A[0-9A-Za-z]{35}", answer["data"]["authority"])
    row = payment(sandbox, answer["data"]["authority"])
    assert {
        name: row[name] for name in ("amount", "currency", "description", "callback_url", "status", "verify_calls")
    } == {
        **{name: SESSION[name] for name in ("amount", "currency", "description", "callback_url")},
        "status": "created",
        "verify_calls": 0,
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("merchant_id", "short"),
        ("merchant_id", None),
        ("amount", 999),
        ("amount", 5000.5),
        ("amount", "48000000"),
        ("amount", True),
        ("currency", "USD"),
        ("currency", ["IRR"]),
        ("description", ""),
        ("description", "x" * 501),
        ("callback_url", "/relative/"),
        ("callback_url", "http://["),
        ("metadata", {}),
        ("metadata", []),
    ],
)
def test_request_with_a_wrong_field_names_it(sandbox, field, value):
    answer = call(sandbox, "request", **{**SESSION, field: value})

    assert answer.status_code == 422
    assert answer.json()["data"] == []
    assert answer.json()["errors"]["code"] == -9
    assert [list(row) for row in answer.json()["errors"]["validations"]] == [[field]]
    assert sandbox.snapshot()["payments"] == []


def test_request_over_the_maximum_is_refused(sandbox):
    assert call(sandbox, "request", **{**SESSION, "amount": 1_000_000_001}).json()["errors"]["code"] == -41
    assert (
        call(sandbox, "request", **{**SESSION, "amount": 100_000_001, "currency": "IRT"}).json()["errors"]["code"]
        == -41
    )


def test_inactive_terminal_answers_in_the_data_shape(sandbox):
    answer = call(sandbox, "request", **{**SESSION, "merchant_id": "ffffffff-0000-4000-8000-000000000000"}).json()

    assert answer["data"]["code"] == -11
    assert "errors" not in answer


def test_bank_page_is_a_plain_form_with_two_results(sandbox):
    authority = open_session(sandbox, description='<b>"x"</b>')

    page = requests.get(f"{sandbox.url}/zarinpal/pg/StartPay/{authority}", timeout=5)

    assert re.findall(r'name="result" value="(\w+)"', page.text) == ["paid", "cancelled"]
    assert "درگاه آزمایشی" in page.text
    assert "۴٬۸۰۰٬۰۰۰ تومان" in page.text
    assert "<b>" not in page.text
    assert "style=" not in page.text


def test_bank_page_of_an_unknown_authority_is_404(sandbox):
    assert requests.get(f"{sandbox.url}/zarinpal/pg/StartPay/A{'0' * 35}", timeout=5).status_code == 404


@pytest.mark.parametrize(("result", "status", "word"), [("paid", "paid", "OK"), ("cancelled", "cancelled", "NOK")])
def test_bank_sends_the_browser_back(sandbox, result, status, word):
    authority = open_session(sandbox)

    answer = at_the_bank(sandbox, authority, result=result)

    assert answer.status_code == 302
    assert answer.headers["Location"] == f"{SESSION['callback_url']}&Authority={authority}&Status={word}"
    assert payment(sandbox, authority)["status"] == status


def test_bank_without_a_result_says_so(sandbox):
    authority = open_session(sandbox)

    assert at_the_bank(sandbox, authority, result="maybe").status_code == 400
    assert payment(sandbox, authority)["status"] == "created"


def test_second_click_at_the_bank_changes_nothing(sandbox):
    authority = open_session(sandbox)
    at_the_bank(sandbox, authority, result="paid")

    answer = at_the_bank(sandbox, authority, result="cancelled")

    assert answer.headers["Location"].endswith("Status=OK")
    assert payment(sandbox, authority)["status"] == "paid"


def test_closed_browser_pays_without_coming_back(sandbox):
    authority = open_session(sandbox)

    assert at_the_bank(sandbox, authority, unseen="paid").status_code == 200
    assert payment(sandbox, authority)["status"] == "paid"


def test_verify_answers_100_then_101_with_one_reference(sandbox):
    authority = open_session(sandbox)
    at_the_bank(sandbox, authority, result="paid")

    first, second = verify(sandbox, authority), verify(sandbox, authority)

    assert (first["data"]["code"], second["data"]["code"]) == (100, 101)
    assert first["data"]["ref_id"] == second["data"]["ref_id"]
    assert first["data"]["card_pan"] == "502229******5995"
    assert re.fullmatch(r"[0-9A-F]{64}", first["data"]["card_hash"])
    row = payment(sandbox, authority)
    assert (row["status"], row["verify_calls"], row["ref_id"]) == ("verified", 2, first["data"]["ref_id"])


def test_verify_refuses_what_it_must(sandbox):
    paid, unpaid, cancelled = (open_session(sandbox) for _ in range(3))
    at_the_bank(sandbox, paid, result="paid")
    at_the_bank(sandbox, cancelled, result="cancelled")

    assert verify(sandbox, paid, amount=SESSION["amount"] // 10)["errors"]["code"] == -50
    assert verify(sandbox, unpaid)["errors"]["code"] == -51
    assert verify(sandbox, cancelled)["errors"]["code"] == -51
    assert verify(sandbox, paid, merchant_id="11111111-0000-4000-8000-000000000000")["errors"]["code"] == -53
    assert verify(sandbox, "A" + "0" * 35) == {"errors": {"authority": ["Invalid authority", "-54"]}}
    assert payment(sandbox, paid)["status"] == "paid"


def test_references_are_unique_even_after_a_reset(sandbox):
    references = []
    for _ in range(3):
        authority = open_session(sandbox)
        at_the_bank(sandbox, authority, result="paid")
        references.append(verify(sandbox, authority)["data"]["ref_id"])
        sandbox.reset()

    assert len(set(references)) == 3


def test_inquiry_reads_without_verifying(sandbox):
    authority = open_session(sandbox)
    seen = []
    for step in (
        lambda: None,
        lambda: at_the_bank(sandbox, authority, result="paid"),
        lambda: verify(sandbox, authority),
    ):
        step()
        seen.append(call(sandbox, "inquiry", merchant_id=MERCHANT, authority=authority).json()["data"]["status"])

    assert seen == ["IN_BANK", "PAID", "VERIFIED"]


def test_unverified_lists_paid_and_not_verified(sandbox):
    paid, verified, _ = (open_session(sandbox) for _ in range(3))
    at_the_bank(sandbox, paid, result="paid")
    at_the_bank(sandbox, verified, result="paid")
    verify(sandbox, verified)

    data = call(sandbox, "unVerified", merchant_id=MERCHANT).json()["data"]

    assert data["code"] == "100"
    assert [(row["authority"], row["amount"]) for row in data["authorities"]] == [(paid, SESSION["amount"])]


def test_reverse_only_within_thirty_minutes(sandbox, clock):
    early, late, unpaid = (open_session(sandbox) for _ in range(3))
    at_the_bank(sandbox, early, result="paid")
    at_the_bank(sandbox, late, result="paid")

    assert call(sandbox, "reverse", merchant_id=MERCHANT, authority=early).json()["data"]["code"] == 100
    assert call(sandbox, "reverse", merchant_id=MERCHANT, authority=unpaid).json()["errors"]["code"] == -61
    clock.pass_seconds(30 * 60 + 1)
    assert call(sandbox, "reverse", merchant_id=MERCHANT, authority=late).json()["errors"]["code"] == -63
    assert verify(sandbox, early)["errors"]["code"] == -51


@pytest.mark.parametrize("shape", ["errors", "fields", "data"])
def test_failure_shape_can_be_switched(sandbox, shape):
    sandbox.turn({"zarinpal.failure": shape})

    answer = verify(sandbox, open_session(sandbox))

    assert (
        answer
        == {
            "errors": {"data": [], "errors": {"code": -51, "message": answer_text(answer), "validations": []}},
            "fields": {"errors": {"authority": [answer_text(answer), "-51"]}},
            "data": {"data": {"code": -51, "message": answer_text(answer)}},
        }[shape]
    )


def answer_text(answer):
    return re.search(r"Session is not valid, [\w ]+\.", str(answer))[0]


def test_codes_can_be_strings(sandbox):
    sandbox.turn({"zarinpal.codes": "strings"})
    authority = open_session(sandbox)
    at_the_bank(sandbox, authority, result="paid")

    assert verify(sandbox, authority)["data"]["code"] == "100"
    assert verify(sandbox, authority, amount=1_000)["errors"]["code"] == "-50"
