"""Draft, technical review, publication: the whole way through the admin, by those who may."""

from __future__ import annotations

import re

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client
from wagtail.models import Page, TaskState, Workflow, WorkflowState

from cms.models import ArticlePage, HomePage, KnowledgeIndexPage, NoticeIndexPage, TutorialIndexPage
from customer.roles import Role
from kernel.jalali import format_date, tehran_today
from tests.admin.editing import form_of, save, visible_text
from tests.factories.content import make_home, make_index, make_page
from tests.factories.customer import make_buyer

SUBMIT = {"action-submit": "1"}


@pytest.fixture
def editor(sign_in) -> Client:
    return sign_in(Role.EDITOR, email="editor@example.ir")


@pytest.fixture
def draft():
    page = make_page(ArticlePage, title="کالیبراسیون محور چهارم", live=False)
    page.save_revision()
    return page


def state_of(page: Page) -> WorkflowState:
    return WorkflowState.objects.get(object_id=str(page.pk))


def decide(client: Client, page: Page, act: str, comment: str = ""):
    task = state_of(page).current_task_state
    return client.post(f"/admin/pages/workflow/action/{page.pk}/{act}/{task.pk}/", {"comment": comment})


def test_there_is_one_workflow_and_it_holds_for_all_pages(db):
    workflow = Workflow.objects.get()
    assert (workflow.name, workflow.active) == ("بازبینی فنی", True)
    task = workflow.tasks.get().specific
    assert (task.name, [group.name for group in task.groups.all()]) == ("بازبینی فنی", [Role.ADMINISTRATOR])
    for page in (make_home(), make_index(KnowledgeIndexPage), make_page()):
        assert Page.objects.get(pk=page.pk).get_workflow() == workflow


def test_the_home_page_takes_each_index_and_nothing_else():
    assert HomePage.allowed_subpage_models() == [KnowledgeIndexPage, TutorialIndexPage, NoticeIndexPage]


def test_an_editor_begins_an_article_and_cannot_publish_it(editor, db):
    shelf = make_index(KnowledgeIndexPage)
    address = f"/admin/pages/add/cms/articlepage/{shelf.pk}/"
    shown = editor.get(address).content.decode()
    assert "فرستادن برای بازبینی فنی" in visible_text(shown)
    assert "action-publish" not in shown
    blank = {
        f"{rows}-{part}": "0" for rows in ("downloads", "related_items") for part in ("TOTAL_FORMS", "INITIAL_FORMS")
    }
    typed = {"title": "عوض‌کردن فیلتر", "slug": "filter", "body-count": "0", **blank}
    editor.post(address, typed | {"action-publish": "1"})
    page = ArticlePage.objects.get(slug="filter")
    assert not page.live
    assert page.title == "عوض‌کردن فیلتر"


@pytest.mark.parametrize(
    ("index", "kind"),
    [(KnowledgeIndexPage, "articlepage"), (TutorialIndexPage, "tutorialpage"), (NoticeIndexPage, "noticepage")],
)
def test_the_title_gives_the_address_while_it_is_typed(editor, index, kind):
    shown = editor.get(f"/admin/pages/add/cms/{kind}/{make_index(index).pk}/").content.decode()
    [title] = re.findall(r'<[^>]*id="id_title"[^>]*>', shown)
    assert "w-sync" in title
    assert "#id_slug" in title


def test_an_editor_submits_and_a_reviewer_publishes(editor, administrator, draft, client):
    save(editor, draft, {**SUBMIT, "summary": "با ابزار ۱۰۲"})
    draft.refresh_from_db()
    assert state_of(draft).status == WorkflowState.STATUS_IN_PROGRESS
    assert not draft.live
    waiting = visible_text(administrator.get("/admin/").content.decode())
    assert "کالیبراسیون محور چهارم" in waiting
    shown = administrator.get(f"/admin/pages/{draft.pk}/edit/").content.decode()
    assert "تأیید و انتشار" in visible_text(shown)

    decide(administrator, draft, "approve", "درست است")
    draft.refresh_from_db()
    assert draft.live
    assert draft.summary == "با ابزار ۱۰۲"
    state = state_of(draft)
    assert state.status == WorkflowState.STATUS_APPROVED
    assert state.task_states.get().comment == "درست است"
    client.force_login(make_buyer().user)
    assert "با ابزار ۱۰۲" in client.get(draft.url).content.decode()
    history = visible_text(editor.get(f"/admin/pages/{draft.pk}/workflow_history/").content.decode())
    assert "بازبینی فنی" in history


APPROVE = {"action-workflow-action": "1", "workflow-action-name": "approve"}
DECIDED = "هم‌اکنون دربارهٔ این صفحه تصمیم گرفته شد"


