"""The installation form: prepared, confirmed, declined, withdrawn, corrected."""

from datetime import date, timedelta

import jdatetime
import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from customer.models import (
    ChecklistItem,
    ChecklistTemplate,
    ConfirmationCode,
    Device,
    ServicePeriod,
    SignedRecord,
    SignOff,
    Trace,
)
from customer.services import code as codes
from customer.services.buyer import set_buyer_active
from customer.services.device import activate_legacy
from customer.services.record import open_content
from customer.services.sign_off import (
    Preparation,
    confirm_sign_off,
    decline_sign_off,
    prepare_sign_offs,
    remind_sign_offs,
    send_sign_off_code,
    withdraw_sign_off,
)
from integrations.models import OutboxMessage
from kernel.actor import SYSTEM
from kernel.jalali import JalaliError, contract_end, months_end, tehran_today
from kernel.refused import Refused
from tests.factories.customer import make_buyer, make_device, make_model, make_period, make_staff
from tests.factories.papers import (
    ITEMS,
    actor_for,
    confirmation_of,
    make_checklist,
    make_code,
    make_confirmed,
    make_executed,
    make_new_device,
    make_sign_off,
)

pytestmark = pytest.mark.django_db
TODAY = tehran_today()
DAY = timedelta(days=1)


def prepare(*devices, installed_on=TODAY - DAY, **values) -> list[SignOff]:
    make_checklist()
    preparation = Preparation(device_ids=[device.pk for device in devices], installed_on=installed_on, **values)
    return prepare_sign_offs(preparation=preparation, actor=actor_for(make_staff()), now=timezone.now())


def refusal(act, *args, **values) -> tuple[str, str]:
    """The code and the field with which an act is refused; checks that it left nothing behind."""
    before = footprint()
    with pytest.raises(Refused) as refused:
        act(*args, **values)
    assert str(refused.value.message)
    assert footprint() == before
    return refused.value.code, refused.value.field


def footprint() -> tuple:
    """Everything that a sign-off writes."""
    return (
        list(SignOff.objects.order_by("pk").values()),
        list(Device.objects.order_by("pk").values()),
        list(ServicePeriod.objects.order_by("pk").values()),
        SignedRecord.objects.count(),
        Trace.objects.filter(verb__startswith="sign_off").count(),
        OutboxMessage.objects.filter(topic__contains="sign_off").count(),
        list(ConfirmationCode.objects.order_by("pk").values("pk", "used_at")),
    )


def topics() -> list[str]:
    return list(OutboxMessage.objects.filter(topic__contains="sign_off").order_by("pk").values_list("topic", flat=True))


# --- preparing -----------------------------------------------------------------------------------------------------


def test_prepared_form_holds_the_text_that_will_be_shown():
    device = make_new_device()
    [made] = prepare(device, notes={"training_done": " دو  نفر ", "unknown": "x"})
    template = make_checklist()

    assert (made.status, made.buyer, made.statement) == ("waiting", device.owner, template.statement)
    assert [item["code"] for item in made.items] == ITEMS
    assert [item["note"] for item in made.items] == ["", "", "دو نفر"]
    assert made.text_version == template.text_version
    assert topics() == ["notify.sign_off_ready", "crm.sign_off"]
    assert Trace.objects.get(verb="sign_off.prepared").subject == f"sign_off:{made.pk}"


def test_later_template_does_not_change_a_prepared_form():
    [made] = prepare(make_new_device())
    template = make_checklist()
    ChecklistItem.objects.filter(template=template).delete()
    ChecklistTemplate.objects.update(statement="other")
    made.refresh_from_db()
    assert (len(made.items), made.statement) == (3, template.statement)


def test_template_of_the_model_comes_before_the_one_of_all_others():
    device = make_new_device()
    own = ChecklistTemplate.objects.create(device_model=device.model, statement="ویژه", all_done_label="همه")
    ChecklistItem.objects.create(template=own, code="special", label="کالیبراسیون")
    [made] = prepare(device)
    assert (made.statement, [item["code"] for item in made.items]) == ("ویژه", ["special"])


