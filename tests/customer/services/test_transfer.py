"""Handing a device over: requested, confirmed, accepted, decided, carried out."""

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.db import IntegrityError, transaction
from django.utils import timezone

from commerce.models import Order, Payment
from commerce.services import payment as payments
from customer.models import Buyer, ConfirmationCode, Device, Ownership, SignedRecord, Trace, Transfer, User
from customer.services import transfer as transfers
from customer.services.buyer import set_buyer_active
from customer.services.record import open_content
from customer.services.service import choose_mode
from customer.services.transfer import (
    answer_transfer,
    approve_transfer,
    cancel_transfer,
    draw_accept_link,
    refuse_transfer,
    remind_transfers,
    request_transfer,
    send_acceptance_code,
    send_transfer_code,
    submit_transfer,
    transfer_of_token,
)
from integrations.models import OutboxMessage
from kernel.actor import SYSTEM
from kernel.jalali import tehran_today
from kernel.refused import Refused
from tests.commerce.services.gateway import ScriptedGateway, paid
from tests.factories.commerce import make_order, make_payment, make_plans, make_vat
from tests.factories.customer import (
    make_active_device,
    make_buyer,
    make_device,
    make_expired_device,
    make_staff,
)
from tests.factories.papers import (
    actor_for,
    make_draft,
    make_executed,
    make_sign_off,
    make_submitted,
    request_of,
    transfer_code,
)

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"


@pytest.fixture(autouse=True)
def _papers_of_this_test(monkeypatch, tmp_path):
    monkeypatch.setattr(Transfer._meta.get_field("document"), "storage", FileSystemStorage(location=tmp_path))


def footprint() -> tuple:
    """Everything that a transfer writes."""
    tables = (Transfer, Device, Ownership, Order, Buyer, User)
    return (
        *[list(model.objects.order_by("pk").values()) for model in tables],
        SignedRecord.objects.count(),
        Trace.objects.count(),
        OutboxMessage.objects.count(),
        list(ConfirmationCode.objects.order_by("pk").values("pk", "used_at")),
    )


def refusal(act, *args, **values) -> tuple[str, str]:
    """The code and the field with which an act is refused; checks that it left nothing behind."""
    before = footprint()
    with pytest.raises(Refused) as refused:
        act(*args, **values)
    assert str(refused.value.message)
    assert footprint() == before
    return refused.value.code, refused.value.field


def submit(draft, code=None, **values):
    user = draft.owner.user
    words = {"user": user, "transfer_id": draft.pk, "code": code or transfer_code(draft), "actor": actor_for(user)}
    return submit_transfer(**words | {"now": timezone.now()} | values)


def cancel(found, user=None):
    user = user or found.owner.user
    return cancel_transfer(user=user, transfer_id=found.pk, actor=actor_for(user), now=timezone.now())


def approval_of(found, **values) -> dict:
    """The words of `approve_transfer`."""
    words = {"transfer_id": found.pk, "note": "", "actor": actor_for(make_staff()), "now": timezone.now()}
    return words | values


def approve(found, **values):
    return approve_transfer(**approval_of(found, **values))


def refuse(found, reason="مدارک ناقص است"):
    return refuse_transfer(transfer_id=found.pk, reason=reason, actor=actor_for(make_staff()), now=timezone.now())


def answer(token, found, *, accept=True, code=None):
    code = code or transfer_code(found, "new_owner")
    return answer_transfer(token=token, accept=accept, code=code, actor=SYSTEM, now=timezone.now())


def topics() -> list[str]:
    rows = OutboxMessage.objects.filter(topic__contains="transfer").order_by("pk")
    return list(rows.values_list("topic", flat=True))


# --- requesting ----------------------------------------------------------------------------------------------------


def test_request_is_a_draft_with_the_statement_that_was_shown():
    device = make_device()
    draft = make_draft(device, named={"first_name": " نيما ", "last_name": "فرهمند"})
    assert (draft.status, draft.owner, draft.new_first_name) == ("draft", device.owner, "نیما")
    assert str(device.model) in draft.statement
    assert "نیما فرهمند" in draft.statement
    assert topics() == []
    assert Trace.objects.get(verb="transfer.requested").data == {"device": device.pk}


