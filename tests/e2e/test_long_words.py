"""Words without a blank, as error codes and paths are, push no page of a ticket over the edge of a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from customer.models import Buyer
from support.models.ticket import LONGEST_TITLE
from tests.e2e.visitor import Visitor
from tests.factories.customer import PASSWORD, make_staff
from tests.factories.support import answer, make_ticket

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
on_a_phone = pytest.mark.browser_context_args(viewport={"width": 360, "height": 780}, is_mobile=True, has_touch=True)
PATH = r"C:\Program\logs\spindle.log"


@on_a_phone
def test_long_words_stay_on_the_screen(visitor: Visitor, devices):
    Buyer.objects.update(last_name="موسوی" * 15)
    ticket = make_ticket(device=devices[0], title="E" * LONGEST_TITLE, description="Y" * 400)
    answer(ticket, make_staff(is_staff=True, first_name="ن" * 100), f"این را بفرستید:\n{PATH}\nسپاس")
    visitor.sign_in("sara", PASSWORD)
    address = f"/tickets/{ticket.number}/"
    for path in ("/tickets/", address, f"{address}print/", "/inbox/", f"/devices/{devices[0].pk}/"):
        visitor.open(path)

    visitor.open(address)
    lines = visitor.page.locator(".bubble-text p").last
    expect(lines).to_contain_text(PATH)
    assert lines.evaluate("lines => getComputedStyle(lines).unicodeBidi") == "plaintext"
