"""What editors and the catalogue can do to content by mistake: nothing opens, breaks or is sent twice for it."""

from __future__ import annotations

import json
from itertools import count

import pytest
from django.test import Client

from cms.catalogue_uses import is_used
from cms.models import ArticlePage, Campaign
from customer.models import Brand, DeviceModel, DeviceType, Trace
from customer.roles import Role
from tests.factories.cms import make_draft, make_notice
from tests.factories.content import block, make_page, make_section
from tests.factories.customer import make_active_device, make_model, make_staff

pytestmark = pytest.mark.django_db

_serial = count(1)
TYPES, MODELS = "/admin/snippets/customer/devicetype", "/admin/snippets/customer/devicemodel"


@pytest.fixture
def administrator(client):
    client.force_login(make_staff(Role.ADMINISTRATOR))
    return client


@pytest.fixture
def buyer():
    """Somebody with a device of another kind."""
    return make_active_device().owner


def make_type() -> DeviceType:
    """A type of which there is no model, so that no key of the database holds it."""
    n = next(_serial)
    return DeviceType.objects.create(name=f"نوع {n}", slug=f"kind-{n}")


def reads(user, page) -> int:
    client = Client()
    client.force_login(user)
    return client.get(page.get_url()).status_code


# --- device types and models in use ----------------------------------------------------------------------------------


def test_type_that_a_page_is_for_stays_and_the_page_stays_closed(administrator, buyer):
    kind = make_type()
    page = make_page(types=[kind])
    answer = administrator.post(f"{TYPES}/delete/{kind.pk}/", follow=True)
    assert "در حال استفاده" in " ".join(str(message) for message in answer.context["messages"])
    assert DeviceType.objects.filter(pk=kind.pk).exists()
    assert not Trace.objects.filter(verb="devicetype.deleted").exists()
    assert reads(buyer.user, page) == 404


def test_model_that_a_page_is_for_stays_and_the_page_stays_closed(administrator, buyer):
    model = make_model(name="بی‌دستگاه")
    page = make_page(models=[model])
    administrator.post(f"{MODELS}/delete/{model.pk}/")
    assert DeviceModel.objects.filter(pk=model.pk).exists()
    assert reads(buyer.user, page) == 404


def test_type_that_only_a_draft_is_for_stays(administrator, buyer):
    kind = make_type()
    page = make_page()
    page.device_types.set([kind])
    revision = page.save_revision()
    administrator.post(f"{TYPES}/delete/{kind.pk}/")
    assert DeviceType.objects.filter(pk=kind.pk).exists()
    revision.publish()
    assert reads(buyer.user, page) == 404


def test_type_of_a_sending_under_way_stays(administrator):
    owner = make_active_device().owner
    kind = owner.devices.get().model.device_type
    other = make_type()
    notice = make_notice()
    campaign = make_draft(notice)
    Campaign.objects.filter(pk=campaign.pk).update(audience={"device_types": [kind.pk, other.pk]})
    assert is_used(other)
    Campaign.objects.filter(pk=campaign.pk).update(status=Campaign.Status.CANCELLED)
    assert not is_used(other)


def test_type_that_nothing_means_can_go(administrator):
    kind = make_type()
    administrator.post(f"{TYPES}/delete/{kind.pk}/")
    assert not DeviceType.objects.filter(pk=kind.pk).exists()
    assert not is_used(Brand.objects.create(name="نگین"))


# --- 100 kB of somebody's Word ---------------------------------------------------------------------------------------

WORD = (
    '<p class="MsoNormal" style="margin:0cm;font-family:Calibri" onclick="alert(1)"><b><span lang="FA" '
    'style="font-size:14.0pt">گام {n}: می\u200cچرخانیم</span></b><o:p></o:p></p>'
    "<!--[if gte mso 9]><xml></xml><![endif]-->"
    '<script>alert("{n}")</script>'
)


def pasted() -> str:
    words, n = "", 0
    while len(words.encode()) < 100_000:
        n += 1
        words += WORD.replace("{n}", str(n))
    return words


def test_a_hundred_kilobytes_of_word_come_in_clean_and_are_found(client, buyer):
    client.force_login(make_staff(Role.EDITOR))
    section = make_section()
    form = client.get(f"/admin/pages/add/cms/articlepage/{section.pk}/")
    assert form.status_code == 200
    page = make_page(title="از ورد", body=json.dumps([block("text", pasted())]), below=section)
    page.save_revision().publish()
    client.force_login(buyer.user)
    answer = client.get(page.get_url())
    said = answer.content.decode()
    assert answer.status_code == 200
    assert "می\u200cچرخانیم" in said
    for rest in ("MsoNormal", "onclick", "alert(", "<o:p", "font-family", "mso 9"):
        assert rest not in said, rest
    found = ArticlePage.objects.get(pk=page.pk)
    assert len(found.plain_text()) <= 100_000
    assert "می\u200cچرخانیم" in client.get("/search/?q=می‌چرخانیم").content.decode()