def test_one_visit_covers_several_devices_and_is_announced_once():
    owner = make_buyer()
    made = prepare(*[make_new_device(owner) for _ in range(3)])
    assert len({form.visit for form in made}) == 1
    assert topics().count("notify.sign_off_ready") == 1
    assert topics().count("crm.sign_off") == 3


@pytest.mark.parametrize("days", [0, 1, 9])
def test_installation_may_be_today_or_as_early_as_the_sale(days):
    assert prepare(make_new_device(sold_on=TODAY - 9 * DAY), installed_on=TODAY - days * DAY)


@pytest.mark.parametrize(
    ("installed_on", "values", "code"),
    [
        (TODAY + DAY, {}, "signoff.date_in_future"),
        (TODAY - 10 * DAY, {}, "signoff.date_before_sale"),
        (TODAY, {"warranty_ends_on": TODAY - DAY}, "signoff.date_after_warranty"),
    ],
)
def test_impossible_installation_date_is_refused_on_its_field(installed_on, values, code):
    device = make_new_device(**values)
    make_checklist()
    assert refusal(prepare, device, installed_on=installed_on) == (code, "installed_on")


def test_devices_of_two_buyers_are_not_one_visit():
    devices = make_new_device(), make_new_device()
    assert refusal(prepare, *devices) == ("signoff.devices_mixed", "devices")


def test_no_device_and_an_unknown_device_are_refused():
    device = make_new_device()
    unknown = Device(pk=device.pk + 1000)
    assert refusal(prepare) == ("signoff.devices_mixed", "devices")
    assert refusal(prepare, device, unknown) == ("signoff.devices_mixed", "devices")


def test_one_bad_device_prepares_none_of_the_visit():
    owner = make_buyer()
    good, waiting = make_new_device(owner), make_new_device(owner)
    prepare(waiting)
    assert refusal(prepare, good, waiting)[0] == "signoff.already_waiting"


def test_device_already_signed_off_is_refused():
    confirmed = make_confirmed()
    assert refusal(prepare, confirmed.device)[0] == "signoff.already_confirmed"


def test_device_of_the_old_fleet_is_refused():
    device = make_device()
    make_period(device, TODAY - 400 * DAY, TODAY - 40 * DAY)
    assert refusal(prepare, device)[0] == "signoff.already_confirmed"


def test_old_fleet_is_not_activated_beside_a_waiting_form():
    sign_off = make_sign_off()
    act = {"device_id": sign_off.device_id, "starts_on": TODAY, "ends_on": TODAY, "reason": "x", "actor": SYSTEM}
    assert refusal(activate_legacy, **act, now=timezone.now())[0] == "service.form_waiting"


def test_without_any_template_nothing_can_be_prepared():
    make_checklist().delete()
    preparation = Preparation(device_ids=[make_new_device().pk], installed_on=TODAY)
    act = {"preparation": preparation, "actor": actor_for(make_staff()), "now": timezone.now()}
    assert refusal(prepare_sign_offs, **act)[0] == "signoff.no_template"


def test_database_takes_one_waiting_and_one_first_confirmed_form_per_device():
    sign_off = make_sign_off()
    twin = SignOff.objects.get(pk=sign_off.pk)
    twin.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        twin.save(force_insert=True)
    twin.status = "confirmed"
    with pytest.raises(IntegrityError), transaction.atomic():
        twin.save(force_insert=True)


# --- confirming ----------------------------------------------------------------------------------------------------


def test_confirmation_signs_and_begins_the_service():
    device = make_new_device(model=make_model(service_months=12, warranty_months=18))
    sign_off = make_sign_off(device, installed_on=TODAY - 2 * DAY)
    confirmed = confirm_sign_off(**confirmation_of(sign_off))

    device.refresh_from_db()
    period = device.periods.get()
    assert (confirmed.status, confirmed.record.kind, confirmed.record.buyer) == ("confirmed", "sign_off", device.owner)
    assert (period.origin, period.sign_off, period.starts_on) == ("included", confirmed, TODAY - 2 * DAY)
    assert period.ends_on == contract_end(TODAY - 2 * DAY, 1)
    assert (device.installed_on, device.warranty_ends_on) == (TODAY - 2 * DAY, months_end(TODAY - 2 * DAY, 18))
    assert topics()[2:] == ["notify.sign_off_confirmed", "crm.sign_off"]
    said = Trace.objects.get(verb="sign_off.confirmed").data
    assert said == {"record": confirmed.record.code, "sha256": confirmed.record.sha256}
    assert ConfirmationCode.objects.get().used_at is not None