@pytest.mark.parametrize(
    ("named", "code", "field"),
    [
        ({"national_code": "1234567890"}, "buyer.national_code_invalid", "national_code"),
        ({"phone": "02188776655"}, "buyer.phone_invalid", "phone"),
        ({"first_name": " "}, "buyer.field_required", "first_name"),
        ({"last_name": ""}, "buyer.field_required", "last_name"),
    ],
)
def test_badly_named_new_owner_is_refused_on_the_field(named, code, field):
    device = make_device()
    assert refusal(make_draft, device, named=named) == (code, field)


def test_new_owner_cannot_be_the_owner():
    device = make_device()
    assert refusal(make_draft, device, new_owner=device.owner) == ("transfer.same_owner", "national_code")


def test_request_needs_the_statement():
    device = make_device()
    assert refusal(make_draft, device, statement_accepted=False) == (
        "transfer.statement_required",
        "statement_accepted",
    )


@pytest.mark.parametrize("reason", ["inheritance", "company_change"])
def test_some_reasons_need_a_document(reason):
    device = make_device()
    assert refusal(make_draft, device, reason=reason) == ("transfer.document_required", "document")
    draft = make_draft(device, reason=reason, document=ContentFile(PDF, name="گواهی.pdf"))
    assert draft.document.name == f"transfers/{draft.document_sha256}.pdf"
    assert open_content(approve(submit(draft)).transfer.record)["document_sha256"] == draft.document_sha256


def test_foreign_device_does_not_exist():
    device = make_device()
    with pytest.raises(Device.DoesNotExist):
        request_transfer(**request_of(device) | {"buyer": make_buyer()})


@pytest.mark.parametrize("make", [make_draft, make_submitted])
def test_device_under_another_transfer_is_refused(make):
    device = make_device()
    make(device)
    assert refusal(make_draft, device)[0] == "transfer.already_under_way"


def test_database_takes_one_open_transfer_per_device():
    twin = Transfer.objects.get(pk=make_draft().pk)
    twin.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        twin.save(force_insert=True)


# --- the owner's code ------------------------------------------------------------------------------------------------


def test_owners_code_submits():
    draft = make_draft()
    submitted = submit(draft)
    assert (submitted.status, topics()) == ("submitted", ["crm.transfer", "notify.transfer_submitted"])
    assert ConfirmationCode.objects.get().used_at is not None


@pytest.mark.parametrize(
    ("code", "later", "expected"),
    [("000", timedelta(), "code.wrong"), (None, timedelta(minutes=6), "code.expired")],
)
def test_wrong_or_late_code_submits_nothing(code, later, expected):
    draft = make_draft()
    right = transfer_code(draft)
    assert refusal(submit, draft, code or right, now=timezone.now() + later) == (expected, "code")


def test_code_of_another_transfer_submits_nothing():
    owner = make_buyer()
    first, second = (make_draft(make_device(owner)) for _ in range(2))
    assert refusal(submit, second, transfer_code(first)) == ("code.missing", "code")


def test_acceptance_code_does_not_submit():
    draft = make_draft()
    assert refusal(submit, draft, transfer_code(draft, "new_owner")) == ("code.missing", "code")


def test_submitting_twice_is_refused():
    draft = make_draft()
    submit(draft)
    code = transfer_code(draft)
    assert refusal(submit, draft, code)[0] == "transfer.already_submitted"
    send = {"user": draft.owner.user, "transfer_id": draft.pk, "now": timezone.now()}
    assert refusal(send_transfer_code, **send)[0] == "transfer.already_submitted"


def test_draft_of_a_device_that_has_gone_is_refused():
    draft = make_draft()
    code = transfer_code(draft)
    Device.objects.update(owner=make_buyer())
    assert refusal(submit, draft, code)[0] == "transfer.not_owner"


def test_foreign_transfer_does_not_exist():
    draft, stranger = make_draft(), make_buyer().user
    code = transfer_code(draft)
    for act in (
        lambda: submit(draft, code, user=stranger),
        lambda: cancel(draft, user=stranger),
        lambda: send_transfer_code(user=stranger, transfer_id=draft.pk, now=timezone.now()),
    ):
        with pytest.raises(Transfer.DoesNotExist):
            act()


