"""Two providers of text messages: the second is tried only where the first has certainly sent nothing."""

import contextlib

import pytest

from integrations import sms
from integrations.ports import Misconfigured, Reject, Retry, Sms, Unknown
from integrations.sandbox.server import start

from .test_against_sandbox import HELD, KINDS, WITH_EFFECT

TEXT = Sms(phone="+989121234567", text="خدمات تمدید شد", local_id=17)


@pytest.fixture(scope="module")
def running():
    with start() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running, settings):
    running.reset()
    settings.OUTBOUND_HOSTS = {running.url.removeprefix("http://")}
    settings.PROVIDER_TIMEOUT_SECONDS = 10.0
    settings.SMS_PROVIDERS = ["kavenegar", "smsir"]
    settings.KAVENEGAR_BASE_URL = f"{running.url}/kavenegar"
    settings.KAVENEGAR_API_KEY = "a-kavenegar-key"
    settings.SMSIR_BASE_URL = f"{running.url}/smsir"
    settings.SMSIR_API_KEY = "a-smsir-key"
    settings.SMSIR_LINE = "30007732000000"
    return running


@pytest.fixture
def struck(sandbox, settings):
    @contextlib.contextmanager
    def strike(provider, fault, match="", **options):
        settings.PROVIDER_TIMEOUT_SECONDS = 0.5 if fault in HELD else 10.0
        seconds = {"seconds": 1.2} if fault == "delay" else {}
        sandbox.arm(provider, fault, match=match, **seconds, **options)
        yield
        settings.PROVIDER_TIMEOUT_SECONDS = 10.0

    return strike


def sent(sandbox):
    return [row["provider"] for row in sandbox.snapshot()["sms"]]


def test_the_first_one_is_preferred(sandbox):
    name, receipt = sms.send(TEXT)

    [row] = sandbox.snapshot()["sms"]
    assert (name, str(row["messageid"]), row["provider"]) == ("kavenegar", receipt.external_id, "kavenegar")


def test_order_is_that_of_the_setting(sandbox, settings):
    settings.SMS_PROVIDERS = ["smsir", "kavenegar"]
    assert [port.name for port in sms.providers()] == ["smsir", "kavenegar"]
    assert sms.send(TEXT)[0] == "smsir"


def test_unknown_provider_is_an_error_of_the_setting(settings):
    settings.SMS_PROVIDERS = ["pigeon"]
    with pytest.raises(KeyError):
        sms.providers()


@pytest.mark.parametrize("code", [402, 403, 409, 418, 420, 422, 451, 501])
def test_the_second_one_steps_in(sandbox, struck, code):
    """Busy, without credit, a wrong key, words that this line may not carry."""
    with struck("kavenegar", "vendor_code", "sms/send", code=code):
        assert sms.send(TEXT)[0] == "smsir"
    assert sent(sandbox) == ["smsir"]


def test_a_number_that_is_refused_is_refused(sandbox, struck):
    with struck("kavenegar", "refused_number"), pytest.raises(Reject):
        sms.send(TEXT)
    assert sent(sandbox) == []


@pytest.mark.parametrize("fault", [fault for fault, kind in KINDS.items() if kind is Unknown])
def test_the_second_one_is_never_tried_in_doubt(sandbox, struck, fault):
    with struck("kavenegar", fault, "sms/send"), pytest.raises(Unknown):
        sms.send(TEXT)
    assert sent(sandbox) == (["kavenegar"] if fault in WITH_EFFECT else [])

    sms.send(TEXT, recover=True)
    assert sent(sandbox) == ["kavenegar"]


@pytest.mark.parametrize("fault", [fault for fault, kind in KINDS.items() if kind is Unknown])
def test_doubt_at_the_second_one_is_cleared_up_there(sandbox, struck, fault):
    with (
        struck("kavenegar", "vendor_code", "sms/send", code=418),
        struck("smsir", fault, "send/bulk"),
        pytest.raises(Unknown),
    ):
        sms.send(TEXT)
    found = sent(sandbox)

    name, _receipt = sms.send(TEXT, recover=True)
    assert sent(sandbox) == (found or ["kavenegar"])
    assert name == (found or ["kavenegar"])[0]


def test_nothing_is_sent_while_one_of_them_cannot_look(sandbox, struck):
    with struck("smsir", "http_500", "send/live"), pytest.raises(Retry):
        sms.send(TEXT, recover=True)
    assert sent(sandbox) == []


def test_all_of_them_busy_means_to_wait_as_briefly_as_one_says(sandbox, struck):
    with (
        struck("kavenegar", "vendor_code", "sms/send", code=403),
        struck("smsir", "http_429", "send/bulk", seconds=7),
        pytest.raises(Retry) as caught,
    ):
        sms.send(TEXT)
    assert caught.value.after == 7
    assert sent(sandbox) == []


