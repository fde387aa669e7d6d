import http.server
import threading
import time

import pytest
import requests

from integrations.sandbox.faults import TRANSPORT, UnknownFault
from integrations.sandbox.server import PROVIDERS
from integrations.sandbox.story import FAULT_TITLES

from .test_zarinpal import MERCHANT, SESSION, at_the_bank, call, open_session, payment, verify


def arm(sandbox, provider, fault, **options):
    wish = {"provider": provider, "fault": fault, **options}
    return requests.post(f"{sandbox.url}/__faults", json=wish, timeout=5)


def read_nothing(sandbox, address, **body):
    """The connection is dropped without an answer."""
    with pytest.raises(requests.ConnectionError):
        requests.post(f"{sandbox.url}{address}", timeout=5, **body)


def paid_session(sandbox):
    authority = open_session(sandbox)
    at_the_bank(sandbox, authority, result="paid")
    return authority


def save_contact(sandbox):
    contact = {"Contact": {"LastName": "رستگار", "MobilePhone": "09121234567"}}
    return requests.post(f"{sandbox.url}/didar/contact/save?apikey=k", json=contact, timeout=5)


def list_users(sandbox):
    return requests.post(f"{sandbox.url}/didar/User/List?apikey=k", timeout=5)


def test_armed_faults_are_listed_and_used_up(sandbox):
    assert arm(sandbox, "didar", "http_500", times=2).json()["faults"][0]["times"] == 2

    statuses = [list_users(sandbox).status_code for _ in range(3)]

    assert statuses == [500, 500, 200]
    assert requests.get(f"{sandbox.url}/__faults", timeout=5).json()["faults"] == []


def test_times_zero_takes_a_fault_back(sandbox):
    arm(sandbox, "didar", "http_500", times=9)
    arm(sandbox, "didar", "http_500", times=0)

    assert list_users(sandbox).status_code == 200


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"provider": "nobody", "fault": "delay"},
        {"provider": "didar", "fault": "nothing"},
        {"provider": "kavenegar", "fault": "wrong_amount"},
        {"provider": "didar", "fault": "delay", "times": "many"},
        {"provider": "didar", "fault": "delay", "times": -1},
        {"provider": "didar", "fault": "delay", "seconds": "nan"},
    ],
)
def test_unknown_wishes_are_explained(sandbox, wish):
    answer = requests.post(f"{sandbox.url}/__faults", json=wish, timeout=5)

    assert answer.status_code == 400
    assert answer.json()["error"]
    assert "delay" in answer.json()["known"]["didar"]
    with pytest.raises(UnknownFault):
        sandbox.dial.arm(wish)


def test_fault_leaves_other_providers_alone(sandbox):
    arm(sandbox, "kavenegar", "http_500")

    assert list_users(sandbox).status_code == 200
    assert open_session(sandbox)


def test_match_chooses_the_call(sandbox):
    arm(sandbox, "zarinpal", "http_500", match="VERIFY")

    authority = paid_session(sandbox)

    assert call(sandbox, "verify", merchant_id=MERCHANT, amount=1, authority=authority).status_code == 500
    assert payment(sandbox, authority)["verify_calls"] == 0


def test_timeout_before_does_nothing(sandbox):
    arm(sandbox, "didar", "timeout_before", seconds=0.2)

    read_nothing(sandbox, "/didar/contact/save?apikey=k", json={"Contact": {"LastName": "x"}})

    assert sandbox.snapshot()["didar"]["contacts"] == []


def test_timeout_after_effect_strikes_the_next_write(sandbox):
    arm(sandbox, "didar", "timeout_after_effect", seconds=0.2)

    assert list_users(sandbox).status_code == 200
    read_nothing(sandbox, "/didar/contact/save?apikey=k", json={"Contact": {"LastName": "x"}})

    assert len(sandbox.snapshot()["didar"]["contacts"]) == 1


def test_timeout_after_effect_strikes_verify(sandbox):
    arm(sandbox, "zarinpal", "timeout_after_effect", seconds=0.2)
    authority = paid_session(sandbox)

    body = {"merchant_id": MERCHANT, "amount": SESSION["amount"], "authority": authority}
    read_nothing(sandbox, "/zarinpal/pg/v4/payment/verify.json", json=body)

    assert payment(sandbox, authority)["status"] == "verified"
    assert verify(sandbox, authority)["data"]["code"] == 101


def test_lost_sms_is_stored_once(sandbox):
    arm(sandbox, "kavenegar", "timeout_after_effect", seconds=0.2)
    form = {"receptor": "09121234567", "message": "سلام", "localid": "5"}

    read_nothing(sandbox, "/kavenegar/v1/key/sms/send.json", data=form)
    again = requests.post(f"{sandbox.url}/kavenegar/v1/key/sms/send.json", data=form, timeout=5).json()

    [row] = sandbox.snapshot()["sms"]
    assert again["entries"][0]["messageid"] == row["messageid"]


def test_client_that_gives_up_frees_its_connection(sandbox):
    arm(sandbox, "didar", "timeout_before", seconds=30)

    with pytest.raises(requests.Timeout):
        requests.post(f"{sandbox.url}/didar/User/List?apikey=k", timeout=0.3)

    deadline = time.monotonic() + 3
    while sandbox._listener._connections and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not sandbox._listener._connections


