import pytest
import requests


def send(sandbox, token="a-token", to="989121234567", **content):
    content = content or {"type": "template", "template": template()}
    body = {"messaging_product": "whatsapp", "to": to, **content}
    headers = {"Authorization": f"Bearer {token}"}
    return requests.post(f"{sandbox.url}/whatsapp/v26.0/1065/messages", json=body, headers=headers, timeout=5)


def template(name="renewal_paid", *texts):
    parameters = [{"type": "text", "text": text} for text in texts]
    return {"name": name, "language": {"code": "fa"}, "components": [{"type": "body", "parameters": parameters}]}


def text(body="سلام"):
    return {"type": "text", "text": {"preview_url": False, "body": body}}


def code_of(answer):
    return answer.json()["error"]["code"]


def test_template_is_kept_with_its_reference(sandbox):
    content = {"type": "template", "template": template("renewal_paid", "سارا"), "biz_opaque_callback_data": "n-7"}
    answer = send(sandbox, **content).json()

    [row] = sandbox.snapshot()["whatsapp"]
    assert answer["messages"] == [{"id": row["id"], "message_status": "accepted"}]
    assert (row["template"], row["variables"], row["callback_data"]) == ("renewal_paid", ["سارا"], "n-7")
    assert row["id"].startswith("wamid.")


def test_message_moves_on_with_the_clock(sandbox, clock):
    send(sandbox)
    seen = []
    for seconds in (0, 3, 5, 10):
        clock.pass_seconds(seconds)
        seen.append(sandbox.snapshot()["whatsapp"][0]["status"])
    assert seen == ["accepted", "sent", "delivered", "read"]


@pytest.mark.parametrize("fault", ["fails_later", "undelivered", "blocked"])
def test_taken_message_may_fail(sandbox, clock, fault):
    sandbox.arm("whatsapp", fault)
    send(sandbox)
    clock.pass_seconds(60)
    assert sandbox.snapshot()["whatsapp"][0]["status"] == "failed"


@pytest.mark.parametrize(
    ("change", "code", "status"),
    [
        ({"token": "wrong"}, 190, 401),
        ({"to": "phone"}, 131008, 400),
        ({"to": "989990131026"}, 131026, 400),
        ({"to": "989990130429"}, 130429, 429),
        ({"type": "image"}, 100, 400),
        ({"type": "template"}, 100, 400),
        ({"type": "template", "template": template("missing_one")}, 132001, 400),
        ({"type": "template", "template": template("x", " ")}, 131008, 400),
        (text(), 131047, 400),
        (text("x" * 4097), 131008, 400),
    ],
)
def test_refusals(sandbox, change, code, status):
    answer = send(sandbox, **change)

    assert (code_of(answer), answer.status_code) == (code, status)
    assert sandbox.snapshot()["whatsapp"] == []


def test_person_who_writes_may_be_answered_for_a_day(sandbox, clock):
    wish = {"from": "09121234567", "text": "سلام"}
    assert requests.post(f"{sandbox.url}/__inbound", json=wish, timeout=5).json() == {"from": "989121234567"}

    assert send(sandbox, **text()).status_code == 200
    assert code_of(send(sandbox, to="989351234567", **text())) == 131047
    clock.pass_seconds(24 * 3600)
    assert code_of(send(sandbox, **text())) == 131047


def test_form_of_the_front_page_lets_a_person_write(sandbox):
    form = {"from": "09121234567", "text": "سلام", "page": "1"}
    answer = requests.post(f"{sandbox.url}/__inbound", data=form, allow_redirects=False, timeout=5)

    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert send(sandbox, **text()).status_code == 200
    assert requests.post(f"{sandbox.url}/__inbound", json={"from": "x"}, timeout=5).status_code == 400


def test_other_calls_are_unknown(sandbox):
    headers = {"Authorization": "Bearer a-token"}
    assert code_of(requests.get(f"{sandbox.url}/whatsapp/v26.0/1065/messages", headers=headers, timeout=5)) == 100


def test_messages_are_told_on_the_front_page(sandbox):
    send(sandbox, type="template", template=template("renewal_paid", "<b>سارا</b>"))
    page = requests.get(sandbox.url, timeout=5).text

    assert "renewal_paid" in page
    assert "&lt;b&gt;سارا&lt;/b&gt;" in page
    assert "989121234567" in page
