"""Notices in the back office: from a published page to the proof, each step by who may."""

from __future__ import annotations

import io
import json
import re
import zipfile

import pytest
from django.urls import reverse

from cms.models import CallTask, Campaign, CampaignDelivery, Dossier
from cms.services.work import work
from customer.models import Trace
from customer.roles import Role
from kernel import signing
from kernel.verify_record import check_file
from tests.admin.test_lists import count_queries
from tests.cms.services.conftest import running_sandbox, sandbox  # noqa: F401 - fixtures
from tests.factories.cms import make_draft, make_notice, make_running
from tests.factories.customer import make_active_device, make_buyer, make_model

pytestmark = pytest.mark.django_db
LIST = "/admin/cms/campaign/"


@pytest.fixture(autouse=True)
def private_files(settings, tmp_path):
    private = {**settings.STORAGES["private"], "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = {**settings.STORAGES, "private": private}


@pytest.fixture
def editor(sign_in):
    return sign_in(Role.EDITOR)


def of_model():
    """A model, its owner and somebody else."""
    model = make_model()
    owner = make_active_device(model=model).owner
    make_buyer()
    return model, owner


def form_of(campaign, **changes) -> dict:
    """What the form of a draft posts."""
    values = {
        "channels": campaign.channels,
        "inbox_title": campaign.inbox_title,
        "inbox_body": campaign.inbox_body,
        "sms_text": campaign.sms_text,
        "device_models": campaign.audience.get("device_models", []),
        "throttle_per_minute": "600",
        "must_acknowledge": "on",
        "ignores_quiet_hours": "on",
    }
    return values | changes


def act(client, campaign, name, **data):
    answer = client.post(f"{LIST}{name}/{campaign.pk}/", data)
    campaign.refresh_from_db()
    return answer


def page(client, url) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, (url, answer.status_code)
    return answer.content.decode()


def test_from_the_page_to_the_proof(editor, administrator, auditor, sandbox):  # noqa: F811
    model, owner = of_model()
    notice = make_notice(device_models=[model])
    assert f"{LIST}create/?page={notice.pk}" in page(editor, reverse("wagtailadmin_pages:edit", args=[notice.pk]))
    assert notice.title in page(editor, f"{LIST}create/?page={notice.pk}")
    answer = editor.post(f"{LIST}create/", {"page": notice.pk})
    campaign = Campaign.objects.get()
    assert answer.url == f"{LIST}edit/{campaign.pk}/"
    assert "data-sms-counter" in page(editor, answer.url)
    answer = editor.post(answer.url, form_of(campaign, sms_text="{first_name} عزیز: {link}"))
    assert answer.url == f"{LIST}preview/{campaign.pk}/"
    shown = page(editor, answer.url)
    assert f"{owner.first_name} عزیز" in shown
    assert "/n/" in shown
    act(editor, campaign, "submit")
    assert campaign.status == "waiting_approval"
    act(editor, campaign, "approve")
    assert campaign.status == "waiting_approval"
    act(administrator, campaign, "approve")
    answer = act(administrator, campaign, "start")
    assert (campaign.status, campaign.deliveries.count()) == ("running", 0)  # the worker does the work
    assert work() == 1
    answer = administrator.get(f"{LIST}progress/{campaign.pk}/").json()
    assert answer["final"] is True
    read = page(auditor, f"{LIST}inspect/{campaign.pk}/")
    face = Dossier.objects.get()
    assert face.record.code in read
    pdf = auditor.get(reverse("dossier_pdf", args=[face.pk])).content
    assert check_file(pdf, signing.public_key()) == []
    record = auditor.get(reverse("dossier_record", args=[face.pk])).content
    assert check_file(record, signing.public_key()) == []
    [recipient] = json.loads(record)["content"]["recipients"]
    assert recipient["phone"].startswith("0912***")
    packed = b"".join(auditor.get(reverse("dossier_zip", args=[face.pk])).streaming_content)
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert sorted(name.rpartition(".")[2] for name in archive.namelist()) == ["json", "pdf", "py"]
    assert Trace.objects.filter(verb="record.downloaded", subject=f"campaign:{campaign.pk}").count() == 3


def test_the_author_of_a_legal_notice_cannot_approve_it(administrator, sign_in):
    make_buyer()
    notice = make_notice()
    administrator.post(f"{LIST}create/", {"page": notice.pk})
    campaign = Campaign.objects.get()
    administrator.post(f"{LIST}edit/{campaign.pk}/", form_of(campaign))
    act(administrator, campaign, "submit")
    assert campaign.status == "waiting_approval"
    act(administrator, campaign, "approve")
    assert (campaign.status, campaign.approved_by) == ("waiting_approval", None)
    act(sign_in(Role.ADMINISTRATOR), campaign, "approve")
    assert campaign.status == "approved"


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.FINANCE, Role.AUDITOR, Role.EDITOR])
def test_nobody_else_approves_or_sends(sign_in, role):
    make_buyer()
    campaign = make_draft()
    client = sign_in(role)
    for status, acts in {
        "draft": ("submit", "cancel") if role != Role.EDITOR else ("cancel",),
        "waiting_approval": ("approve", "send-back"),
    }.items():
        Campaign.objects.filter(pk=campaign.pk).update(status=status)
        for name in acts:
            act(client, campaign, name, reason="نه")
            assert campaign.status == status, (role, name)
    assert client.get(reverse("dossier_pdf", args=[1])).status_code == (404 if role == Role.AUDITOR else 403)


