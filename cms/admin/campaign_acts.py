"""What staff do with the sending of a notice, each by one verb; and the pages beside it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from wagtail_modeladmin.views import InstanceSpecificView

from cms.admin.campaign_forms import TestForm, WordingForm, initial_of, wording_in
from cms.models import Campaign, NoticePage
from cms.queries import Progress, preview, progress
from cms.services import campaign as verbs
from cms.services import dossier
from customer.admin.forms import ReasonForm
from kernel.admin.acts import ActView
from kernel.admin.forms import VerbCreateView, VerbEditView
from kernel.persian import persian_digits

Status = Campaign.Status
SEND = "cms.send_campaign"


class PageForm(forms.Form):
    """Which notice is to be sent."""

    page = forms.ModelChoiceField(
        label=_("Published notice"), queryset=NoticePage.objects.none(), empty_label=_("Choose a notice")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["page"].queryset = NoticePage.objects.live().order_by("-last_published_at")  # type: ignore[attr-defined]


class ComposeView(VerbCreateView):
    """From a published notice to a draft; the button in the page editor names the notice."""

    form_class = PageForm
    lead = _("Publishing a notice tells nobody. Here its sending begins; nothing leaves before it is approved.")

    def get_page_title(self) -> str:
        return _now("Send a notice")

    def get_initial(self) -> dict[str, Any]:
        return {"page": self.request.GET.get("page", "")}

    def save(self, data: dict[str, Any]) -> Campaign:
        return verbs.compose(page_id=data["page"].pk, actor=self.actor, now=timezone.now())

    def url_after(self, saved: Any) -> str:
        return str(self.url_helper.get_action_url("edit", saved.pk))

    def success_message(self, saved: Any) -> str:
        return _now("The draft is ready. Look through its texts and its audience.")


class ReviseView(VerbEditView):
    """The texts, the audience and the clock of a draft."""

    form_class = WordingForm
    template_name = "cms/admin/campaign_form.html"

    def get_initial(self) -> dict[str, Any]:
        return initial_of(self.instance)

    def save(self, data: dict[str, Any]) -> Campaign:
        return verbs.revise(
            campaign_id=self.instance.pk, wording=wording_in(data), actor=self.actor, now=timezone.now()
        )

    def url_after(self, saved: Any) -> str:
        return str(self.url_helper.get_action_url("preview", saved.pk))


class PreviewView(InstanceSpecificView):
    """To how many it would go, ten of them, what it would cost; and the texts as they would be read."""

    template_name = "cms/admin/campaign_preview.html"
    page_title = _("Preview")

    def check_action_permitted(self, user: Any) -> bool:
        return bool(self.permission_helper.user_can_inspect_obj(user, self.instance))

    def get_template_names(self) -> list[str]:
        return [self.template_name]

    def breadcrumbs(self) -> list[dict[str, str]]:
        return [
            {"url": reverse("wagtailadmin_home"), "label": _now("Home")},
            {"url": self.index_url, "label": self.verbose_name_plural},
            {"url": self.read_url, "label": self.model_admin.read_title(self.instance)},
            {"url": "", "label": _now("Preview")},
        ]

    @property
    def read_url(self) -> str:
        return str(self.url_helper.get_action_url("inspect", self.instance.pk))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown = preview(self.instance, now=timezone.now())
        buttons = self.model_admin.get_button_helper_class()(self, self.request).get_buttons_for_obj(self.instance)
        return super().get_context_data(
            campaign=self.instance, preview=shown, title=_now("Preview"), buttons=buttons, **kwargs
        )


class ProgressView(InstanceSpecificView):
    """How far it is, for the page that waits."""

    def check_action_permitted(self, user: Any) -> bool:
        return bool(self.permission_helper.user_can_inspect_obj(user, self.instance))

    def get(self, _request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        answer = {"final": not is_going(self.instance), "message": in_words(progress(self.instance))}
        return JsonResponse(answer, headers={"Cache-Control": "private, no-store"})


def is_going(campaign: Campaign) -> bool:
    """Whether the page should look again by itself."""
    return campaign.status in {Status.RUNNING, Status.SCHEDULED}


def in_words(found: Progress) -> str:
    """`پیامک: ۱۲۰ از ۲۰۰ · …`"""
    parts = [
        _now("%(channel)s: %(settled)s of %(total)s")
        % {
            "channel": row.channel.label,
            "settled": persian_digits(str(row.settled)),
            "total": persian_digits(str(row.total)),
        }
        for row in found.channels
    ]
    return " · ".join(parts) or _now("The recipients are being gathered…")


class CampaignAct(ActView):
    """An act that is open in some states only."""

    offered: frozenset[str] = frozenset()

    @classmethod
    def is_offered(cls, obj: Any) -> bool:
        return obj.status in cls.offered

    def act(self, verb: Any, said: str, **more: Any) -> str:
        verb(campaign_id=self.instance.pk, actor=self.actor, now=timezone.now(), **more)
        return said


class Submit(CampaignAct):
    name = "submit"
    label = _("Submit for approval")
    permission = "cms.change_campaign"
    icon = "resubmit"
    offered = frozenset({Status.DRAFT})

    def perform(self, data: dict[str, Any]) -> str:
        return self.act(verbs.submit, _now("The text is fixed and waits for approval."))


class SendTest(CampaignAct):
    name = "test"
    label = _("Send a trial to myself")
    permission = "cms.change_campaign"
    icon = "mobile-alt"
    form_class = TestForm
    lead = _("The SMS goes to this one phone, exactly as a buyer of your name would get it.")
    offered = frozenset({Status.DRAFT, Status.WAITING_APPROVAL, Status.APPROVED})

    def perform(self, data: dict[str, Any]) -> str:
        return self.act(verbs.send_test, _now("The trial is on its way."), phone=data["phone"])


class SendBack(CampaignAct):
    name = "send-back"
    label = _("Send back to the author")
    permission = "cms.approve_campaign"
    icon = "history"
    form_class = ReasonForm
    offered = frozenset({Status.WAITING_APPROVAL})

    def perform(self, data: dict[str, Any]) -> str:
        return self.act(verbs.send_back, _now("The author can go on writing."), reason=data["reason"])


class Approve(CampaignAct):
    name = "approve"
    label = _("Approve")
    permission = "cms.approve_campaign"
    icon = "check"
    offered = frozenset({Status.WAITING_APPROVAL})

    def perform(self, data: dict[str, Any]) -> str:
        return self.act(verbs.approve, _now("Approved. It can be sent now."))


class Start(CampaignAct):
    name = "start"
    label = _("Send")
    permission = SEND
    icon = "mail"
    offered = frozenset({Status.APPROVED})

    def perform(self, data: dict[str, Any]) -> str:
        return self.act(verbs.start, _now("The sending has begun; this page shows how far it is."))


class Pause(CampaignAct):
    name = "pause"
    label = _("Pause")
    permission = SEND
    icon = "minus"
    offered = frozenset({Status.RUNNING})

    def perform(self, data: dict[str, Any]) -> str:
        return self.act(verbs.pause, _now("Paused. Nothing more leaves until you resume."))


class Resume(CampaignAct):
    name = "resume"
    label = _("Resume")
    permission = SEND
    icon = "rotate"
    offered = frozenset({Status.PAUSED})

    def perform(self, data: dict[str, Any]) -> str:
        return self.act(verbs.resume, _now("The sending goes on."))


class Cancel(CampaignAct):
    name = "cancel"
    label = _("Cancel the sending")
    permission = SEND
    icon = "cross"
    is_dangerous = True
    form_class = ReasonForm
    lead = _("What is still queued is never sent. What has been sent stays told.")
    offered = frozenset(
        {Status.DRAFT, Status.WAITING_APPROVAL, Status.APPROVED, Status.SCHEDULED, Status.RUNNING, Status.PAUSED}
    )

    def perform(self, data: dict[str, Any]) -> str:
        return self.act(verbs.cancel, _now("The sending is cancelled."), reason=data["reason"])


class ResendFailed(CampaignAct):
    name = "resend-failed"
    label = _("Send the failed ones again")
    permission = SEND
    icon = "rotate"
    offered = frozenset({Status.RUNNING, Status.PAUSED, Status.DONE})

    @classmethod
    def is_offered(cls, obj: Any) -> bool:
        return super().is_offered(obj) and verbs.failed_messages(obj).exists()

    def perform(self, data: dict[str, Any]) -> str:
        count = verbs.resend_failed(campaign_id=self.instance.pk, actor=self.actor, now=timezone.now())
        return _now("%(count)s messages are sent again.") % {"count": persian_digits(str(count))}


class RenewDossier(CampaignAct):
    name = "dossier"
    label = _("Renew the proof")
    permission = SEND
    icon = "doc-full"
    offered = frozenset({Status.DONE, Status.CANCELLED})

    @classmethod
    def is_offered(cls, obj: Any) -> bool:
        return super().is_offered(obj) and obj.fanned_out_at is not None

    def perform(self, data: dict[str, Any]) -> str:
        face = dossier.make(campaign_id=self.instance.pk, actor=self.actor, now=timezone.now())
        return _now("The proof was signed: %(code)s") % {"code": face.record.code}