def test_signed_content_is_what_was_shown():
    sign_off = make_sign_off(notes={"training_done": "دو نفر"})
    confirmed = confirm_sign_off(**confirmation_of(sign_off))
    content, buyer, device = open_content(confirmed.record), sign_off.buyer, sign_off.device

    assert content["text"] == sign_off.statement
    assert content["all_done"] == {"label": sign_off.all_done_label, "ticked": True}
    assert content["items"] == [{**item, "ticked": True, "photos": []} for item in sign_off.items]
    assert (content["buyer"]["national_code"], content["buyer"]["phone"]) == (buyer.national_code, buyer.phone)
    assert content["device"]["identifier"] == device.identifier
    assert content["installed_on_jalali"] == jdatetime.date.fromgregorian(date=sign_off.installed_on).strftime(
        "%Y/%m/%d"
    )
    assert content["confirmed_from"] == {"ip": "192.0.2.7", "agent": "tests"}
    assert content["supersedes"] is None


def test_code_is_said_to_have_gone_where_it_went():
    sign_off = make_sign_off()
    code = make_code(f"sign_off:{sign_off.pk}", "+989351112233")
    confirmed = confirm_sign_off(**confirmation_of(sign_off, code=code))
    assert open_content(confirmed.record)["code_sent_to"] == "0935***2233"


def test_technician_on_whose_phone_it_was_signed_is_named():
    sign_off, technician = make_sign_off(), make_staff(first_name="رضا", last_name="امینی")
    confirmed = confirm_sign_off(**confirmation_of(sign_off) | {"actor": actor_for(technician)})
    assert open_content(confirmed.record)["in_person_by"] == "رضا امینی"
    assert open_content(make_confirmed().record)["in_person_by"] == ""


def test_model_without_included_service_begins_none():
    device = make_new_device(model=make_model(service_months=0, warranty_months=0))
    confirmed = make_confirmed(device)
    device.refresh_from_db()
    assert (device.periods.count(), device.warranty_ends_on) == (0, None)
    assert open_content(confirmed.record)["service"] is None


def test_warranty_that_staff_had_set_stays():
    device = make_new_device(warranty_ends_on=TODAY + 5 * DAY)
    make_confirmed(device)
    device.refresh_from_db()
    assert device.warranty_ends_on == TODAY + 5 * DAY


@pytest.mark.parametrize(
    ("values", "code", "field"),
    [
        ({"items": ITEMS[:2]}, "signoff.item_missing", "items"),
        ({"items": []}, "signoff.item_missing", "items"),
        ({"all_done": False}, "signoff.not_all_done", "all_done"),
        ({"code": "no"}, "code.wrong", "code"),
    ],
)
def test_incomplete_confirmation_is_refused_on_its_field(values, code, field):
    words = confirmation_of(make_sign_off()) | values
    assert refusal(confirm_sign_off, **words) == (code, field)


def test_missing_item_is_named_and_costs_no_try():
    sign_off = make_sign_off()
    words = confirmation_of(sign_off, items=ITEMS[1:])
    with pytest.raises(Refused) as refused:
        confirm_sign_off(**words)
    assert sign_off.items[0]["label"] in refused.value.message
    assert ConfirmationCode.objects.get().tries == 0


def test_confirming_twice_is_refused_as_done():
    sign_off = make_sign_off()
    words = confirmation_of(sign_off)
    confirm_sign_off(**words)
    assert refusal(confirm_sign_off, **words)[0] == "signoff.already_confirmed"
    assert refusal(confirm_sign_off, **confirmation_of(sign_off))[0] == "signoff.already_confirmed"
    assert refusal(send_sign_off_code, user=sign_off.buyer.user, sign_off_id=sign_off.pk, now=timezone.now()) == (
        "signoff.already_confirmed",
        "",
    )


