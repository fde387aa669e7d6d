import pytest
import requests

LINE = 30007732000000


def call(sandbox, path, body=None, key="sandbox-key", **query):
    method = "GET" if body is None else "POST"
    url, headers = f"{sandbox.url}/smsir/v1/{path}", {"X-API-KEY": key}
    return requests.request(method, url, json=body, params=query, headers=headers, timeout=5)


def bulk(sandbox, **changes):
    body = {"lineNumber": LINE, "messageText": "سلام", "mobiles": ["09121234567"], "sendDateTime": None, **changes}
    return call(sandbox, "send/bulk", body)


def test_bulk_keeps_one_message_for_each_number(sandbox):
    answer = bulk(sandbox, mobiles=["09121234567", "9351234567"]).json()

    assert (answer["status"], answer["message"]) == (1, "موفق")
    rows = sandbox.snapshot()["sms"]
    assert [row["messageid"] for row in rows] == answer["data"]["messageIds"]
    assert [(row["provider"], row["receptor"]) for row in rows] == [("smsir", "09121234567"), ("smsir", "09351234567")]


def test_every_call_is_a_new_message(sandbox):
    assert bulk(sandbox).json()["data"]["messageIds"] != bulk(sandbox).json()["data"]["messageIds"]
    assert len(sandbox.snapshot()["sms"]) == 2


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"lineNumber": None}, 101),
        ({"messageText": " "}, 103),
        ({"messageText": None}, 103),
        ({"mobiles": ["02188776655"]}, 104),
        ({"mobiles": ["09121234567"] * 101}, 105),
        ({"mobiles": []}, 107),
        ({"mobiles": "09121234567"}, 16),
    ],
)
def test_refusals(sandbox, changes, code):
    answer = bulk(sandbox, **changes)

    assert (answer.status_code, answer.json()["status"], answer.json()["data"]) == (400, code, None)
    assert sandbox.snapshot()["sms"] == []


@pytest.mark.parametrize("key", ["", "wrong-key"])
def test_key_is_in_the_header(sandbox, key):
    answer = call(sandbox, "credit", key=key)
    assert (answer.status_code, answer.json()["status"]) == (401, 10)


def test_like_to_like_takes_parallel_lists(sandbox):
    body = {"lineNumber": LINE, "messageTexts": ["الف", "ب"], "mobiles": ["09121234567", "09990000411"]}

    answer = call(sandbox, "send/likeToLike", body).json()

    assert answer["data"]["messageIds"][1] is None
    assert [row["message"] for row in sandbox.snapshot()["sms"]] == ["الف"]
    assert call(sandbox, "send/likeToLike", {**body, "mobiles": ["09121234567"]}).json()["status"] == 110


def test_verify_knows_the_template_of_the_documents(sandbox):
    body = {"mobile": "09121234567", "templateId": 123456, "parameters": [{"name": "Code", "value": "12345"}]}

    assert call(sandbox, "send/verify", body).json()["data"]["messageId"]
    assert "12345" in sandbox.snapshot()["sms"][0]["message"]
    assert call(sandbox, "send/verify", {**body, "templateId": 5}).json()["status"] == 113
    long = [{"name": "Code", "value": "x" * 26}]
    assert call(sandbox, "send/verify", {**body, "parameters": long}).json()["status"] == 114


def test_one_message_and_its_state_by_the_clock(sandbox, clock):
    [number] = bulk(sandbox).json()["data"]["messageIds"]
    seen = []
    for seconds in (0, 3, 5):
        clock.pass_seconds(seconds)
        seen.append(call(sandbox, f"send/{number}").json()["data"]["deliveryState"])

    assert seen == [5, 3, 1]
    assert call(sandbox, "send/1").json()["status"] == 111


def test_lists_of_today_and_before(sandbox, clock):
    bulk(sandbox, mobiles=["09121234567"] * 12)
    today = [call(sandbox, "send/live", pageSize=5, pageNumber=page).json()["data"] for page in (1, 2, 3, 4)]
    clock.pass_seconds(86_400)

    assert [len(page) for page in today] == [5, 5, 2, 0]
    assert today[0][0]["mobile"] == 989121234567
    assert call(sandbox, "send/live", pageSize=5).json()["data"] == []
    assert len(call(sandbox, "send/archive", pageSize=100).json()["data"]) == 12
    assert call(sandbox, "send/archive", pageSize=100, fromDate=int(clock())).json()["data"] == []
    assert call(sandbox, "send/live", pageSize=101).json()["status"] == 16


def test_credit_line_and_unknown_calls(sandbox):
    before = call(sandbox, "credit").json()["data"]
    bulk(sandbox)

    assert before - call(sandbox, "credit").json()["data"] == 1
    assert call(sandbox, "line").json()["data"] == [LINE]
    assert call(sandbox, "nothing", {}).status_code == 400


def test_refused_number_of_a_batch_gets_no_id(sandbox):
    sandbox.arm("smsir", "refused_number", times=2)
    two = {"lineNumber": LINE, "messageTexts": ["الف", "ب"], "mobiles": ["09121234567", "09121234568"]}

    assert call(sandbox, "send/likeToLike", two).json()["data"]["messageIds"][0] is None
    assert bulk(sandbox).json()["status"] == 115
    assert len(sandbox.snapshot()["sms"]) == 1
