import json

import pytest
import requests


def call(sandbox, method, key="sandbox-key", **form):
    return requests.post(f"{sandbox.url}/kavenegar/v1/{key}/{method}.json", data=form, timeout=5)


def send(sandbox, **changes):
    form = {"receptor": "09121234567", "message": "سلام", "localid": "90017", **changes}
    return call(sandbox, "sms/send", **form)


def test_send_keeps_the_message(sandbox):
    answer = send(sandbox, sender="10001").json()

    assert answer["return"] == {"status": 200, "message": "تایید شد"}
    [entry] = answer["entries"]
    [row] = sandbox.snapshot()["sms"]
    for name in ("messageid", "message", "receptor", "sender", "status", "statustext"):
        assert row[name] == entry[name]
    assert (row["message"], row["localid"], row["sender"]) == ("سلام", "90017", "10001")


def test_repeated_localid_is_not_sent_again(sandbox):
    first = send(sandbox).json()["entries"][0]

    second = send(sandbox, message="متن دیگر").json()["entries"][0]

    assert second["messageid"] == first["messageid"]
    assert second["message"] == "سلام"
    assert len(sandbox.snapshot()["sms"]) == 1


def test_message_moves_on_with_the_clock(sandbox, clock):
    identity = send(sandbox).json()["entries"][0]["messageid"]
    seen = []
    for seconds in (0, 3, 5):
        clock.pass_seconds(seconds)
        seen.append(call(sandbox, "sms/status", messageid=identity).json()["entries"][0]["status"])

    assert seen == [1, 5, 10]
    assert sandbox.snapshot()["sms"][0]["status"] == 10


@pytest.mark.parametrize(("receptor", "status"), [("09990000006", 6), ("09990000011", 11), ("09990000014", 14)])
def test_magic_receptors_end_otherwise(sandbox, clock, receptor, status):
    send(sandbox, receptor=receptor)
    clock.pass_seconds(60)

    assert sandbox.snapshot()["sms"][0]["status"] == status


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"receptor": "12"}, 411),
        ({"receptor": "09990000411"}, 411),
        ({"receptor": ""}, 406),
        ({"message": "x" * 901}, 413),
        ({"receptor": ",".join(["09121234567"] * 201), "localid": ""}, 414),
        ({"receptor": "09121234567,09121234568"}, 419),
        ({"localid": "abc"}, 400),
        ({"key": "wrong-key"}, 403),
    ],
)
def test_send_refuses_in_the_envelope_and_the_status(sandbox, changes, code):
    answer = send(sandbox, **changes)

    assert answer.status_code == code
    assert answer.json()["return"]["status"] == code
    assert sandbox.snapshot()["sms"] == []


def test_send_without_a_message_is_incomplete(sandbox):
    assert call(sandbox, "sms/send", receptor="09121234567").json()["return"]["status"] == 400


def test_numbers_are_accepted_in_every_form(sandbox):
    forms = ["09121234567", "9121234567", "+989121234567", "00989121234567"]

    entries = call(sandbox, "sms/send", receptor=",".join(forms), message="x").json()["entries"]

    assert {entry["receptor"] for entry in entries} == {"09121234567"}
    assert len({entry["messageid"] for entry in entries}) == 4


def test_sendarray_takes_parallel_lists(sandbox):
    lists = {
        "receptor": ["09121234567", "09121234568"],
        "sender": ["1000", "1000"],
        "message": ["الف", "ب"],
        "localmessageids": [1, 2],
    }
    form = {name: json.dumps(values) for name, values in lists.items()}

    assert call(sandbox, "sms/sendarray", **form).json()["return"]["status"] == 200
    assert [(row["message"], row["localid"]) for row in sandbox.snapshot()["sms"]] == [("الف", "1"), ("ب", "2")]
    assert call(sandbox, "sms/sendarray", **{**form, "message": '["x"]'}).json()["return"]["status"] == 419
    address = f"{sandbox.url}/kavenegar/v1/sandbox-key/sms/sendarray.json"
    assert requests.get(address, params=form, timeout=5).status_code == 405


def test_lost_message_is_found_by_localid_for_twelve_hours(sandbox, clock):
    identity = send(sandbox).json()["entries"][0]["messageid"]

    rows = call(sandbox, "sms/statuslocalmessageid", localid="90017,5").json()["entries"]
    clock.pass_seconds(12 * 3600 + 1)
    [late] = call(sandbox, "sms/statuslocalmessageid", localid="90017").json()["entries"]

    assert [(row["messageid"], row["localid"], row["status"]) for row in rows] == [(identity, 90017, 1), (0, 5, 100)]
    assert late["status"] == 100


def test_status_of_an_unknown_id_is_100(sandbox):
    assert call(sandbox, "sms/status", messageid="5").json()["entries"][0]["status"] == 100
    assert call(sandbox, "sms/status", messageid=",".join(["5"] * 501)).json()["return"]["status"] == 414


def test_lookup_answers_in_both_shapes(sandbox):
    form = {"receptor": "09121234567", "template": "login", "token": "481277"}

    one = call(sandbox, "verify/lookup", **form).json()["entries"]
    sandbox.turn({"kavenegar.lookup": "list"})
    many = call(sandbox, "verify/lookup", **form).json()["entries"]

    assert one["status"] == 5
    assert [entry["receptor"] for entry in many] == ["09121234567"]
    assert sandbox.snapshot()["sms"][0]["template"] == "login"
    assert "481277" in sandbox.snapshot()["sms"][0]["message"]
    assert call(sandbox, "verify/lookup", **{**form, "token": "4 8"}).json()["return"]["status"] == 431


def test_account_and_unknown_methods(sandbox):
    assert set(call(sandbox, "account/info").json()["entries"]) == {"remaincredit", "expiredate", "type"}
    assert call(sandbox, "utils/getdate", key="0").json()["entries"]["unixtime"] == 1_795_000_000
    assert call(sandbox, "sms/nothing").json()["return"]["status"] == 404
