"""Links with which an editor shows a draft to another front end."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from wagtail.models import GroupPagePermission

from cms.preview import preview_token
from customer.roles import Role
from tests.api.clients import problem_of
from tests.factories.content import make_page
from tests.factories.customer import make_buyer, make_model, make_staff


@pytest.fixture
def editor(db):
    return make_staff(Role.EDITOR)


@pytest.fixture
def draft(db):
    """A published page with newer words that are not out yet."""
    page = make_page(title="بیرون")
    page.title = "پیش‌نویس"
    page.body = [("heading", "تازه")]
    page.device_types.set([make_model().device_type])
    page.save_revision()
    return page


def path_of(page, editor, now=None) -> str:
    token = preview_token(page=page, user=editor, now=now or timezone.now())
    return reverse("api:content_preview", args=[token])


def test_a_draft_in_the_shape_of_a_page(anonymous, draft, editor):
    answer = anonymous.get(path_of(draft, editor))
    body = answer.json()
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "private, no-store")
    assert (body["title"], body["type"], body["body"][0]["value"]) == ("پیش‌نویس", "article", "تازه")
    assert len(body["device_types"]) == 1
    assert body.keys() == anonymous.get(path_of(make_page(), editor)).json().keys()


def test_it_is_bound_to_the_draft_of_that_moment(anonymous, draft, editor):
    path = path_of(draft, editor)
    draft.title = "تازه‌تر"
    draft.save_revision()
    assert anonymous.get(path).json()["title"] == "پیش‌نویس"
    assert anonymous.get(path_of(draft, editor)).json()["title"] == "تازه‌تر"


def test_it_ends_after_half_an_hour(anonymous, draft, editor):
    start = timezone.now()
    path = path_of(draft, editor, start)
    with time_machine.travel(start + timedelta(minutes=29, seconds=59), tick=False):
        assert anonymous.get(path).status_code == 200
    with time_machine.travel(start + timedelta(minutes=30), tick=False):
        problem_of(anonymous.get(path), 404)


def test_a_forged_one_opens_nothing(anonymous, draft, editor):
    path = path_of(draft, editor)
    for forged in (path[:-2] + "x/", reverse("api:content_preview", args=["x"]), path.replace(":", ".", 1)):
        problem_of(anonymous.get(forged), 404)


@pytest.mark.parametrize("loss", ["role", "permission", "account", "page"])
def test_it_ends_with_the_rights_of_its_editor(anonymous, draft, editor, loss):
    path = path_of(draft, editor)
    assert anonymous.get(path).status_code == 200
    if loss == "role":
        editor.groups.clear()
    elif loss == "permission":
        GroupPagePermission.objects.filter(group__name=Role.EDITOR).delete()
    elif loss == "account":
        type(editor).objects.update(is_active=False)
    else:
        draft.delete()
    problem_of(anonymous.get(path), 404)


def test_the_admin_makes_one_for_who_may_edit(anonymous, draft, editor, settings):
    settings.PUBLIC_URL = "https://portal.example"
    link = reverse("headless_preview", args=[draft.pk])
    client = Client()
    client.force_login(editor)
    assert f'href="{link}"' in client.get(reverse("wagtailadmin_pages:edit", args=[draft.pk])).content.decode()
    shown = client.get(link)
    assert shown.status_code == 200
    assert "no-store" in shown.headers["Cache-Control"]
    address = shown.context["address"]
    assert address in shown.content.decode()
    assert address.startswith("https://portal.example/api/v1/content/preview/")
    assert anonymous.get(urlsplit(address).path).json()["title"] == "پیش‌نویس"


@pytest.mark.parametrize("person", [lambda: make_staff(Role.SUPPORT), lambda: make_buyer().user])
def test_nobody_else_gets_one(draft, person):
    client = Client()
    client.force_login(person())
    answer = client.get(reverse("headless_preview", args=[draft.pk]))
    assert answer.status_code in {302, 403}
    assert "/api/v1/" not in answer.headers.get("Location", "") + answer.content.decode()


def test_other_pages_have_no_such_link(editor, draft):
    client = Client()
    client.force_login(editor)
    assert client.get(reverse("headless_preview", args=[draft.get_parent().pk])).status_code == 404