# --- cancelling ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [make_draft, make_submitted])
def test_owner_cancels_before_it_is_carried_out_and_may_ask_again(make):
    found = make()
    assert cancel(found).status == "cancelled"
    assert topics()[-2:] == ["crm.transfer", "notify.transfer_cancelled"]
    assert make_draft(found.device).status == "draft"


@pytest.mark.parametrize("end", [cancel, refuse, approve])
def test_ended_transfer_is_never_ended_again(end):
    found = make_submitted()
    end(found)
    found.refresh_from_db()
    told = f"transfer.already_{found.status}"
    administrator = actor_for(make_staff())
    words = {"transfer_id": found.pk, "actor": administrator, "now": timezone.now()}
    assert refusal(cancel, found)[0] == told
    assert refusal(refuse_transfer, **words, reason="x")[0] == told
    assert refusal(approve_transfer, **words, note="")[0] == told


def test_draft_cannot_be_decided():
    draft, words = make_draft(), {"actor": actor_for(make_staff()), "now": timezone.now()}
    assert refusal(approve_transfer, transfer_id=draft.pk, note="", **words)[0] == "transfer.already_draft"
    assert refusal(refuse_transfer, transfer_id=draft.pk, reason="x", **words)[0] == "transfer.already_draft"


# --- the new owner ---------------------------------------------------------------------------------------------------


def test_new_owner_accepts_by_link_and_code():
    found = make_submitted()
    token = draw_accept_link(found.pk)
    assert transfer_of_token(token) == found
    answered = answer(token, found)
    assert (answered.acceptance, transfer_of_token(token)) == ("accepted", None)
    assert topics()[-1] == "notify.transfer_accepted"
    found.refresh_from_db()
    assert token not in str(vars(found))


def test_new_owner_declines_and_it_cannot_be_carried_out():
    found = make_submitted()
    answer(draw_accept_link(found.pk), found, accept=False)
    assert topics()[-1] == "notify.transfer_declined"
    assert refusal(approve_transfer, **approval_of(found))[0] == "transfer.not_accepted"
    assert refuse(found).status == "refused"


def test_link_answers_once_and_only_the_newest():
    found = make_submitted()
    old, new = draw_accept_link(found.pk), draw_accept_link(found.pk)
    code = transfer_code(found, "new_owner")
    assert refusal(answer, old, found, code=code)[0] == "transfer.link_invalid"
    answer(new, found)
    code = transfer_code(found, "new_owner")
    assert refusal(answer, new, found, code=code)[0] == "transfer.link_invalid"
    assert refusal(send_acceptance_code, token=new, now=timezone.now())[0] == "transfer.link_invalid"


@pytest.mark.parametrize("accept", [True, False])
def test_late_link_does_not_take_the_answer_back(accept):
    found = make_submitted()
    answer(draw_accept_link(found.pk), found, accept=accept)
    assert draw_accept_link(found.pk) == ""
    found.refresh_from_db()
    assert found.acceptance == ("accepted" if accept else "declined")


@pytest.mark.parametrize("end", [cancel, refuse, approve])
def test_link_dies_with_the_request(end):
    found = make_submitted()
    token = draw_accept_link(found.pk)
    end(found)
    assert (transfer_of_token(token), draw_accept_link(found.pk)) == (None, "")


def test_owners_code_does_not_accept():
    found = make_submitted()
    token = draw_accept_link(found.pk)
    assert refusal(answer, token, found, code=transfer_code(found))[0] == "code.missing"


@pytest.mark.parametrize("token", ["", "x", "../", "‌"])
def test_what_is_no_link_opens_nothing(token):
    make_submitted()
    assert transfer_of_token(token) is None


# --- deciding ------------------------------------------------------------------------------------------------------


def test_refusal_needs_a_reason_and_changes_no_owner():
    found = make_submitted()
    words = {"transfer_id": found.pk, "actor": actor_for(make_staff()), "now": timezone.now()}
    assert refusal(refuse_transfer, **words, reason=" ") == ("transfer.reason_required", "reason")
    refused = refuse(found)
    assert (refused.status, refused.decision_reason) == ("refused", "مدارک ناقص است")
    assert topics()[-2:] == ["crm.transfer", "notify.transfer_refused"]
    assert Device.objects.get().owner == found.owner


