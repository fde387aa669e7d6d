"""Pages go live and expire by Jalali days; every day that an editor reads is Jalali."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.forms import DateTimeField
from django.utils import timezone
from wagtail.admin.filters import DateRangePickerWidget
from wagtail.utils.timestamps import render_timestamp

from cms.models import ArticlePage
from cms.tasks import keep_schedule
from customer.roles import Role
from kernel.fields import JalaliMomentInput
from kernel.jalali import TEHRAN, format_date, tehran_date
from tests.admin.editing import save, visible_text
from tests.factories.content import make_page

GREGORIAN = re.compile(r"(?<![\d/-])(?:19|20)\d\d(?![\d/])")


def moment_of(day, hour=""):
    """What the schedule's field makes of what was typed."""
    widget = JalaliMomentInput()
    return DateTimeField(widget=widget).clean(widget.value_from_datadict({"at_0": day, "at_1": hour}, {}, "at"))


@pytest.mark.parametrize(
    ("day", "hour", "moment"),
    [
        ("۱۴۰۵/۰۹/۱۰", "۰۹:۳۰", datetime(2026, 12, 1, 9, 30, tzinfo=TEHRAN)),
        ("1405-9-10", "", datetime(2026, 12, 1, 0, 0, tzinfo=TEHRAN)),
    ],
)
def test_a_moment_is_typed_as_a_jalali_day_and_an_hour(day, hour, moment):
    assert moment_of(day, hour) == moment


@pytest.mark.parametrize(
    ("day", "hour"), [("2026-12-01", "09:30"), ("۱۴۰۵/۱۳/۰۱", ""), ("۱۴۰۵/۰۹/۱۰", "25:00"), ("", "9:30")]
)
def test_what_is_no_moment_is_refused(day, hour):
    with pytest.raises(ValidationError):
        moment_of(day, hour)


def test_a_moment_is_shown_as_it_was_typed():
    shown = JalaliMomentInput().render("at", datetime(2026, 12, 1, 9, 30, tzinfo=TEHRAN))
    assert 'value="۱۴۰۵/۰۹/۱۰"' in shown
    assert 'value="09:30"' in shown
    assert "data-jalali-picker" in shown
    for day, hour in (("1405/13/01", "09:30"), ("2026-12-01", ""), ("۱۴۰۵/۰۹/۱۰", "25:00")):
        widget = JalaliMomentInput()
        refused = widget.value_from_datadict({"at_0": day, "at_1": hour}, {}, "at")
        again = widget.render("at", refused)
        assert f'value="{day}"' in again
        assert not hour or f'value="{hour}"' in again


def test_an_administrator_schedules_publishing_and_expiry(administrator):
    page = make_page(ArticlePage, live=False)
    page.save_revision()
    opens, ends = (timezone.now() + timedelta(days=days) for days in (10, 40))
    days = {
        f"{name}_0": format_date(tehran_date(at), "numeric")
        for name, at in (("go_live_at", opens), ("expire_at", ends))
    }
    save(administrator, page, days | {"go_live_at_1": "09:30", "expire_at_1": "18:00", "action-publish": "1"})

    page.refresh_from_db()
    revision = page.scheduled_revision
    assert revision.approved_go_live_at.astimezone(TEHRAN).strftime("%H:%M") == "09:30"
    assert tehran_date(revision.as_object().expire_at) == tehran_date(ends)
    assert not page.live
    shown = administrator.get(f"/admin/pages/{page.pk}/edit/").content.decode()
    assert f"{format_date(tehran_date(opens))}، ساعت ۰۹:۳۰" in shown
    assert f"{format_date(tehran_date(ends))}، ساعت ۱۸:۰۰" in shown
    assert str(opens.year) not in visible_text(shown)


def test_the_schedule_is_kept_by_the_worker(administrator):
    page = make_page(ArticlePage, live=False)
    page.go_live_at = timezone.now() - timedelta(minutes=2)
    page.expire_at = timezone.now() + timedelta(days=1)
    revision = page.save_revision()
    revision.approved_go_live_at = page.go_live_at
    revision.save()
    keep_schedule()
    page.refresh_from_db()
    assert page.live
    ArticlePage.objects.filter(pk=page.pk).update(expire_at=timezone.now() - timedelta(minutes=1))
    keep_schedule()
    page.refresh_from_db()
    assert not page.live
    assert page.expired


def test_wagtails_own_dates_are_jalali(sign_in):
    moment = datetime(2026, 12, 1, 9, 30, tzinfo=TEHRAN)
    assert render_timestamp(moment) == "۱۰ آذر ۱۴۰۵، ساعت ۰۹:۳۰"
    widget = DateRangePickerWidget()
    typed = {"at_from": "۱۴۰۵/۰۹/۰۱", "at_to": "1405/9/30"}
    assert widget.value_from_datadict(typed, {}, "at") == [date(2026, 11, 22), date(2026, 12, 21)]
    page = make_page()
    page.save_revision().publish()
    editor = sign_in(Role.EDITOR)
    history = f"/admin/pages/{page.pk}/history/"
    for address in (
        history,
        f"{history}?timestamp_from=۱۴۰۵/۰۹/۰۱&timestamp_to=1500/01/01",
        "/admin/",
        "/admin/pages/",
    ):
        shown = visible_text(editor.get(address).content.decode())
        assert not GREGORIAN.findall(shown), address
    assert "۱ آذر ۱۴۰۵" in visible_text(editor.get(f"{history}?timestamp_from=۱۴۰۵/۰۹/۰۱").content.decode())