def test_second_tab_that_read_the_form_before_is_refused_under_the_lock(monkeypatch):
    """The other tab confirms while this one has its code checked."""
    sign_off = make_sign_off()
    words = confirmation_of(sign_off)
    check_code = codes.check_code

    def check_late(**values):
        monkeypatch.setattr(codes, "check_code", check_code)
        confirm_sign_off(**words)
        return check_code(**values)

    monkeypatch.setattr(codes, "check_code", check_late)
    with pytest.raises(Refused) as refused:
        confirm_sign_off(**words)
    assert refused.value.code == "code.used"
    assert SignedRecord.objects.count() == ServicePeriod.objects.count() == 1

    other = make_sign_off()
    words = confirmation_of(other)

    def check_then_be_overtaken(**values):
        checked = check_code(**values)
        monkeypatch.setattr(codes, "check_code", check_code)
        confirm_sign_off(**words)
        return checked

    monkeypatch.setattr(codes, "check_code", check_then_be_overtaken)
    with pytest.raises(Refused) as refused:
        confirm_sign_off(**words)
    assert refused.value.code == "signoff.already_confirmed"
    assert SignedRecord.objects.count() == ServicePeriod.objects.count() == 2


def test_expired_code_is_refused():
    sign_off = make_sign_off()
    words = confirmation_of(sign_off)
    late = words | {"now": words["now"] + timedelta(minutes=6)}
    assert refusal(confirm_sign_off, **late) == ("code.expired", "code")


def test_code_of_another_form_is_refused():
    owner = make_buyer()
    first, second = (make_sign_off(make_new_device(owner)) for _ in range(2))
    code = confirmation_of(first)["code"]
    assert refusal(confirm_sign_off, **confirmation_of(second, code=code)) == ("code.missing", "code")


def test_code_used_for_the_form_before_is_refused():
    sign_off = make_sign_off()
    words = confirmation_of(sign_off)
    ConfirmationCode.objects.update(used_at=timezone.now())
    assert refusal(confirm_sign_off, **words) == ("code.used", "code")


def test_device_put_into_service_meanwhile_is_refused_whole():
    sign_off = make_sign_off()
    make_period(sign_off.device, TODAY - 30 * DAY, TODAY + 30 * DAY)
    assert refusal(confirm_sign_off, **confirmation_of(sign_off))[0] == "service.period_overlaps"


def test_buyer_disabled_meanwhile_is_refused():
    sign_off = make_sign_off()
    words = confirmation_of(sign_off)
    set_buyer_active(buyer_id=sign_off.buyer_id, active=False, reason="x", actor=SYSTEM, now=timezone.now())
    assert refusal(confirm_sign_off, **words)[0] == "signoff.buyer_closed"


@pytest.mark.parametrize("verb", ["confirm", "send", "decline"])
def test_foreign_form_does_not_exist(verb):
    sign_off, stranger = make_sign_off(), make_buyer()
    acts = {
        "confirm": lambda: confirm_sign_off(**confirmation_of(sign_off) | {"buyer": stranger}),
        "send": lambda: send_sign_off_code(user=stranger.user, sign_off_id=sign_off.pk, now=timezone.now()),
        "decline": lambda: decline(sign_off, user=stranger.user),
    }
    before = footprint()[:-1]
    with pytest.raises(SignOff.DoesNotExist):
        acts[verb]()
    assert footprint()[:-1] == before


def test_form_of_a_device_that_has_gone_is_out_of_sight():
    confirmed = make_confirmed()
    assert SignOff.objects.visible_to(confirmed.buyer.user).exists()
    new_owner = make_executed(confirmed.device).transfer.new_owner
    assert not SignOff.objects.visible_to(confirmed.buyer.user).exists()
    assert not SignOff.objects.visible_to(new_owner.user).exists()


# --- declining, withdrawing, correcting ------------------------------------------------------------------------------