def test_time_to_think_it_over(settings):
    settings.TRANSFER_COOLING_OFF = timedelta(hours=24)
    found = make_submitted()
    early = found.submitted_at + timedelta(hours=23, minutes=59)
    assert refusal(approve_transfer, **approval_of(found, now=early))[0] == "transfer.cooling_off"
    assert approve(found, now=found.submitted_at + timedelta(hours=24)).transfer.status == "approved"


def test_acceptance_may_be_obligatory(settings):
    settings.TRANSFER_NEEDS_ACCEPTANCE = True
    found = make_submitted()
    assert refusal(approve_transfer, **approval_of(found))[0] == "transfer.not_accepted"
    answer(draw_accept_link(found.pk), found)
    assert approve(found).transfer.status == "approved"


def test_waiting_form_blocks():
    found = make_submitted()
    make_sign_off(found.device, installed_on=tehran_today() - timedelta(days=90))
    assert refusal(approve_transfer, **approval_of(found))[0] == "transfer.blocked"


def test_what_the_administrator_is_told():
    assert transfers.blockers(make_expired_device()) == []
    [service] = transfers.blockers(make_active_device())
    assert (service.code, service.policy) == ("service_remains", "warns")
    order = renewal()
    [open_order] = transfers.blockers(order.device)
    assert (open_order.code, open_order.policy) == ("open_order", "warns")
    make_payment(order, status="unknown", was_uncertain=True)
    [money] = transfers.blockers(order.device)
    assert (money.code, money.policy) == ("payment_in_doubt", "blocks")


# --- carrying out ----------------------------------------------------------------------------------------------------


def renewal() -> Order:
    device = make_expired_device()
    if not Order.objects.exists():
        make_vat()
    make_plans(device.model)
    return make_order(device)


def test_new_owners_account_is_made_and_the_device_moves():
    device = make_active_device()
    done = make_executed(device)
    found, new_owner = done.transfer, done.transfer.new_owner

    device.refresh_from_db()
    assert device.owner == new_owner
    assert (new_owner.full_name, new_owner.phone) == (found.new_owner_name, found.new_phone)
    assert new_owner.user.check_password(done.password)
    assert new_owner.user.username == f"b{found.new_phone.removeprefix('+98')}"
    assert device.periods.count() == 1
    assert topics()[-2:] == ["crm.transfer", "notify.transfer_executed"]
    said = Trace.objects.get(verb="transfer.approved").data
    assert (said["before"], said["after"], said["record"]) == (found.owner_id, new_owner.pk, found.record.code)


def test_known_buyer_is_found_by_national_code_and_keeps_his_own_data():
    known = make_buyer()
    done = make_executed(new_owner=known, named={"first_name": "دیگر", "phone": "+989199999999"})
    assert (done.transfer.new_owner, done.password) == (known, "")
    assert Buyer.objects.get(pk=known.pk).phone == known.phone


def test_closed_account_gets_no_device():
    known = make_buyer()
    found = make_submitted(new_owner=known)
    set_buyer_active(buyer_id=known.pk, active=False, reason="x", actor=SYSTEM, now=timezone.now())
    assert refusal(approve_transfer, **approval_of(found))[0] == "transfer.new_owner_closed"


def test_owner_who_turns_out_to_be_the_new_owner_gets_nothing():
    found = make_submitted()
    found.owner.national_code_index = transfers.blind_index(found.new_national_code)
    found.owner.save()
    assert refusal(approve_transfer, **approval_of(found))[0] == "transfer.same_owner"


def test_phone_of_somebody_else_is_told_to_the_administrator():
    other = make_buyer()
    found = make_submitted(named={"phone": other.phone})
    assert refusal(approve_transfer, **approval_of(found)) == ("buyer.phone_taken", "phone")