def test_delay_answers_late(sandbox):
    arm(sandbox, "didar", "delay", seconds=0.6)
    began = time.monotonic()

    assert save_contact(sandbox).status_code == 200
    assert time.monotonic() - began >= 0.5


def test_too_many_says_when_to_come_back(sandbox):
    arm(sandbox, "didar", "http_429", seconds=7)

    answer = save_contact(sandbox)

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert sandbox.snapshot()["didar"]["contacts"] == []


@pytest.mark.parametrize(("fault", "done"), [("garbage", True), ("empty", True), ("html", False), ("huge", False)])
def test_unreadable_answers(sandbox, fault, done):
    arm(sandbox, "didar", fault)

    answer = save_contact(sandbox)

    assert len(sandbox.snapshot()["didar"]["contacts"]) == done
    if fault == "huge":
        assert len(answer.content) > 5_000_000
    else:
        with pytest.raises(ValueError):
            answer.json()


def test_html_page_may_claim_success(sandbox):
    arm(sandbox, "didar", "html", status=200)

    answer = list_users(sandbox)

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")


def test_redirect_points_into_a_private_network(sandbox):
    arm(sandbox, "didar", "redirect")

    answer = requests.post(f"{sandbox.url}/didar/User/List?apikey=k", allow_redirects=False, timeout=5)

    assert (answer.status_code, answer.headers["Location"][:23]) == (302, "http://169.254.169.254/")


def test_trickle_never_ends_in_time(sandbox):
    arm(sandbox, "didar", "trickle")

    with requests.post(f"{sandbox.url}/didar/User/List?apikey=k", stream=True, timeout=5) as answer:
        began = time.monotonic()
        assert len(answer.raw.read(2)) == 2
        assert time.monotonic() - began >= 0.4


def test_already_verified_answers_101_at_once(sandbox):
    arm(sandbox, "zarinpal", "already_verified")
    authority = paid_session(sandbox)

    data = verify(sandbox, authority)["data"]

    assert (data["code"], data["ref_id"]) == (101, payment(sandbox, authority)["ref_id"])


def test_wrong_amount_is_said_with_code_100(sandbox):
    arm(sandbox, "zarinpal", "wrong_amount", times=2)
    authority = paid_session(sandbox)

    first, second = verify(sandbox, authority)["data"], verify(sandbox, authority)["data"]

    assert first["code"] == second["code"] == 100
    assert first["amount"] == second["amount"] != SESSION["amount"]
    assert "amount" not in verify(sandbox, authority)["data"]


def test_repeated_reference(sandbox):
    first = verify(sandbox, paid_session(sandbox))["data"]["ref_id"]
    arm(sandbox, "zarinpal", "repeated_ref_id")

    assert verify(sandbox, paid_session(sandbox))["data"]["ref_id"] == first


def test_refused_number_strikes_the_next_message(sandbox):
    arm(sandbox, "kavenegar", "refused_number")
    address = f"{sandbox.url}/kavenegar/v1/key"

    assert requests.post(f"{address}/account/info.json", timeout=5).status_code == 200
    form = {"receptor": "09121234567", "message": "x"}
    answers = [requests.post(f"{address}/sms/send.json", data=form, timeout=5) for _ in range(2)]

    assert [answer.json()["return"]["status"] for answer in answers] == [411, 200]


def test_vendor_code_answers_as_the_vendor_would(sandbox):
    arm(sandbox, "zarinpal", "vendor_code", code=-12)
    arm(sandbox, "kavenegar", "vendor_code", code=418)
    arm(sandbox, "didar", "vendor_code", code=403)

    assert call(sandbox, "request", **SESSION).json()["errors"]["code"] == -12
    answer = requests.post(f"{sandbox.url}/kavenegar/v1/key/account/info.json", timeout=5)
    assert answer.json()["return"]["status"] == 418
    assert list_users(sandbox).status_code == 403


def test_lost_callback_takes_the_money_and_stays(sandbox):
    arm(sandbox, "zarinpal", "lost_callback")
    authority = open_session(sandbox)
    requests.get(f"{sandbox.url}/zarinpal/pg/StartPay/{authority}", timeout=5)

    answer = at_the_bank(sandbox, authority, result="paid")

    assert (answer.status_code, "Location" in answer.headers) == (200, False)
    assert payment(sandbox, authority)["status"] == "paid"


class Shop(http.server.BaseHTTPRequestHandler):
    """A shop that counts the callbacks it gets."""

    def do_GET(self):
        self.server.visits.append(self.path)
        self.server.visited.set()
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture
def shop():
    server = http.server.HTTPServer(("127.0.0.1", 0), Shop)
    server.visits, server.visited = [], threading.Event()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_duplicate_callback_also_comes_by_itself(sandbox, shop):
    arm(sandbox, "zarinpal", "duplicate_callback")
    authority = open_session(sandbox, callback_url=f"http://127.0.0.1:{shop.server_port}/return/7/?a=1")

    answer = at_the_bank(sandbox, authority, result="paid")

    assert answer.status_code == 302
    assert shop.visited.wait(5)
    assert shop.visits == [f"/return/7/?a=1&Authority={authority}&Status=OK"]


def test_every_fault_has_a_name_for_people():
    known = {*TRANSPORT, *(fault for provider in PROVIDERS for fault in provider.behaviours)}

    assert set(FAULT_TITLES) == known
