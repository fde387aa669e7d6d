"""Each role sees and does its own part, and nothing else."""

from __future__ import annotations

import pytest
from django.contrib.messages import get_messages

from cms.models import PortalSettings
from commerce.models import ServicePlan, VatRate
from customer.models import Brand, DeviceModel, DeviceType, User
from customer.roles import Role
from integrations.models import MessageTemplate
from tests.admin.records import make_all
from tests.factories.customer import make_buyer
from tests.factories.papers import make_checklist

A, S, F, E, U = Role.ADMINISTRATOR, Role.SUPPORT, Role.FINANCE, Role.EDITOR, Role.AUDITOR
PEOPLE = {A, S, F, U}
SEEN_BY = {
    "customer/buyer": PEOPLE,
    "customer/device": PEOPLE,
    "customer/serviceperiod": PEOPLE,
    "customer/servicechoice": PEOPLE,
    "customer/signoff": {A, S, U},
    "customer/transfer": {A, F, U},
    "customer/correctionrequest": {A, U},
    "customer/trace": {A, U},
    "commerce/order": {A, F, U},
    "commerce/payment": {A, F, U},
    "commerce/ledgerentry": {A, F, U},
    "integrations/outboxmessage": {A, U},
    "integrations/deliveryreport": {A, U},
    "integrations/smscredit": {A, U},
}
CATALOGUE = {
    "customer/brand": (Brand, {A, S, E, U}, {A}),
    "customer/devicetype": (DeviceType, {A, S, E, U}, {A}),
    "customer/devicemodel": (DeviceModel, {A, S, E, U}, {A}),
    "commerce/serviceplan": (ServicePlan, {A, F, U}, {A, F}),
    "commerce/vatrate": (VatRate, {A, F, U}, {A, F}),
    "integrations/messagetemplate": (MessageTemplate, {A, U}, {A}),
}


def is_open(client, url: str) -> bool:
    """Whether the page is shown; Wagtail sends everybody else to the first page with a message."""
    response = client.get(url)
    if response.status_code == 302:
        assert response.url == "/admin/", url
        assert list(get_messages(response.wsgi_request)), url
        return False
    assert response.status_code == 200, (url, response.status_code)
    return True


@pytest.mark.parametrize("role", Role)
def test_lists_and_read_pages_are_for_their_roles(sign_in, role):
    records = make_all()
    client = sign_in(role)
    for address, allowed in SEEN_BY.items():
        assert is_open(client, f"/admin/{address}/") is (role in allowed), address
        assert is_open(client, f"/admin/{address}/inspect/{records[address].pk}/") is (role in allowed), address


@pytest.mark.parametrize("role", Role)
def test_catalogue_is_read_and_written_by_its_roles(sign_in, role):
    make_all()
    client = sign_in(role)
    for address, (model, readers, writers) in CATALOGUE.items():
        pk = model.objects.first().pk
        base = f"/admin/snippets/{address}"
        assert is_open(client, f"{base}/") is (role in readers), address
        assert is_open(client, f"{base}/inspect/{pk}/") is (role in readers), address
        assert is_open(client, f"{base}/add/") is (role in writers), address
        assert is_open(client, f"{base}/edit/{pk}/") is (role in writers), address
        assert is_open(client, f"{base}/delete/{pk}/") is (role == A), address


@pytest.mark.parametrize("role", Role)
def test_checklists_are_written_by_the_administrator_and_deleted_by_nobody(sign_in, role):
    pk = make_checklist().pk
    client = sign_in(role)
    base = "/admin/snippets/customer/checklisttemplate"
    for page in ("", f"inspect/{pk}/"):
        assert is_open(client, f"{base}/{page}") is (role in {A, S, U}), page
    for page in ("add/", f"edit/{pk}/"):
        assert is_open(client, f"{base}/{page}") is (role == A), page
    assert not is_open(client, f"{base}/delete/{pk}/")


