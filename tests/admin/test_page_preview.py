"""A draft through the eyes of a visitor, an owner of a model, a given buyer."""

from __future__ import annotations

import pytest
from django.test import Client

from cms.models import ArticlePage
from customer.roles import Role
from tests.admin.editing import form_of, save, soup, visible_text
from tests.factories.content import make_page
from tests.factories.customer import make_active_device, make_buyer, make_model

CLOSED = "این خواننده اجازهٔ خواندن صفحه را ندارد"
SECRET = "فقط برای دارندگان این مدل"


@pytest.fixture
def editor(sign_in) -> Client:
    return sign_in(Role.EDITOR)


@pytest.fixture
def owner():
    return make_active_device(make_buyer("sara-of-m4", first_name="سارا", last_name="رستگار")).owner


@pytest.fixture
def article(owner):
    return make_page(ArticlePage, models=[owner.devices.get().model], summary=SECRET)


def preview(client: Client, article, mode: str = "") -> str:
    edit = f"/admin/pages/{article.pk}/edit/"
    client.post(f"{edit}preview/", form_of(client.get(edit).content.decode()))
    return seen(client, article, mode)


def seen(client: Client, article, mode: str) -> str:
    response = client.get(f"/admin/pages/{article.pk}/edit/preview/", {"mode": mode})
    assert response.status_code == 200
    assert "'self'" in response.headers["Content-Security-Policy"].split("frame-ancestors")[1].split(";")[0]
    return response.content.decode()


def test_the_readers_may_be_chosen(editor, article, owner):
    make_model()
    shown = soup(editor.get(f"/admin/pages/{article.pk}/edit/").content.decode())
    modes = {option["value"]: option.text for option in shown.select("#id_preview_mode option")}
    model = owner.devices.get().model
    assert modes[""] == "چنان‌که کارکنان می‌بینند"
    assert modes["visitor"] == "از نگاه بازدیدکننده"
    assert modes[f"model-{model.pk}"] == f"از نگاه دارندهٔ {model}"
    assert len(modes) == 4
    widths = [field["data-device-width"] for field in shown.select('input[name="preview-size"]')]
    assert widths == ["360", "1280"]
    assert shown.select_one("#id_preview_buyer")


@pytest.mark.parametrize(
    ("mode", "reads"),
    [("", True), ("visitor", False), ("buyer-sara-of-m4", True), ("buyer-SARA-of-m4 ", True), ("buyer-other", False)],
)
def test_each_sees_what_he_would_see(editor, article, owner, mode, reads):
    make_buyer("other")
    html = preview(editor, article, mode)
    assert (SECRET in html) is reads
    assert (CLOSED in html) is not reads


def test_an_owner_of_a_model_sees_pages_of_his_model(editor, article, owner):
    mine, other = owner.devices.get().model, make_model()
    assert SECRET in preview(editor, article, f"model-{mine.pk}")
    assert CLOSED in preview(editor, article, f"model-{other.pk}")
    of_type = make_page(ArticlePage, types=[mine.device_type], summary=SECRET)
    assert SECRET in preview(editor, of_type, f"model-{mine.pk}")


@pytest.mark.parametrize("mode", ["buyer-nobody", "model-999999", "model-x", "buyer-", "nonsense"])
def test_nobody_is_not_a_reader(editor, article, mode):
    html = preview(editor, article, mode)
    assert "چنین خواننده‌ای نیست" in html
    assert SECRET not in html


def test_the_frame_is_the_readers_own(editor, article, owner):
    html = preview(editor, article, "buyer-sara-of-m4")
    assert "سارا رستگار" in html
    assert "/admin/" not in html
    open_page = make_page(open_to_all=True, summary=SECRET)
    visitor = preview(editor, open_page, "visitor")
    assert SECRET in visitor
    assert "/login/" in visitor


def test_what_was_typed_counts_before_it_is_saved(editor, article, owner):
    address = f"/admin/pages/{article.pk}/edit/"
    make_buyer("other")
    typed = form_of(editor.get(address).content.decode()) | {"device_models": [], "summary": "برای همه"}
    assert editor.post(f"{address}preview/", typed).json() == {"is_valid": True, "is_available": True}
    assert "برای همه" in seen(editor, article, "buyer-other")
    assert not article.may_be_read_by(make_buyer().user)


def test_only_who_may_edit_previews(sign_in, article):
    for role in (Role.SUPPORT, Role.FINANCE, Role.AUDITOR):
        response = sign_in(role).get(f"/admin/pages/{article.pk}/edit/preview/", {"mode": "buyer-sara-of-m4"})
        assert response.status_code == 302
        assert response.url == "/admin/"


def test_the_editor_stays_signed_in_as_himself(editor, article, owner):
    preview(editor, article, "buyer-sara-of-m4")
    assert editor.get("/admin/").status_code == 200
    assert editor.get("/dashboard/").status_code in {302, 403, 404}


def test_how_many_can_read_stands_under_audience(editor, administrator, article, owner):
    shown = visible_text(editor.get(f"/admin/pages/{article.pk}/edit/").content.decode())
    assert "چه کسانی می‌خوانند" in shown
    assert "۱ خریدار" in shown
    assert "سارا رستگار" not in shown
    assert "سارا رستگار" in visible_text(administrator.get(f"/admin/pages/{article.pk}/edit/").content.decode())
    save(editor, article, {"open_to_all": "on"})
    assert "همه، بدون ورود هم" in visible_text(editor.get(f"/admin/pages/{article.pk}/edit/").content.decode())
    save(editor, article, {"open_to_all": [], "device_models": str(make_model().pk)})
    assert "اکنون هیچ خریداری" in visible_text(editor.get(f"/admin/pages/{article.pk}/edit/").content.decode())