def test_what_the_form_refuses_stands_on_its_field(editor):
    make_buyer()
    editor.post(f"{LIST}create/", {"page": make_notice().pk})
    campaign = Campaign.objects.get()
    url = f"{LIST}edit/{campaign.pk}/"
    for changes, field in (
        ({"sms_text": "{nobody}"}, "sms_text"),
        ({"sms_text": "https://x.ir/?token=abc"}, "sms_text"),
        ({"channels": ["sms"]}, "channels"),
        ({"buyers": "nobody-here"}, "buyers"),
        ({"scheduled_at": "25:00"}, "scheduled_at"),
        ({"scheduled_at": "10:00"}, "scheduled_on"),
    ):
        answer = editor.post(url, form_of(campaign, **changes))
        assert answer.status_code == 200
        assert list(answer.context["form"].errors) == [field], changes


def test_named_buyers_and_a_jalali_clock_are_kept(editor):
    chosen = make_buyer()
    editor.post(f"{LIST}create/", {"page": make_notice().pk})
    campaign = Campaign.objects.get()
    data = form_of(
        campaign, buyers=f"0{chosen.phone[3:]}", is_chosen_only="on", scheduled_on="۱۴۰۵/۰۹/۱۰", scheduled_at="۱۸:۳۰"
    )
    assert editor.post(f"{LIST}edit/{campaign.pk}/", data).status_code == 302
    campaign.refresh_from_db()
    assert campaign.audience == {"buyers": [chosen.pk], "is_chosen_only": True}
    assert campaign.scheduled_for.isoformat() == "2026-12-01T15:00:00+00:00"
    shown = page(editor, f"{LIST}edit/{campaign.pk}/")
    assert "۱۴۰۵/۰۹/۱۰" in shown
    assert f"0{chosen.phone[3:]}" in shown


def test_recipients_are_narrowed_and_taken_along(administrator, sandbox):  # noqa: F811
    of_model()
    campaign = make_running()
    work()
    url = f"/admin/cms/campaigndelivery/?campaign={campaign.pk}"
    assert len(administrator.get(f"{url}&channel=sms").context["object_list"]) == 2
    assert len(administrator.get(f"{url}&status=failed").context["object_list"]) == 0
    assert len(administrator.get(f"{url}&read=unacknowledged").context["object_list"]) == 2
    assert administrator.get(f"{url}&export=xlsx").status_code == 200
    row = CampaignDelivery.objects.filter(channel="sms").first()
    assert "kavenegar" in page(administrator, f"/admin/cms/campaigndelivery/inspect/{row.pk}/")


def test_the_lists_need_as_many_queries_for_three_as_for_one(superuser, sandbox):  # noqa: F811
    make_buyer()
    make_running()
    work()
    urls = (LIST, "/admin/cms/campaigndelivery/", "/admin/cms/calltask/")
    for url in urls:
        superuser.get(url)
    first = [count_queries(superuser, url) for url in urls]
    for _ in range(2):
        make_buyer()
        make_running()
    work()
    assert [count_queries(superuser, url) for url in urls] == first


def test_a_call_is_noted_once(sandbox, sign_in, settings):  # noqa: F811
    make_buyer(phone="")
    make_running()
    work()
    task = CallTask.objects.get()
    client = sign_in(Role.SUPPORT)
    assert page(client, "/admin/cms/calltask/")
    url = f"/admin/cms/calltask/note-call/{task.pk}/"
    assert client.post(url, {"reached": "yes", "note": "گفته شد"}).status_code == 302
    task.refresh_from_db()
    assert (task.status, task.code, task.reason) == ("delivered", "called", "گفته شد")
    assert client.post(url, {"reached": "no"}).status_code == 200
    task.refresh_from_db()
    assert task.status == "delivered"
    assert task.history.count() == 1


def test_no_english_stands_on_the_screens(administrator, sandbox):  # noqa: F811
    make_buyer()
    draft = make_draft()
    campaign = make_running()
    work()
    for url in (LIST, f"{LIST}inspect/{campaign.pk}/", f"{LIST}edit/{draft.pk}/", f"{LIST}preview/{draft.pk}/"):
        text = re.sub(r"<(script|style|svg)\b.*?</\1>|<[^>]+>|\{\w+\}", " ", page(administrator, url), flags=re.S)
        main = text[text.index("خانه") :] if "خانه" in text else text
        words = set(re.findall(r"[A-Za-z]{4,}", main)) - {"http", "https", "Wagtail"}
        assert not {word for word in words if word.lower() in {"notice", "campaign", "audience", "submit", "status"}}, (
            url
        )
