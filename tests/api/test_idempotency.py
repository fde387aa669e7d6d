"""`Idempotency-Key`: sent again, a request gets the first answer instead of a second effect."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from commerce.models import Order, Payment
from customer.models import CorrectionRequest, IdempotentRequest
from customer.services.idempotency import Answer, begin_request, keep_answer, release_claim
from customer.tasks import purge_api
from kernel.refused import Refused
from tests.api.clients import client_of, fields_of, problem_of
from tests.factories.commerce import make_order, make_payment

KEY = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
CORRECTIONS = "/api/v1/me/corrections/"


def file(client, key=KEY, **body):
    body = {"field": "city", "proposed": "شیراز"} | body
    return client.post(CORRECTIONS, body, format="json", headers={"Idempotency-Key": key})


def pay(client, order, key=KEY, **body):
    headers = {"Idempotency-Key": key}
    return client.post(f"/api/v1/orders/{order.number}/payments/", body, format="json", headers=headers)


@pytest.fixture
def order(device) -> Order:
    return make_order(device)


# --- the same again ------------------------------------------------------------------------------------------------


def test_the_same_request_gets_the_first_answer(api):
    first, second, third = (file(api) for _ in range(3))
    assert first.status_code == second.status_code == third.status_code == 201
    assert first.json() == second.json() == third.json()
    assert "Idempotent-Replay" not in first.headers
    assert second.headers["Idempotent-Replay"] == "true"
    assert second.headers["Content-Type"] == "application/json"
    assert CorrectionRequest.objects.count() == 1


def test_a_payment_is_started_once(bank, order, api):
    first, second = pay(api, order), pay(api, order)
    assert (second.status_code, second.json()) == (201, first.json())
    assert Payment.objects.count() == len(bank.state.snapshot()["payments"]) == 1
    assert pay(api, order, key="another").json()["id"] != first.json()["id"]


def test_a_renewal_is_wished_once(device, api):
    def renew(years):
        body, headers = {"choice": "renew", "years": years}, {"Idempotency-Key": KEY}
        return api.post(f"/api/v1/devices/{device.pk}/service-choices/", body, format="json", headers=headers)

    assert renew(2).json() == renew(2).json()
    assert problem_of(renew(1), 422)["code"] == "idempotency.mismatch"
    assert Order.objects.get().years == 2


def test_the_order_of_the_fields_does_not_matter(api):
    first = api.generic(
        "POST", CORRECTIONS, b'{"field":"city", "proposed":"Qom"}', "application/json", HTTP_IDEMPOTENCY_KEY=KEY
    )
    second = api.generic(
        "POST", CORRECTIONS, b'{"proposed":"Qom","field":"city"}', "application/json", HTTP_IDEMPOTENCY_KEY=KEY
    )
    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()


def test_a_refusal_is_an_answer_too(bank, order, api):
    doubt = make_payment(order, status=Payment.Status.UNKNOWN, next_check_at=timezone.now() + timedelta(hours=1))
    first = problem_of(pay(api, order), 409)
    doubt.delete()
    again = pay(api, order)
    assert problem_of(again, 409) == first
    assert again.headers["Idempotent-Replay"] == "true"


def test_an_unknown_object_is_an_answer_too(db, api):
    answers = [
        api.post("/api/v1/orders/1405-999999/payments/", {}, format="json", HTTP_IDEMPOTENCY_KEY=KEY) for _ in range(2)
    ]
    assert [problem_of(answer, 404)["code"] for answer in answers] == ["not_found"] * 2
    assert answers[1].headers["Idempotent-Replay"] == "true"


# --- not the same --------------------------------------------------------------------------------------------------


def test_another_body_is_refused(api):
    file(api)
    assert problem_of(file(api, proposed="یزد"), 422)["code"] == "idempotency.mismatch"
    assert CorrectionRequest.objects.get().proposed == "شیراز"


def test_another_address_is_refused(bank, order, api):
    file(api)
    assert problem_of(pay(api, order), 422)["code"] == "idempotency.mismatch"


def test_keys_are_each_persons_own(api, other):
    assert file(api).json()["id"] != file(client_of(other.user)).json()["id"]
    assert CorrectionRequest.objects.count() == 2


def test_without_a_key_nothing_is_kept(api):
    assert api.post(CORRECTIONS, {"field": "city", "proposed": "شیراز"}, format="json").status_code == 201
    assert not IdempotentRequest.objects.exists()


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "کلید", "a\tb", "a\x7f"])
def test_a_malformed_key_is_400(api, key):
    answer = file(api, key=key.encode().decode("latin-1"))
    assert fields_of(answer) == {"Idempotency-Key": "idempotency.key_invalid"}
    assert not CorrectionRequest.objects.exists()


def test_the_longest_key_is_kept(api):
    assert file(api, key="~" * 255).json() == file(api, key="~" * 255).json()


def test_strangers_leave_no_keys(db, anonymous, staff_api):
    problem_of(file(anonymous), 401)
    problem_of(file(staff_api), 403)
    assert not IdempotentRequest.objects.exists()


# --- what must not poison a key ------------------------------------------------------------------------------------


def test_a_mended_request_may_use_the_key_of_a_malformed_one(api):
    assert fields_of(file(api, field="x")) == {"field": "invalid_choice"}
    assert file(api).status_code == 201


def test_a_gateway_that_was_down_can_be_tried_again(no_bank, order, api, settings, running_sandbox):
    assert problem_of(pay(api, order), 503)["code"] == "payment.gateway_unavailable"
    settings.OUTBOUND_HOSTS = {running_sandbox.url.removeprefix("http://")}
    settings.ZARINPAL_BASE_URL = f"{running_sandbox.url}/zarinpal"
    assert pay(api, order).status_code == 201


def test_a_bug_frees_the_key(bank, order, api, monkeypatch):
    def bug(**_words):
        raise RuntimeError("a bug")

    api.raise_request_exception = False
    with monkeypatch.context() as patch:
        patch.setattr("commerce.api.payment.start_payment", bug)
        problem_of(pay(api, order), 500)
    assert not IdempotentRequest.objects.exists()
    assert pay(api, order).status_code == 201


def test_a_request_under_way_is_409_and_a_dead_one_is_taken_over(buyer, api):
    now = timezone.now()
    row = {"user": buyer.user, "key": KEY, "created_at": now}
    file(api, key="probe", field="building", proposed="پلاک ۱")
    request_hash = IdempotentRequest.objects.get().request_hash
    IdempotentRequest.objects.create(**row, request_hash=request_hash, lease_until=now + timedelta(seconds=60))
    same = {"field": "building", "proposed": "پلاک ۱"}
    assert problem_of(file(api, **same), 409)["code"] == "idempotency.in_progress"
    with time_machine.travel(now + timedelta(seconds=61), tick=False):
        # The dead attempt may have had its effect; its twin then says so.
        assert problem_of(file(api, **same), 409)["code"] == "correction.already_waiting"


def test_who_was_too_slow_does_not_overwrite(buyer):
    now = timezone.now()
    words = {"user_id": buyer.user_id, "key": KEY, "request_hash": "h"}
    slow = begin_request(**words, now=now)
    later = now + timedelta(seconds=61)
    quick = begin_request(**words, now=later)
    keep_answer(slow, status_code=500, body="{}")
    release_claim(slow)
    with pytest.raises(Refused):
        begin_request(**words, now=later)
    keep_answer(quick, status_code=201, body='{"id": 2}')
    release_claim(quick)
    assert begin_request(**words, now=later) == Answer(status_code=201, body='{"id": 2}')


# --- keeping -------------------------------------------------------------------------------------------------------


def test_the_kept_answer_is_sealed(api):
    file(api)
    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM customer_idempotentrequest")
        [(body,)] = cursor.fetchall()
    assert "city" not in body
    assert '"city"' in IdempotentRequest.objects.get().body


def test_keys_are_forgotten_after_seven_days(api):
    file(api)
    with time_machine.travel(timezone.now() + timedelta(days=6, hours=23), tick=False):
        purge_api()
        assert IdempotentRequest.objects.count() == 1
    with time_machine.travel(timezone.now() + timedelta(days=7, minutes=1), tick=False):
        assert purge_api() == 1
    assert not IdempotentRequest.objects.exists()


def test_the_purge_is_on_the_schedule(settings):
    tasks = {entry["task"]: entry["schedule"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert tasks["customer.tasks.purge_api"] <= 86_400


def test_a_key_costs_two_writes(api, django_assert_max_num_queries):
    plain = {"field": "building", "proposed": "پلاک ۱"}
    with django_assert_max_num_queries(30) as without:
        api.post(CORRECTIONS, plain, format="json")
    CorrectionRequest.objects.all().delete()
    with django_assert_max_num_queries(30) as within:
        file(api, **plain)
    writes = [
        sum(query["sql"].startswith(("INSERT", "UPDATE", "DELETE")) for query in captured.captured_queries)
        for captured in (without, within)
    ]
    assert writes[1] - writes[0] == 2


# --- at once -------------------------------------------------------------------------------------------------------


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_start_one_payment(bank, device, buyer):
    order, client = make_order(device), client_of(buyer.user)
    barrier = threading.Barrier(20)

    def once(_number):
        try:
            barrier.wait(20)
            return pay(copy(client), order)
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(once, range(20)))
    codes = {answer.status_code for answer in answers}
    assert codes <= {201, 409}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {"idempotency.in_progress"}
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 201}) == 1
    assert Payment.objects.count() == 1
    assert pay(client, order).headers["Idempotent-Replay"] == "true"
