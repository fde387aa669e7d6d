"""A walk through the admin: on none of its screens stands a word of English."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from wagtail.models import TaskState, WorkflowState

from cms.models import (
    ArticlePage,
    KnowledgeIndexPage,
    NoticeIndexPage,
    PortalSettings,
    Topic,
    TutorialIndexPage,
    TutorialPage,
)
from customer.roles import Role
from tests.admin.editing import save, soup, visible_text
from tests.admin.records import make_all
from tests.admin.test_content_reports import make_broken, make_disliked, make_old, make_search
from tests.factories.cms import make_draft, make_notice
from tests.factories.content import (
    make_document,
    make_home,
    make_image,
    make_index,
    make_media,
    make_page,
    make_section,
)
from tests.factories.customer import make_staff
from tests.factories.papers import make_checklist

WORD = re.compile(r"[A-Za-z][A-Za-z'’-]+")
# Names of products, formats and notations that Persian writes in Latin letters too.
ALLOWED = set(
    [
        "Wagtail",
        "WhatsApp",
        "Excel",
        "Word",
        "XLSX",
        "PDF",
        "JSON",
        "API",
        "URL",
        "HTML",
        "XML",
        "CSV",
        "SMS",
        "CRM",
        "OTP",
        "VTT",
        "WebVTT",
        "ID",
        "IP",
        "aparat",
        "com",
        "www",
        "https",
        "http",
        "example",
        "ir",
        "test",
        "slug",
        "my-slug",
        "blog",
        "domain",
    ]
)
FORMATS = re.compile(
    r"(?i)\b(?:pdf|docx|xlsx|pptx|txt|csv|vtt|zip|7z|exe|msi|bin|hex|jpe?g|png|gif|webp|mp4|webm|m4v|mp3|ogg)\b"
)
# Addresses, names of files, usernames and identifiers: what somebody typed, not what the house says.
TYPED = re.compile(
    r"(?i)https?://\S+|/[\w/.?=&%-]{2,}|\S+@\S+|\b\w+[-_.]\w[\w.-]*|\b[a-z]*\d+[a-z\d]*\b|#[0-9a-f]{6}\b|\{\w+\}"
)


def english(html: str) -> set[str]:
    page = soup(html)
    for tag in page.select("code, [data-typed], kbd, .w-kbd, time, [lang=en]"):
        tag.decompose()
    text = TYPED.sub(" ", FORMATS.sub(" ", visible_text(str(page))))
    return {word for word in WORD.findall(text) if word not in ALLOWED}


@pytest.fixture
def records(db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    found = make_all()
    make_checklist()
    make_search(), make_broken(), make_disliked(), make_old()
    notice = make_notice()
    return found | {
        "home": make_home(),
        "shelf": make_index(KnowledgeIndexPage),
        "films": make_index(TutorialIndexPage),
        "board": make_index(NoticeIndexPage),
        "section": make_section(),
        "article": make_page(ArticlePage),
        "tutorial": make_page(TutorialPage),
        "notice": notice,
        "campaign": make_draft(notice),
        "image": make_image(),
        "document": make_document(),
        "media": make_media(),
        "staff": make_staff(Role.SUPPORT, username="1000", first_name="سهیل"),
        "topic": Topic.objects.create(name="کالیبراسیون", slug="calibration"),
    }


def page_addresses(pk: int) -> list[str]:
    base = f"/admin/pages/{pk}"
    return [
        f"{base}/", f"{base}/edit/", f"{base}/history/", f"{base}/delete/", f"{base}/unpublish/", f"{base}/move/",
        f"{base}/copy/", f"{base}/workflow_history/", f"{base}/usage/", f"{base}/privacy/",
    ]  # fmt: skip


def addresses(records) -> list[str]:
    """Every screen that a member of staff can open by a link or a button."""
    pages = {
        name: records[name] for name in ("home", "shelf", "films", "board", "section", "article", "tutorial", "notice")
    }
    found = ["/admin/", "/admin/pages/", "/admin/account/", "/admin/searches/", "/admin/pages/search/?q=دستگاه"]
    for page in pages.values():
        found += page_addresses(page.pk)
        kinds = type(page).allowed_subpage_models()
        found += [f"/admin/pages/add/{kind._meta.app_label}/{kind._meta.model_name}/{page.pk}/" for kind in kinds]
        found.append(f"/admin/pages/{page.pk}/add_subpage/")
    for folder, name in (("images", "image"), ("documents", "document"), ("media", "media")):
        pk = records[name].pk
        middle = f"edit/{pk}" if folder != "images" else f"{pk}"
        ends = f"delete/{pk}" if folder != "images" else f"{pk}/delete"
        adding = (
            ["media/video/add/", "media/audio/add/"]
            if folder == "media"
            else [f"{folder}/add/", f"{folder}/multiple/add/"]
        )
        found += [f"/admin/{folder}/", f"/admin/{folder}/{middle}/", f"/admin/{folder}/{ends}/"]
        found += [f"/admin/{each}" for each in adding]
        found.append(f"/admin/{folder}/usage/{pk}/")
    found += [f"/admin/content-reports/{name}/" for name in ("stale", "unhelpful", "links")]
    found += ["/admin/reports/workflow/", "/admin/reports/site-history/"]
    for name in ("customer/brand", "customer/devicetype", "customer/devicemodel", "commerce/serviceplan", "commerce/vatrate",
                 "customer/checklisttemplate", "cms/topic", "cms/searchsynonyms", "cms/searchstopwords",
                 "integrations/messagetemplate"):  # fmt: skip
        found += [f"/admin/snippets/{name}/", f"/admin/snippets/{name}/add/"]
    topic = records["topic"].pk
    found += [f"/admin/snippets/cms/topic/{act}/{topic}/" for act in ("edit", "delete", "history", "usage")]
    for name, row in records.items():
        if "/" in name:
            found += [f"/admin/{name}/", f"/admin/{name}/inspect/{row.pk}/"]
    buyer, device, campaign = records["customer/buyer"], records["customer/device"], records["campaign"]
    found += [f"/admin/customer/buyer/{act}" for act in ("create/", f"edit/{buyer.pk}/", f"reset-password/{buyer.pk}/")]
    found += [f"/admin/customer/device/{act}" for act in ("create/", f"edit/{device.pk}/")]
    found += [f"/admin/cms/campaign/{act}" for act in ("", f"inspect/{campaign.pk}/", f"edit/{campaign.pk}/")]
    found += ["/admin/cms/campaigndelivery/", "/admin/cms/calltask/", "/admin/users/", "/admin/users/new/"]
    found += [f"/admin/users/{records['staff'].pk}/"]
    found += [f"/admin/settings/cms/portalsettings/{PortalSettings.load().pk}/", "/admin/collections/"]
    for chooser in ("choose-page/", "images/chooser/", "documents/chooser/", "media/chooser/", "choose-external-link/",
                    "choose-email-link/", "choose-phone-link/", "choose-anchor-link/", "buyer_chooser/"):  # fmt: skip
        found.append(f"/admin/{chooser}")
    return found


def words_of(client: Client, address: str) -> set[str] | None:
    """The English on a screen; None where this person is not let in, or there is no such screen."""
    response = client.get(address)
    if response.status_code != 200:
        return None
    content = response.content.decode()
    if response.headers["Content-Type"].startswith("application/json"):
        content = str(response.json().get("html", ""))
    return english(content)


@pytest.mark.parametrize("role", [Role.EDITOR, Role.ADMINISTRATOR])
def test_no_screen_holds_a_word_of_english(sign_in, records, role):
    client = sign_in(role, first_name="کاوه", last_name="مهرجو", username="1001")
    found = {address: words_of(client, address) for address in addresses(records)}
    opened = {address for address, words in found.items() if words is not None}
    assert {address: words for address, words in found.items() if words} == {}
    assert len(opened) > (70 if role == Role.EDITOR else 130)
    closed = {address for address in found if address.startswith("/admin/pages/") and address not in opened}
    assert all(part in address for address in closed for part in ["/"])


def test_no_screen_of_the_review_holds_a_word_of_english(sign_in, records):
    editor, reviewer = (
        sign_in(role, first_name="کاوه", username=name)
        for role, name in ((Role.EDITOR, "1"), (Role.ADMINISTRATOR, "2"))
    )
    page = records["article"]
    base, shown = f"/admin/pages/{page.pk}", {}
    save(editor, page, {"summary": "تازه", "action-submit": "1"})
    task = TaskState.objects.get()
    for client in (editor, reviewer):
        for address in (
            "/admin/",
            f"{base}/edit/",
            f"{base}/workflow_history/",
            "/admin/reports/workflow/",
            "/admin/pages/",
        ):
            shown[address] = words_of(client, address)
    for act in ("approve", "reject"):
        address = f"/admin/pages/workflow/action/{page.pk}/{act}/{task.pk}/"
        shown[address] = words_of(reviewer, address)
    shown["cancel"] = words_of(reviewer, f"/admin/pages/workflow/confirm_cancellation/{page.pk}/")
    reviewer.post(f"/admin/pages/workflow/action/{page.pk}/reject/{task.pk}/", {"comment": "کامل کنید"})
    state = WorkflowState.objects.get()
    for address in (f"{base}/edit/", f"{base}/workflow_history/detail/{state.pk}/", f"{base}/history/", "/admin/"):
        shown[f"after {address}"] = words_of(editor, address)
    first, last = page.revisions.order_by("pk").first(), page.revisions.order_by("pk").last()
    shown["compare"] = words_of(editor, f"{base}/revisions/compare/{first.pk}...{last.pk}/")
    assert None not in shown.values()
    assert {address: words for address, words in shown.items() if words} == {}


def test_the_walk_would_see_english():
    assert english("<p>سلام</p><input placeholder='Search'><template><h2>Delete</h2></template>") == {
        "Search",
        "Delete",
    }
    assert english("<p>فایل PDF و نشانی https://example.ir/Some-Page و <code>ping</code> و SN-00012</p>") == set()
