"""Whatever is sent to whatever operation, the answer is one that the schema names: never a 5xx."""

from __future__ import annotations

from datetime import timedelta

import pytest
import schemathesis
from django.core.files.storage import FileSystemStorage
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, reset_queries
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from knox.models import AuthToken
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from commerce.models import Payment
from customer.models import InboxItem
from customer.services.inbox import Message, tell
from support.models import Attachment, Ticket
from support.services import attachment
from support.services.attachment import store_upload
from support.services.ticket import close_ticket
from tests.factories.commerce import make_order, make_payment, make_plans
from tests.factories.customer import make_active_device, make_device, make_expired_device
from tests.factories.support import actor_of, answer, make_agent, make_ticket, reply
from tests.support.files import PDF, upload

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
pytestmark = pytest.mark.slow
EXAMPLES = 15


def operations():
    schema = schemathesis.openapi.from_dict(SchemaGenerator().get_schema(request=None, public=True))
    schema.app = WSGIHandler()
    found = [result.ok() for result in schema.get_all_operations()]
    return [pytest.param(operation, id=f"{operation.method} {operation.path}") for operation in found]


def pytest_generate_tests(metafunc):
    if "operation" in metafunc.fixturenames:
        metafunc.parametrize("operation", operations())


@pytest.fixture
def open_doors(settings):
    """Nobody is throttled, and the connection of the test survives the requests."""
    limits = {"limit": 10**6, "window": timedelta(minutes=1)}
    settings.API_LIMITS = {"person": 10**6, "files": 10**6, "anonymous": 10**6, "window": timedelta(minutes=1)}
    settings.TICKET_LIMITS = settings.MESSAGE_LIMITS = {"buyer": 10**6, "window": limits["window"]}
    settings.SIGN_IN_LIMITS = {"account": 10**6, "address": 10**6, "window": limits["window"]}
    for signal, receiver in ((request_started, reset_queries), (request_started, close_old_connections)):
        signal.disconnect(receiver)
    request_finished.disconnect(close_old_connections)
    yield
    request_started.connect(reset_queries)
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)


@pytest.fixture(autouse=True)
def _files_of_this_test(monkeypatch, tmp_path):
    storage = FileSystemStorage(location=tmp_path)
    monkeypatch.setattr(Attachment._meta.get_field("file"), "storage", storage)
    monkeypatch.setattr(attachment, "private_storage", lambda: storage)


@pytest.fixture
def known(buyer, device, bank, open_doors):
    """A buyer with something of everything; the path parameters that lead there."""
    now = timezone.now()
    another = make_expired_device(buyer)
    make_plans(another.model)
    order = make_order(another)
    payments = [make_payment(order, status=status) for status in (Payment.Status.FAILED, Payment.Status.EXPIRED)]
    for must in (False, True):
        message = Message(
            kind=InboxItem.Kind.LEGAL, title="اطلاعیه", body="متن", dedupe_key=str(must), must_acknowledge=must
        )
        tell(buyer.pk, message, now=now)
    devices = [device, another, make_active_device(buyer), make_device(buyer)]
    return {
        "/devices/": [{"id": one.pk} for one in devices],
        "/orders/": [{"number": order.number}],
        "/payments/": [{"id": str(payment.pk)} for payment in payments],
        "/inbox/": [{"id": pk} for pk in InboxItem.objects.values_list("pk", flat=True)],
        "/tickets/": [{"number": number} for number in (talk_of(buyer), closed_one(buyer))],
    }


def talk_of(buyer) -> str:
    ticket = make_ticket(buyer)
    answer(ticket, make_agent())
    reply(ticket, attachment_ids=[sent_file(buyer)])
    return ticket.number


def closed_one(buyer) -> str:
    ticket, now = make_ticket(buyer), timezone.now()
    close_ticket(number=ticket.number, why=Ticket.ClosedWhy.SOLVED, actor=actor_of(make_agent()), now=now)
    return ticket.number


def sent_file(buyer) -> str:
    return store_upload(owner_id=buyer.user_id, upload=upload("a.pdf", PDF), now=timezone.now()).pk


def cases(operation, mode, known):
    """Requests of this operation: to invented objects, and to those that are there."""
    found = next((rows for part, rows in known.items() if part in operation.path and "{" in operation.path), [])
    return st.one_of(
        operation.as_strategy(mode), *[operation.as_strategy(mode, path_parameters=parameters) for parameters in found]
    )


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["valid", "invalid"])
def test_every_answer_is_one_that_the_schema_names(operation, mode, known, buyer):
    free = operation.path.endswith(("/verify/{code}/", "/preview/{token}/"))  # any text may be a code
    if mode == GenerationMode.NEGATIVE and (
        free or not (operation.body or operation.query or operation.path_parameters)
    ):
        pytest.skip("takes nothing that could be invalid")
    checks = [*CHECKS, negative_data_rejection] if mode == GenerationMode.NEGATIVE else CHECKS

    @seed(20261122)
    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=cases(operation, mode, known))
    def run(case):
        token = AuthToken.objects.create(buyer.user)[1]  # some operations end it
        answer = case.call(headers={"Authorization": f"Bearer {token}"})
        case.validate_response(answer, checks=checks)

    run()
