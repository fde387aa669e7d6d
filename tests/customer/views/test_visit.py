"""The page of a whole visit: every form is read and ticked, one code confirms all; also on the technician's phone."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from customer.models import ConfirmationCode, ServicePeriod, SignedRecord, SignOff
from customer.services.record import open_content
from customer.services.sign_off import decline_sign_off
from customer.services.visit import purpose_of
from tests.factories.customer import make_buyer, make_staff
from tests.factories.papers import ITEMS, actor_for, make_visit, visit_code

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh():
    cache.clear()


@pytest.fixture
def buyer(client):
    buyer = make_buyer()
    client.force_login(buyer.user)
    return buyer


@pytest.fixture
def forms(buyer) -> list[SignOff]:
    return make_visit(buyer, count=3)


def path(forms, name="visit") -> str:
    return reverse(name, args=[forms[0].visit])


def ticked(forms, **values) -> dict:
    words = {"do": "confirm"}
    for form in forms:
        words |= {f"{form.pk}-items": ITEMS, f"{form.pk}-all_done": "on"}
    return words | values


def statuses(forms) -> list[str]:
    return list(SignOff.objects.filter(pk__in=[form.pk for form in forms]).values_list("status", flat=True))


def test_every_form_is_read_in_full_on_one_page(client, forms):
    content = client.get(path(forms)).content.decode()
    for form in forms:
        assert form.device.identifier in content
        assert f'name="{form.pk}-items"' in content
        assert reverse("sign_off_decline", args=[form.pk]) in content
    assert content.count(forms[0].statement) == 3
    assert 'name="code"' not in content  # first the code is asked for


def test_one_code_confirms_them_all(client, forms):
    asked = client.post(path(forms), ticked(forms, do="code"))
    assert (asked.status_code, asked["Location"]) == (302, f"{path(forms)}#code")
    code = ConfirmationCode.objects.get()
    assert (code.phone, code.purpose) == (forms[0].buyer.phone, purpose_of(forms))
    assert client.get(path(forms)).content.decode().count(" checked") == 3 * (len(ITEMS) + 1)

    confirmed = client.post(path(forms), ticked(forms, code=visit_code(forms)), follow=True)
    assert statuses(forms) == ["confirmed"] * 3
    assert SignedRecord.objects.count() == ServicePeriod.objects.count() == 3
    content = confirmed.content.decode()
    assert "<form" not in content.split("<main")[1]
    for form in forms:
        assert f'href="{reverse("sign_off_detail", args=[form.pk])}"' in content
    assert client.session["sign_off_ticks"] == {}


def test_missing_tick_is_said_at_its_form_and_nothing_is_sent_or_done(client, forms):
    for do in ("code", "confirm"):
        words = ticked(forms, do=do, code="123456") | {f"{forms[1].pk}-items": ITEMS[:2]}
        response = client.post(path(forms), words)
        content = response.content.decode()
        assert response.status_code == 400
        assert f'id="id_{forms[1].pk}-items_error"' in content
        assert f'id="id_{forms[0].pk}-items_error"' not in content
    assert statuses(forms) == ["waiting"] * 3
    assert not ConfirmationCode.objects.exists()


@pytest.mark.parametrize(("code", "status"), [("", 400), ("12", 400), ("123456", 409)])
def test_code_that_is_none_or_wrong_is_said_at_its_field(client, forms, code, status):
    visit_code(forms)
    response = client.post(path(forms), ticked(forms, code=code))
    assert response.status_code == status
    assert 'id="id_code_error"' in response.content.decode()
    assert statuses(forms) == ["waiting"] * 3


def test_without_a_code_asked_for_the_page_says_so(client, forms):
    response = client.post(path(forms), ticked(forms, code="123456"))
    assert response.status_code == 409
    assert "ابتدا" in response.content.decode()


def test_form_answered_meanwhile_leaves_the_others_to_be_read_anew(client, forms):
    words = ticked(forms, code=visit_code(forms))
    user = forms[0].buyer.user
    decline = {"user": user, "sign_off_id": forms[0].pk, "reason": "ناتمام", "actor": actor_for(user)}
    decline_sign_off(**decline, now=timezone.now())
    response = client.post(path(forms), words)
    assert response.status_code == 409  # the code was for three forms
    assert sorted(statuses(forms)) == ["declined", "waiting", "waiting"]
    assert f'name="{forms[0].pk}-items"' not in response.content.decode()


def test_all_answered_in_another_tab_is_said(client, forms):
    words = ticked(forms, code=visit_code(forms))
    client.post(path(forms), words)
    response = client.post(path(forms), words)
    assert response.status_code == 409
    assert SignedRecord.objects.count() == 3


def test_costs_little_more_for_more_forms(client, buyer):
    few, many = make_visit(buyer, 2), make_visit(buyer, 6)
    costs = []
    for forms in (few, few, many):
        with CaptureQueriesContext(connection) as queries:
            client.get(path(forms))
        costs.append(len(queries))
    assert costs[1] == costs[2]


def test_nobody_else_sees_it(client, buyer):
    forms = make_visit()
    for response in (client.get(path(forms)), client.post(path(forms), ticked(forms, code="123456"))):
        assert response.status_code == 404
    assert client.get(path(forms, "visit_in_person")).status_code == 403
    assert statuses(forms) == ["waiting"] * 3


def test_in_person_all_forms_are_signed_on_the_technicians_phone(client):
    technician = make_staff(first_name="سهیل", last_name="آذری")
    technician.user_permissions.add(Permission.objects.get(codename="prepare_signoff"))
    client.force_login(technician)
    forms = make_visit(count=2)
    page = path(forms, "visit_in_person")
    content = client.get(page).content.decode()
    assert forms[0].buyer.full_name in content
    assert "/decline/" not in content
    assert client.post(page, ticked(forms, do="code")).url == f"{page}#code"
    assert client.post(page, ticked(forms, code=visit_code(forms))).url == page
    assert statuses(forms) == ["confirmed"] * 2
    assert {open_content(form.record)["in_person_by"] for form in SignOff.objects.all()} == {"سهیل آذری"}


def test_single_form_leads_to_the_page_of_all_while_several_wait(client, forms, buyer):
    [alone] = make_visit(buyer, count=1)
    assert path(forms) in client.get(reverse("sign_off_detail", args=[forms[1].pk])).content.decode()
    assert "/visits/" not in client.get(reverse("sign_off_detail", args=[alone.pk])).content.decode()