def test_busy_first_one_outweighs_a_refusal_of_the_second(sandbox, struck):
    with (
        struck("kavenegar", "vendor_code", "sms/send", code=409),
        struck("smsir", "refused_number"),
        pytest.raises(Retry),
    ):
        sms.send(TEXT)


@pytest.mark.parametrize(("fault", "kind"), [({"code": 102}, Misconfigured), ({"code": 104}, Reject)])
def test_out_of_credit_everywhere(sandbox, struck, fault, kind):
    with (
        struck("kavenegar", "vendor_code", "sms/send", code=418),
        struck("smsir", "vendor_code", "send/bulk", **fault),
        pytest.raises(kind),
    ):
        sms.send(TEXT)


# --- Kavenegar's array, through the dial -----------------------------------------------------------------------------

MESSAGES = [Sms(phone=f"+9891212345{n:02}", text=f"پیام {n}", local_id=n) for n in range(1, 31)]


@pytest.mark.parametrize("fault", KINDS)
def test_batch_is_sent_once_whatever_happens(sandbox, struck, fault):
    port = sms.named("kavenegar")
    with struck("kavenegar", fault, "sms/sendarray"), pytest.raises(KINDS[fault]):
        port.send_batch(MESSAGES)

    outcomes = port.send_batch(MESSAGES, recover=KINDS[fault] is Unknown)
    rows = {row["message"]: str(row["messageid"]) for row in sandbox.snapshot()["sms"]}
    assert len(sandbox.snapshot()["sms"]) == len(MESSAGES)
    assert [outcome.receipt.external_id for outcome in outcomes] == [rows[sms.text] for sms in MESSAGES]


def test_batch_adopts_what_went_out_and_sends_the_rest(sandbox):
    port = sms.named("kavenegar")
    earlier = {message.local_id: port.send(message) for message in MESSAGES[:10]}

    outcomes = port.send_batch(MESSAGES, recover=True)

    assert [outcome.receipt for outcome in outcomes[:10]] != []
    assert {o.local_id: o.receipt.external_id for o in outcomes[:10]} == {
        key: receipt.external_id for key, receipt in earlier.items()
    }
    assert len(sent(sandbox)) == len(MESSAGES)


@pytest.mark.parametrize("bad", [[0], [29], [3, 4, 20]])
def test_bad_numbers_do_not_hold_up_the_others(sandbox, bad):
    messages = list(MESSAGES)
    for index in bad:
        messages[index] = Sms(phone="+982188776655", text="x", local_id=messages[index].local_id)

    outcomes = sms.named("kavenegar").send_batch(messages)

    assert [index for index, outcome in enumerate(outcomes) if outcome.error] == bad
    assert {outcomes[index].error.code for index in bad} == {"411"}
    assert len(sent(sandbox)) == len(MESSAGES) - len(bad)


def test_many_bad_numbers_cost_a_limited_number_of_calls(sandbox):
    messages = [Sms(phone="+982188776655", text="x", local_id=n) for n in range(200)]

    outcomes = sms.named("kavenegar").send_batch(messages)

    kinds = {type(outcome.error) for outcome in outcomes}
    assert (len(outcomes), kinds) == (200, {Reject, Retry})
    assert sent(sandbox) == []


@pytest.mark.parametrize(("code", "kind"), [(418, Misconfigured), (409, Retry), (414, Reject)])
def test_batch_that_fails_as_a_whole(sandbox, struck, code, kind):
    with struck("kavenegar", "vendor_code", "sms/sendarray", code=code), pytest.raises(kind) as caught:
        sms.named("kavenegar").send_batch(MESSAGES)
    assert caught.value.code == str(code)
    assert sent(sandbox) == []


def test_error_in_a_part_only_concerns_that_part(sandbox, struck):
    """The whole is refused because of one number; then a half is lost: the other half is told as sent."""
    messages = [*MESSAGES[:4]]
    messages[0] = Sms(phone="+982188776655", text="x", local_id=messages[0].local_id)
    sandbox.arm("kavenegar", "vendor_code", match="sms/sendarray", code=411)
    sandbox.arm("kavenegar", "http_500", match="sms/sendarray")

    outcomes = sms.named("kavenegar").send_batch(messages)

    assert [type(outcome.error) for outcome in outcomes] == [Unknown, Unknown, type(None), type(None)]
    assert len(sent(sandbox)) == 2


def test_empty_batch_asks_nothing(sandbox):
    for port in sms.providers():
        assert port.send_batch([]) == []
        assert port.send_batch([], recover=True) == []


def test_credit_of_kavenegar(sandbox):
    assert sms.named("kavenegar").credit_rial() == 25_000_000