def test_a_page_that_is_approved_twice_stays_published(editor, administrator, draft):
    cache.clear()
    save(editor, draft, SUBMIT)
    address = f"/admin/pages/{draft.pk}/edit/"
    sent = form_of(administrator.get(address).content.decode()) | APPROVE
    administrator.post(address, sent)
    draft.refresh_from_db()
    assert draft.live

    again = administrator.post(address, sent, follow=True)
    assert DECIDED in visible_text(again.content.decode())
    draft.refresh_from_db()
    assert draft.live
    assert state_of(draft).status == WorkflowState.STATUS_APPROVED


def test_a_second_decision_while_the_first_is_being_made_is_refused(editor, administrator, draft):
    cache.clear()
    save(editor, draft, SUBMIT)
    cache.add(f"cms.decision.{state_of(draft).current_task_state.pk}", 1, 10)  # as the first has
    answer = save(administrator, draft, APPROVE, follow=True)
    assert DECIDED in visible_text(answer.content.decode())
    assert state_of(draft).status == WorkflowState.STATUS_IN_PROGRESS


def test_every_day_of_a_review_is_jalali(editor, administrator, draft):
    save(editor, draft, SUBMIT)
    detail = f"/admin/pages/{draft.pk}/workflow_history/detail/{state_of(draft).pk}/"
    decide(administrator, draft, "reject", "کامل کنید")
    today = format_date(tehran_today())
    for address in ("/admin/reports/workflow/", "/admin/reports/workflow_tasks/", detail):
        shown = visible_text(administrator.get(address).content.decode())
        assert today in shown, address
        assert not re.search(r"\b20\d\d\b", shown), address


def test_while_a_page_is_reviewed_its_editor_waits(editor, draft):
    save(editor, draft, SUBMIT)
    shown = editor.get(f"/admin/pages/{draft.pk}/edit/").content.decode()
    assert "action-submit" not in shown
    editor.post(f"/admin/pages/{draft.pk}/edit/", {"title": "دیگر", "slug": "x", "body-count": "0"})
    assert draft.get_latest_revision_as_object().title == "کالیبراسیون محور چهارم"


def test_a_reviewer_sends_a_page_back_and_the_editor_submits_it_again(editor, administrator, draft):
    save(editor, draft, SUBMIT)
    decide(administrator, draft, "reject", "شمارهٔ ابزار را بنویسید")
    assert state_of(draft).status == WorkflowState.STATUS_NEEDS_CHANGES
    assert "شمارهٔ ابزار را بنویسید" in visible_text(editor.get(f"/admin/pages/{draft.pk}/edit/").content.decode())
    save(editor, draft, {**SUBMIT, "summary": "با ابزار ۱۰۲"})
    decide(administrator, draft, "approve")
    draft.refresh_from_db()
    assert (draft.live, draft.summary) == (True, "با ابزار ۱۰۲")


def test_an_editor_can_neither_decide_nor_publish_by_any_address(editor, draft):
    save(editor, draft, SUBMIT)
    decide(editor, draft, "approve")
    assert state_of(draft).status == WorkflowState.STATUS_IN_PROGRESS
    editor.post(f"/admin/pages/{draft.pk}/edit/", {"title": "x", "slug": "x", "body-count": "0", "action-publish": "1"})
    editor.post(f"/admin/bulk/wagtailcore/page/publish/?id={draft.pk}", {"include_descendants": ""})
    live = make_page()
    editor.post(f"/admin/pages/{live.pk}/unpublish/", {})
    draft.refresh_from_db()
    live.refresh_from_db()
    assert (draft.live, live.live) == (False, True)


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.FINANCE, Role.AUDITOR])
def test_nobody_else_decides(sign_in, editor, draft, role):
    save(editor, draft, SUBMIT)
    decide(sign_in(role), draft, "approve")
    assert TaskState.objects.get().status == TaskState.STATUS_IN_PROGRESS


def test_no_mail_is_promised(editor, settings):
    from portal.settings import base

    assert base.EMAIL_BACKEND == "django.core.mail.backends.dummy.EmailBackend"
    settings.EMAIL_BACKEND = base.EMAIL_BACKEND
    assert mail.get_connection().send_messages([mail.EmailMessage("x", "y", "a@example.ir", ["b@example.ir"])]) == 1
    account = editor.get("/admin/account/").content.decode()
    assert "submitted_notifications" not in account
    assert "approved_notifications" not in account


def test_publishing_twice_leaves_one_live_page(administrator, editor, draft):
    save(editor, draft, SUBMIT)
    decide(administrator, draft, "approve")
    first = state_of(draft)
    response = administrator.post(f"/admin/pages/workflow/action/{draft.pk}/approve/{first.task_states.get().pk}/", {})
    assert response.status_code in {200, 302}
    assert WorkflowState.objects.count() == 1
