from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest
from django import forms
from django.utils import translation
from rest_framework import serializers

from kernel.fields import JalaliDateField, JalaliDateInput
from kernel.serializer_fields import IsoDateField, JalaliTwinField

AZAR = date(2026, 11, 22)


class SaleForm(forms.Form):
    sold_on = JalaliDateField()
    installed_on = JalaliDateField(required=False)


class PeriodSerializer(serializers.Serializer):
    ends_on = IsoDateField()
    ends_on_jalali = JalaliTwinField(source="ends_on")


def test_the_form_takes_a_jalali_date() -> None:
    form = SaleForm({"sold_on": "۱۴۰۵/۹/۱", "installed_on": ""})
    assert form.is_valid(), form.errors
    assert form.cleaned_data == {"sold_on": AZAR, "installed_on": None}


@pytest.mark.parametrize(
    ("typed", "code"),
    [("", "required"), ("2026-11-22", "gregorian_year"), ("1405/12/30", "no_such_day"), ("1600/1/1", "out_of_range")],
)
def test_the_form_says_what_is_wrong_and_keeps_what_was_typed(typed: str, code: str) -> None:
    form = SaleForm({"sold_on": typed})
    assert form.errors.as_data()["sold_on"][0].code == code
    assert f'value="{typed}"' in str(form["sold_on"]) or not typed


def test_the_input_shows_the_date_in_persian_and_asks_for_the_picker() -> None:
    html = str(SaleForm(initial={"sold_on": AZAR})["sold_on"])
    assert 'value="۱۴۰۵/۰۹/۰۱"' in html
    for attribute in ("data-jalali-picker=", 'dir="ltr"', 'inputmode="numeric"', 'autocomplete="off"'):
        assert attribute in html
    assert "style=" not in html


def test_the_input_shows_the_day_of_a_moment_in_tehran() -> None:
    assert JalaliDateInput().format_value(datetime(2026, 11, 21, 21, tzinfo=UTC)) == "۱۴۰۵/۰۹/۰۱"


def test_the_input_survives_a_date_outside_the_known_years() -> None:
    assert JalaliDateInput().format_value(date.min) == "0001-01-01"


def test_the_words_of_the_picker_follow_the_language() -> None:
    widget = JalaliDateInput()
    with translation.override("fa"):
        assert json.loads(str(widget.attrs["data-jalali-picker"]))["today"] == "امروز"
    with translation.override("en"):
        assert json.loads(str(widget.attrs["data-jalali-picker"]))["today"] == "Today"


def test_the_media_are_a_module_and_a_sheet() -> None:
    media = str(SaleForm().media)
    assert 'src="/static/js/jalali-picker.js" type="module"' in media
    assert "/static/css/jalali-picker.css" in media


def test_only_another_date_counts_as_a_change() -> None:
    field = JalaliDateField()
    assert not field.has_changed(AZAR, "1405-09-01")
    assert field.has_changed(AZAR, "1405/09/02")
    assert field.has_changed(AZAR, "2026-11-22")


def test_the_api_speaks_iso_with_a_jalali_twin() -> None:
    assert PeriodSerializer({"ends_on": AZAR}).data == {"ends_on": "2026-11-22", "ends_on_jalali": "1405/09/01"}
    assert PeriodSerializer({"ends_on": None}).data == {"ends_on": None, "ends_on_jalali": None}


@pytest.mark.parametrize(("given", "code"), [("0001-01-01", "out_of_range"), ("1405/09/01", "invalid")])
def test_the_api_refuses_other_dates(given: str, code: str) -> None:
    serializer = PeriodSerializer(data={"ends_on": given})
    assert not serializer.is_valid()
    assert serializer.errors["ends_on"][0].code == code