def decline(sign_off, reason="آموزش داده نشد", user=None) -> SignOff:
    user = user or sign_off.buyer.user
    return decline_sign_off(
        user=user, sign_off_id=sign_off.pk, reason=reason, actor=actor_for(user), now=timezone.now()
    )


def withdraw(sign_off) -> SignOff:
    return withdraw_sign_off(sign_off_id=sign_off.pk, actor=actor_for(make_staff()), now=timezone.now())


def test_declined_form_says_why_and_begins_nothing():
    sign_off = make_sign_off()
    declined = decline(sign_off)
    assert (declined.status, declined.decline_reason) == ("declined", "آموزش داده نشد")
    assert not ServicePeriod.objects.exists()
    assert OutboxMessage.objects.filter(dedupe_key=f"crm.sign_off:{sign_off.pk}:declined").exists()
    assert Trace.objects.get(verb="sign_off.declined").data == {"reason": "آموزش داده نشد"}


def test_declining_needs_a_reason():
    assert refusal(decline, make_sign_off(), reason=" ‌ ") == ("signoff.reason_required", "reason")


@pytest.mark.parametrize("end", [decline, withdraw])
def test_what_is_answered_or_taken_back_can_only_be_prepared_anew(end):
    sign_off = make_sign_off()
    words = confirmation_of(sign_off)
    ended = end(sign_off).status
    if ended == "declined":
        assert refusal(confirm_sign_off, **words)[0] == "signoff.already_declined"
        assert refusal(decline, sign_off)[0] == "signoff.already_declined"
    assert refusal(withdraw, sign_off)[0] == f"signoff.already_{ended}"
    assert make_confirmed(sign_off.device).status == "confirmed"


def test_withdrawn_form_is_out_of_the_buyers_sight():
    sign_off = make_sign_off()
    words = confirmation_of(sign_off)
    withdraw(sign_off)
    for act in (lambda: confirm_sign_off(**words), lambda: decline(sign_off)):
        with pytest.raises(SignOff.DoesNotExist):
            act()


def test_confirmed_form_can_be_neither_declined_nor_withdrawn():
    confirmed = make_confirmed()
    assert refusal(decline, confirmed)[0] == "signoff.already_confirmed"
    assert refusal(withdraw, confirmed)[0] == "signoff.already_confirmed"


def correct(confirmed, **values) -> SignOff:
    words = {"supersedes_id": confirmed.pk, "correction_reason": "تاریخ اشتباه بود", "installed_on": TODAY - 3 * DAY}
    return make_sign_off(confirmed.device, **words | values)


def test_correction_supersedes_and_does_not_begin_the_service_anew():
    confirmed = make_confirmed()
    period = confirmed.device.periods.get()
    correction = confirm_sign_off(**confirmation_of(correct(confirmed)))

    content = open_content(correction.record)
    assert content["supersedes"] == {"code": confirmed.record.code, "reason": "تاریخ اشتباه بود"}
    assert (correction.supersedes, content["service"]) == (confirmed, None)
    assert correction.record.previous_sha256 == confirmed.record.sha256
    assert list(ServicePeriod.objects.all()) == [period]
    assert Device.objects.get().installed_on == TODAY - 3 * DAY


def test_correction_can_be_corrected_but_the_same_form_only_once():
    confirmed = make_confirmed()
    correction = confirm_sign_off(**confirmation_of(correct(confirmed)))
    assert refusal(correct, confirmed)[0] == "signoff.nothing_to_correct"
    assert confirm_sign_off(**confirmation_of(correct(correction))).status == "confirmed"


@pytest.mark.parametrize("end", [decline, withdraw])
def test_correction_that_came_to_nothing_may_be_tried_again(end):
    confirmed = make_confirmed()
    end(correct(confirmed))
    assert confirm_sign_off(**confirmation_of(correct(confirmed))).supersedes == confirmed


