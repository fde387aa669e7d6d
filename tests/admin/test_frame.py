"""The look of the admin, and amounts as its forms take them."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from cms.models import PortalSettings
from kernel.fields import TomanField
from kernel.palette import admin_stylesheet


def test_the_brands_colour_reaches_wagtails_tokens(administrator):
    settings = PortalSettings.load()
    settings.brand_colour = "#7a1fa2"
    settings.save()
    sheet = administrator.get("/admin/brand.css")
    assert sheet.headers["Content-Type"].startswith("text/css")
    assert "--w-color-secondary-hue: 281.7;" in sheet.content.decode()
    page = administrator.get("/admin/").content.decode()
    assert "/admin/brand.css?7a1fa2" in page
    assert "css/admin.css" in page


def test_the_menu_holds_nothing_that_leads_nowhere(superuser):
    """Everything that pages can show is in it; Wagtail's own pages that nobody here uses are not."""
    page = superuser.get("/admin/").content.decode()
    for address in ("customer/buyer/", "media/", "images/", "documents/", "reports/workflow/"):
        assert f'"/admin/{address}"' in page, address
    for address in ("reports/locked/", "reports/aging-pages/", "workflows/list/", "groups/", "sites/"):
        assert f'"/admin/{address}"' not in page, address
    assert "editor-guide" not in page


@pytest.mark.parametrize("colour", ["#000000", "#ffffff", "#ff0000", "#0b6e6e"])
def test_any_colour_gives_a_dark_menu_and_readable_buttons(colour):
    sheet = admin_stylesheet(colour)
    values = dict(part.strip().split(": ") for part in sheet.split("{")[1].split("}")[0].split(";") if part.strip())
    assert float(values["--w-color-primary-lightness"].rstrip("%")) <= 17
    assert float(values["--w-color-secondary-lightness"].rstrip("%")) <= 55


def test_the_frame_is_persian_and_right_to_left(administrator):
    page = administrator.get("/admin/customer/buyer/").content.decode()
    assert 'lang="fa" dir="rtl"' in page
    assert "خریداران" in page
    assert translation.get_language() == "fa"


@pytest.mark.parametrize(
    ("typed", "rial"), [("۴٬۸۰۰٬۰۰۰", 48_000_000), ("4,800,000 تومان", 48_000_000), ("1234.5", 12_345), ("٧", 70)]
)
def test_toman_is_taken_in_any_writing(typed, rial):
    field = TomanField()
    assert field.clean(typed) == rial
    assert field.has_changed(rial, typed) is False


@pytest.mark.parametrize("typed", ["0", "-5", "abc", "4.855", "۹" * 30])
def test_what_is_no_amount_is_refused(typed):
    with pytest.raises(ValidationError):
        TomanField().clean(typed)


def test_an_amount_is_shown_with_persian_digits():
    assert "۴٬۸۰۰٬۰۰۰" in TomanField().widget.render("price", 48_000_000)