@pytest.mark.parametrize("role", Role)
def test_forms_and_frame_are_for_their_roles(sign_in, role):
    records = make_all()
    buyer, device = records["customer/buyer"], records["customer/device"]
    client = sign_in(role)
    allowed = {
        "/admin/": set(Role),
        "/admin/account/": set(Role),
        "/admin/brand.css": set(Role),
        "/admin/customer/buyer/create/": {A},
        f"/admin/customer/buyer/edit/{buyer.pk}/": {A},
        f"/admin/customer/buyer/reset-password/{buyer.pk}/": {A},
        f"/admin/customer/buyer/close/{buyer.pk}/": {A},
        f"/admin/customer/buyer/open/{buyer.pk}/": {A},
        "/admin/customer/device/create/": {A},
        f"/admin/customer/device/edit/{device.pk}/": {A},
        f"/admin/customer/device/activate-legacy/{device.pk}/": {A},
        f"/admin/customer/device/prepare-sign-off/{device.pk}/": {A, S},
        f"/admin/customer/signoff/add-photo/{records['customer/signoff'].pk}/": {A, S},
        f"/admin/customer/signoff/correct/{records['customer/signoff'].pk}/": {A, S},
        f"/admin/customer/transfer/approve/{records['customer/transfer'].pk}/": {A},
        f"/admin/customer/transfer/refuse/{records['customer/transfer'].pk}/": {A},
        f"/admin/customer/correctionrequest/accept/{records['customer/correctionrequest'].pk}/": {A},
        f"/admin/customer/correctionrequest/refuse/{records['customer/correctionrequest'].pk}/": {A},
        "/admin/buyer_chooser/": PEOPLE,
        "/admin/buyer_chooser/results/": PEOPLE,
        f"/admin/buyer_chooser/chosen/{buyer.pk}/": PEOPLE,
        "/admin/users/": {A},
        "/admin/users/new/": {A},
        f"/admin/settings/cms/portalsettings/{PortalSettings.load().pk}/": {A},
        "/admin/pages/": {A, E},
        "/admin/images/": {A, E},
        "/admin/documents/": {A, E},
        "/admin/groups/": set(),
        "/admin/sites/": set(),
    }
    for url, roles in allowed.items():
        assert is_open(client, url) is (role in roles), url


@pytest.mark.parametrize("role", Role)
def test_acts_by_post_are_for_their_roles(sign_in, role):
    records = make_all()
    buyer, payment = records["customer/buyer"], records["commerce/payment"]
    message = records["integrations/outboxmessage"]
    client = sign_in(role)
    shown = client.post(f"/admin/customer/buyer/national-code/{buyer.pk}/")
    assert (buyer.national_code in shown.content.decode()) is (role == A)
    client.post(f"/admin/integrations/outboxmessage/send-again/{message.pk}/")
    message.refresh_from_db()
    assert (message.status == "queued") is (role == A)
    client.post(f"/admin/commerce/payment/ask-bank/{payment.pk}/")
    payment.refresh_from_db()
    assert (payment.checks > 0) is (role == F)
    form, transfer = records["customer/signoff"], records["customer/transfer"]
    client.post(f"/admin/customer/signoff/withdraw/{form.pk}/")
    form.refresh_from_db()
    assert (form.status == "withdrawn") is (role in {A, S})
    client.post(f"/admin/customer/transfer/refuse/{transfer.pk}/", {"reason": "آزمون"})
    transfer.refresh_from_db()
    assert (transfer.status == "refused") is (role == A)
    client.post(f"/admin/customer/buyer/close/{buyer.pk}/", {"reason": "آزمون"})
    buyer.user.refresh_from_db()
    assert buyer.user.is_active is (role != A)


@pytest.mark.parametrize("role", Role)
def test_menu_holds_only_what_opens(sign_in, role):
    make_all()
    client = sign_in(role)
    client.get("/admin/")
    from wagtail.admin.menu import admin_menu

    request = client.get("/admin/").wsgi_request
    request.user = User.objects.get(groups__name=role)

    def urls(menu):
        for item in menu.menu_items_for_request(request):
            if hasattr(item, "menu"):
                yield from urls(item.menu)
            elif item.url.startswith("/admin/"):
                yield item.url

    for url in urls(admin_menu):
        response = client.get(url, follow=True)
        assert response.status_code == 200
        assert response.request["PATH_INFO"] != "/admin/", url


def test_a_buyer_does_not_get_in(client, db):
    client.force_login(make_buyer().user)
    for url in ("/admin/", "/admin/customer/buyer/", "/admin/account/", "/admin/brand.css"):
        response = client.get(url)
        assert response.status_code == 302
        assert "/login/" in response.url


def test_a_visitor_is_sent_to_sign_in(client, db):
    response = client.get("/admin/customer/buyer/")
    assert response.status_code == 302
    assert "/login/" in response.url


def test_buyers_cannot_be_handled_in_bulk(superuser):
    buyer = make_buyer()
    url = f"/admin/bulk/customer/user/delete/?id={buyer.user_id}&next=/admin/users/"
    superuser.post(url, {"next": "/admin/users/"})
    assert User.objects.filter(pk=buyer.user_id).exists()
    superuser.post(f"/admin/bulk/customer/user/set_active_state/?id={buyer.user_id}", {"mark_as_active": ""})
    buyer.user.refresh_from_db()
    assert buyer.user.is_active
