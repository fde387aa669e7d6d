"""Choices and activation."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import DatabaseError
from django.utils import timezone

from customer.models import Device, InboxItem, ServiceChoice, ServicePeriod, Trace
from customer.services.device import DeviceData, activate_legacy, save_device
from customer.services.service import choose_mode
from integrations.models import OutboxMessage
from kernel.actor import SYSTEM, Actor
from kernel.jalali import tehran_today
from kernel.refused import Refused
from tests.factories.customer import make_active_device, make_buyer, make_device, make_expired_device, make_model

pytestmark = pytest.mark.django_db


def choose(device, choice="pay_per_case", *, buyer=None):
    buyer = buyer or device.owner
    actor = Actor(user_id=buyer.user_id, ip="192.0.2.7", agent="phone")
    return choose_mode(buyer=buyer, device_id=device.pk, choice=choice, actor=actor, now=timezone.now())


def test_choice_is_recorded_with_who_when_and_where_and_told():
    device = make_expired_device()
    choice = choose(device)

    assert (choice.ip, choice.agent, choice.made_by) == ("192.0.2.7", "phone", device.owner.user)
    assert Trace.objects.get().data == {"before": "undecided", "after": "pay_per_case"}
    assert InboxItem.objects.get().url == f"/devices/{device.pk}/"
    assert OutboxMessage.objects.get().payload == {"choice_id": choice.pk}


def test_choice_can_be_changed_later():
    device = make_expired_device()
    choose(device, "withdraw")
    choose(device, "pay_per_case")
    assert ServiceChoice.objects.count() == 2


@pytest.mark.parametrize("make", [make_device, make_active_device])
def test_refused_choice_leaves_nothing_behind(make):
    with pytest.raises(Refused):
        choose(make())
    assert not ServiceChoice.objects.exists()
    assert not Trace.objects.exists()
    assert not OutboxMessage.objects.exists()


def test_a_foreign_device_does_not_exist():
    device = make_expired_device()
    with pytest.raises(Device.DoesNotExist):
        choose(device, buyer=make_buyer())


def test_recorded_choices_and_traces_are_frozen():
    choose(make_expired_device())
    for statement in (
        "UPDATE customer_servicechoice SET choice = 'withdraw'",
        "DELETE FROM customer_servicechoice",
        "UPDATE customer_trace SET verb = 'nothing'",
        "DELETE FROM customer_trace",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert ServiceChoice.objects.get().choice == "pay_per_case"


def activate(device, *, start=-10, end=100, reason="ناوگان قدیم"):
    today = tehran_today()
    return activate_legacy(
        device_id=device.pk,
        starts_on=today + timedelta(days=start),
        ends_on=today + timedelta(days=end),
        reason=reason,
        actor=SYSTEM,
        now=timezone.now(),
    )


def test_legacy_activation_is_flagged_for_ever():
    period = activate(make_device())
    assert (period.origin, period.legacy_reason) == ("legacy", "ناوگان قدیم")


@pytest.mark.parametrize(
    ("values", "code"),
    [({"reason": " "}, "service.reason_required"), ({"start": 5, "end": 1}, "service.period_reversed")],
)
def test_bad_activation_is_refused(values, code):
    with pytest.raises(Refused) as refused:
        activate(make_device(), **values)
    assert refused.value.code == code
    assert not ServicePeriod.objects.exists()


def test_activated_once():
    device = make_device()
    activate(device)
    with pytest.raises(Refused) as refused:
        activate(device, start=200, end=300)
    assert refused.value.code == "service.already_activated"


def test_database_refuses_a_period_that_nothing_proves():
    device = make_device()
    today = tehran_today()
    for origin in ("included", "legacy"):
        with pytest.raises(IntegrityError), transaction.atomic():
            ServicePeriod.objects.create(device=device, starts_on=today, ends_on=today, origin=origin)


@pytest.mark.postgres
def test_database_refuses_periods_that_overlap():
    device = make_active_device(days_left=10)
    today = tehran_today()
    with pytest.raises(IntegrityError), transaction.atomic():
        ServicePeriod.objects.create(
            device=device, starts_on=today + timedelta(days=10), ends_on=today + timedelta(days=20), origin="renewal"
        )


def register(owner, model, **values):
    data = {"owner_id": owner.pk, "model_id": model.pk, "identifier_kind": "serial", "identifier": "m4-۲۲ ۸۷"} | values
    return save_device(data=DeviceData(**data), actor=SYSTEM, now=timezone.now())


def test_identifier_is_normalised_and_unique_per_kind():
    owner, model = make_buyer(), make_model()
    assert register(owner, model).identifier == "M4-2287"
    with pytest.raises(Refused) as refused:
        register(make_buyer(), model, identifier="M4-2287")
    assert (refused.value.code, refused.value.field) == ("device.identifier_taken", "identifier")
    register(owner, model, identifier_kind="dongle")


def test_owner_changes_only_through_a_transfer():
    device = make_device()
    with pytest.raises(Refused) as refused:
        save_device(
            data=DeviceData(
                owner_id=make_buyer().pk, model_id=device.model_id, identifier_kind="serial", identifier="X1"
            ),
            actor=SYSTEM,
            now=timezone.now(),
            device_id=device.pk,
        )
    assert refused.value.code == "device.owner_is_fixed"


def test_installation_before_sale_is_refused():
    today = tehran_today()
    with pytest.raises(Refused) as refused:
        register(make_buyer(), make_model(), sold_on=today, installed_on=today - timedelta(days=1))
    assert refused.value.field == "installed_on"
