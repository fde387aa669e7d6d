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
    SearchStopWords,
    SearchSynonyms,
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
ALLOWED = {
    *(
        "WhatsApp",
        "Excel",
        "Word",
        "PDF",
        "JSON",
        "API",
        "URL",
        "HTML",
        "CSV",
        "SMS",
        "CRM",
        "WebVTT",
        "User",
        "ID",
        "IP",
    ),
    # What the help of forms quotes, and what the records of this test say.
    *("aparat", "com", "www", "ir", "localhost", "milling", "zarinpal", "tests", "refused", "calibration"),
}
ENDINGS = "pdf docx xlsx pptx txt csv vtt zip 7z exe msi bin hex jpg jpeg png gif webp mp4 webm m4v mp3 ogg"
FORMATS = re.compile(rf"(?i)\b(?:{ENDINGS.replace(' ', '|')})\b")
# Addresses, names of files, usernames and identifiers: what somebody typed, not what the house says.
ADDRESS, NAME = r"https?://\S+|/[\w/.?=&%-]{2,}|\S+@\S+", r"\b[a-z]\w*[-_.:]\w[\w.-]*|\b[a-z]*\d+[a-z\d]*\b"
TYPED = re.compile(rf"(?i){ADDRESS}|{NAME}|#[0-9a-f]{{6}}\b|\{{\w+\}}")
NOT_SHOWN = "code, kbd, time, .w-side-panel-toggle__counter[hidden]"
SNIPPETS = [
    *(f"customer/{name}" for name in ("brand", "devicetype", "devicemodel", "checklisttemplate")),
    *(f"commerce/{name}" for name in ("serviceplan", "vatrate")),
    *(f"cms/{name}" for name in ("topic", "searchsynonyms", "searchstopwords")),
    "integrations/messagetemplate",
]
CHOOSERS = [
    *("choose-page/", "choose-external-link/", "choose-email-link/", "choose-phone-link/", "choose-anchor-link/"),
    *("images/chooser/", "documents/chooser/", "media/chooser/", "buyer_chooser/"),
]


def english(html: str) -> set[str]:
    page = soup(html)
    for tag in page.select(NOT_SHOWN):
        tag.decompose()
    text = FORMATS.sub(" ", TYPED.sub(" ", visible_text(str(page))))
    return {word for word in WORD.findall(text) if word not in ALLOWED}


@pytest.fixture
def records(db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    found = make_all()
    make_checklist()
    for make in (make_search, make_broken, make_disliked, make_old):
        make()
    for words in (SearchSynonyms, SearchStopWords):  # of two languages, by their nature
        words.objects.all().delete()
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
    acts = [
        "edit",
        "history",
        "delete",
        "unpublish",
        "move",
        "copy",
        "workflow_history",
        "usage",
        "privacy",
        "add_subpage",
    ]
    return [f"pages/{pk}/", *(f"pages/{pk}/{act}/" for act in acts)]


def addresses(records) -> list[str]:
    """Every screen that a member of staff can open by a link or a button."""
    names = ("home", "shelf", "films", "board", "section", "article", "tutorial", "notice")
    found = ["", "pages/", "account/", "searches/", "pages/search/?q=دستگاه", "users/", "users/new/", "collections/"]
    for page in (records[name] for name in names):
        found += page_addresses(page.pk)
        kinds = type(page).allowed_subpage_models()
        found += [f"pages/add/{kind._meta.app_label}/{kind._meta.model_name}/{page.pk}/" for kind in kinds]
    image, document, media = (records[name].pk for name in ("image", "document", "media"))
    found += ["images/", "images/add/", "images/multiple/add/", f"images/{image}/", f"images/{image}/delete/"]
    found += ["documents/", "documents/add/", "documents/multiple/add/", f"documents/edit/{document}/"]
    found += [f"documents/delete/{document}/", "media/", "media/video/add/", "media/audio/add/", f"media/edit/{media}/"]
    found += [
        f"media/delete/{media}/",
        f"images/usage/{image}/",
        f"documents/usage/{document}/",
        f"media/usage/{media}/",
    ]
    found += [f"content-reports/{name}/" for name in ("stale", "unhelpful", "links")]
    found += ["reports/workflow/", "reports/site-history/"]
    found += [f"snippets/{name}/{act}" for name in SNIPPETS for act in ("", "add/")]
    found += [f"snippets/cms/topic/{act}/{records['topic'].pk}/" for act in ("edit", "delete", "history", "usage")]
    for name, row in records.items():
        found += [f"{name}/", f"{name}/inspect/{row.pk}/"] if "/" in name else []
    buyer, device, campaign = (records[name].pk for name in ("customer/buyer", "customer/device", "campaign"))
    found += [f"customer/buyer/{act}/" for act in ("create", f"edit/{buyer}", f"reset-password/{buyer}")]
    found += [f"customer/device/{act}/" for act in ("create", f"edit/{device}")]
    found += [f"cms/campaign/{act}" for act in ("", f"inspect/{campaign}/", f"edit/{campaign}/")]
    found += ["cms/campaigndelivery/", "cms/calltask/", f"users/edit/{records['staff'].pk}/"]
    found += [f"settings/cms/portalsettings/{PortalSettings.load().pk}/", *CHOOSERS]
    return [f"/admin/{address}" for address in found]


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


def test_no_screen_of_the_review_holds_a_word_of_english(sign_in, records):
    editor = sign_in(Role.EDITOR, first_name="کاوه", username="1")
    reviewer = sign_in(Role.ADMINISTRATOR, first_name="نرگس", username="2")
    page = records["article"]
    base, shown = f"/admin/pages/{page.pk}", {}
    save(editor, page, {"summary": "تازه", "action-submit": "1"})
    task = TaskState.objects.get()
    for client in (editor, reviewer):
        for address in ("/admin/", f"{base}/edit/", f"{base}/workflow_history/", "/admin/reports/workflow/"):
            shown[address] = words_of(client, address)
    for act in ("approve", "reject"):
        address = f"/admin/pages/workflow/action/{page.pk}/{act}/{task.pk}/"
        shown[address] = words_of(reviewer, address)
    shown["cancel"] = words_of(reviewer, f"/admin/pages/workflow/confirm_cancellation/{page.pk}/")
    reviewer.post(f"/admin/pages/workflow/action/{page.pk}/reject/{task.pk}/", {"comment": "کامل کنید"})
    state = WorkflowState.objects.get()
    for address in (f"{base}/edit/", f"{base}/workflow_history/detail/{state.pk}/", f"{base}/history/", "/admin/"):
        shown[f"after {address}"] = words_of(editor, address)
    save(editor, page, {"summary": "تازه‌تر"})
    first, last = page.revisions.order_by("pk").first(), page.revisions.order_by("pk").last()
    shown["compare"] = words_of(editor, f"{base}/revisions/compare/{first.pk}...{last.pk}/")
    assert None not in shown.values()
    assert {address: words for address, words in shown.items() if words} == {}


def test_the_walk_would_see_english():
    closed = "<template><h2>Delete</h2></template>"
    assert english(f"<p>سلام</p><input placeholder='Search'>{closed}") == {"Search", "Delete"}
    assert english("<p>فایل PDF و نشانی https://example.ir/Some-Page و <code>ping</code> و SN-00012</p>") == set()