def test_deed_says_who_what_and_how_it_was_confirmed():
    found = make_submitted()
    answer(draw_accept_link(found.pk), found)
    done = approve(found, note="مدارک دیده شد").transfer
    content = open_content(done.record)

    assert (done.record.kind, done.record.buyer, done.decision_reason) == ("transfer", found.owner, "مدارک دیده شد")
    assert content["statement"] == found.statement
    assert content["from"]["national_code"] == found.owner.national_code
    assert content["to"]["national_code"] == found.new_national_code
    assert content["device"]["identifier"] == found.device.identifier
    assert content["new_owner_acceptance"] == "accepted"
    assert content["owner_code_sent_to"].endswith(found.owner.phone[-4:])
    assert content["new_owner_code_sent_to"].endswith(found.new_phone[-4:])


def test_ownerships_follow_each_other_without_gap():
    device = make_device()
    now = timezone.now()
    make_executed(device, now=now)
    device.refresh_from_db()
    make_executed(Device.objects.get(pk=device.pk), now=now + timedelta(days=40))

    first, second, third = Ownership.objects.order_by("pk")
    assert (first.began_at, first.ended_at, first.transfer) == (device.created_at, now, None)
    assert (second.began_at, second.ended_at) == (now, now + timedelta(days=40))
    assert (third.began_at, third.ended_at) == (now + timedelta(days=40), None)
    assert second.owner == second.transfer.new_owner
    assert third.owner == Device.objects.get().owner


def test_device_comes_back_to_its_first_owner():
    device = make_device()
    first = device.owner
    make_executed(device)
    device = Device.objects.get(pk=device.pk)
    done = make_executed(device, new_owner=first)
    assert (done.password, Device.objects.get().owner) == ("", first)


def test_old_owner_sees_nothing_from_that_moment_and_keeps_his_papers():
    device = make_device()
    done = make_executed(device).transfer
    assert not Device.objects.visible_to(done.owner.user).exists()
    assert Device.objects.visible_to(done.new_owner.user).get() == device
    assert Transfer.objects.visible_to(done.owner.user).get() == done
    assert not Transfer.objects.visible_to(done.new_owner.user).exists()


def test_choice_of_the_old_owner_does_not_bind_the_new_one():
    device = make_expired_device()
    words = {"buyer": device.owner, "device_id": device.pk, "choice": "withdraw", "now": timezone.now()}
    choose_mode(**words, actor=actor_for(device.owner.user))
    make_executed(Device.objects.get(pk=device.pk))
    standing = Device.objects.with_names().with_standing(tehran_today()).get().standing
    assert standing.mode == "undecided"


def test_open_order_is_cancelled_and_a_later_payment_stays_with_the_payer(monkeypatch):
    """The old owner is at the bank while the device goes: his order is dropped, his money is his credit."""
    ScriptedGateway(answer=paid).install(monkeypatch)
    order = renewal()
    pay = make_payment(order)
    make_executed(order.device)
    order.refresh_from_db()
    assert order.status == "cancelled"

    payments.check_payment(payment_id=pay.pk, claims_paid=True, now=timezone.now())
    entry = order.buyer.ledger.get()
    assert (Payment.objects.get().status, entry.amount_rial) == ("paid", -order.total_rial)
    assert order.device.periods.count() == 1


def test_money_under_way_blocks_until_the_bank_has_answered(monkeypatch):
    ScriptedGateway(answer=paid).install(monkeypatch)
    order = renewal()
    pay = make_payment(order, status="unknown", was_uncertain=True)
    found = make_submitted(order.device)
    assert refusal(approve_transfer, **approval_of(found))[0] == "transfer.blocked"
    payments.check_payment(payment_id=pay.pk, now=timezone.now())
    assert approve(found).transfer.status == "approved"
    assert Device.objects.get(pk=order.device_id).periods.count() == 2


# --- reminding -----------------------------------------------------------------------------------------------------


def test_reminders_come_after_2_5_and_10_days_once_each():
    found = make_submitted()
    make_executed()
    make_draft()
    for days in range(15):
        remind_transfers(now=found.submitted_at + timedelta(days=days))
        remind_transfers(now=found.submitted_at + timedelta(days=days))
    keys = OutboxMessage.objects.filter(topic="notify.transfer_pending").values_list("dedupe_key", flat=True)
    assert sorted(keys) == sorted(f"notify.transfer_pending:{found.pk}:{step}" for step in (2, 5, 10))