def test_correction_needs_a_reason_a_confirmed_form_and_one_device():
    confirmed, waiting = make_confirmed(), make_sign_off()
    owner = confirmed.buyer
    second = make_new_device(owner)
    assert refusal(correct, confirmed, correction_reason=" ") == ("signoff.reason_required", "correction_reason")
    assert refusal(correct, confirmed, supersedes_id=waiting.pk)[0] == "signoff.nothing_to_correct"
    both = [confirmed.device_id, second.pk]
    assert refusal(correct, confirmed, device_ids=both) == ("signoff.correction_of_many", "devices")


def test_confirmed_form_cannot_be_deleted_through_its_device():
    confirmed = make_confirmed()
    with pytest.raises(ProtectedError):
        confirmed.device.delete()


# --- reminding -----------------------------------------------------------------------------------------------------


def test_reminders_come_after_3_7_and_14_days_once_each():
    sign_off = make_sign_off()
    make_confirmed()
    for days in range(20):
        remind_sign_offs(now=sign_off.prepared_at + days * DAY)
        remind_sign_offs(now=sign_off.prepared_at + days * DAY)
    keys = OutboxMessage.objects.filter(topic="notify.sign_off_reminder").values_list("dedupe_key", flat=True)
    assert sorted(keys) == sorted(f"notify.sign_off_reminder:{sign_off.pk}:{step}" for step in (3, 7, 14))


# --- spans ---------------------------------------------------------------------------------------------------------


def jalali(year, month, day) -> date:
    return jdatetime.date(year, month, day).togregorian()


@pytest.mark.parametrize(
    ("starts_on", "months", "ends_on"),
    [
        ((1405, 9, 1), 12, (1406, 8, 30)),
        ((1405, 1, 1), 12, (1405, 12, 29)),
        ((1403, 1, 1), 12, (1403, 12, 30)),  # 1403 is a leap year
        ((1403, 12, 30), 12, (1404, 12, 28)),  # no 30 Esfand in 1404: its 29th stands for it
        ((1403, 12, 30), 48, (1407, 12, 28)),
        ((1399, 12, 30), 48, (1403, 12, 29)),  # from leap day to leap day
        ((1405, 6, 31), 1, (1405, 7, 29)),
        ((1405, 6, 31), 6, (1405, 12, 28)),
        ((1405, 12, 29), 1, (1406, 1, 28)),
        ((1405, 12, 1), 18, (1407, 5, 31)),
    ],
)
def test_span_of_included_service(starts_on, months, ends_on):
    device = make_new_device(sold_on=None, model=make_model(service_months=months, warranty_months=0))
    sign_off = make_sign_off(device)
    SignOff.objects.filter(pk=sign_off.pk).update(installed_on=jalali(*starts_on))
    confirm_sign_off(**confirmation_of(sign_off))
    period = device.periods.get()
    assert (period.starts_on, period.ends_on) == (jalali(*starts_on), jalali(*ends_on))


days = st.dates(min_value=date(1990, 1, 1), max_value=date(2080, 1, 1))


@given(days, st.integers(1, 60))
def test_span_ends_the_day_before_the_same_jalali_day(starts_on, months):
    start = jdatetime.date.fromgregorian(date=starts_on)
    years, month = divmod(start.month - 1 + months, 12)
    follower = jdatetime.date.fromgregorian(date=months_end(starts_on, months) + DAY)
    assert (follower.year, follower.month) == (start.year + years, month + 1)
    assert follower.day == start.day or (follower.day < start.day and _is_last_of_month(follower))


def _is_last_of_month(day: jdatetime.date) -> bool:
    return jdatetime.date.fromgregorian(date=day.togregorian() + DAY).day == 1


@given(days, st.integers(1, 48))
def test_spans_grow_with_their_months_and_whole_years_are_contracts(starts_on, months):
    assert starts_on <= months_end(starts_on, months) < months_end(starts_on, months + 1)
    years = months // 12 + 1
    assert months_end(starts_on, years * 12) == contract_end(starts_on, years)


def test_span_has_an_end_and_stays_in_known_years():
    with pytest.raises(ValueError, match="at least one month"):
        months_end(TODAY, 0)
    with pytest.raises(JalaliError):
        months_end(jalali(1500, 6, 1), 12)
