"""Sendings of notices in the back office: from the draft to the proof."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from cms.admin import campaign_acts as deeds
from cms.audience import Audience
from cms.models import Campaign, CampaignDelivery, Channel, Dossier, NoticePage
from cms.queries import Progress, progress
from customer.admin.sections import traces_about
from customer.models import Trace
from kernel.admin import columns
from kernel.admin.columns import column
from kernel.admin.filters import by_choice
from kernel.admin.model_admin import EditPermissions, PortalAdmin
from kernel.admin.reading import Fact, ReadView, Section

Status = Campaign.Status
KINDS = {
    Status.DRAFT: "",
    Status.WAITING_APPROVAL: "warn",
    Status.APPROVED: "new",
    Status.SCHEDULED: "new",
    Status.RUNNING: "new",
    Status.PAUSED: "warn",
    Status.DONE: "ok",
    Status.CANCELLED: "late",
}
VERSIONS = 10


class DraftPermissions(EditPermissions):
    """Only a draft can be edited."""

    def user_can_edit_obj(self, user: Any, obj: Any) -> bool:
        return obj.status == Status.DRAFT and super().user_can_edit_obj(user, obj)


class CampaignReadView(ReadView):
    """With the progress above the facts."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = progress(self.instance) if self.instance.started_at else None
        return super().get_context_data(
            progress=found,
            progress_words=deeds.in_words(found) if found else "",
            progress_url=self.url_helper.get_action_url("progress", self.instance.pk),
            is_going=deeds.is_going(self.instance),
            **kwargs,
        )


class CampaignAdmin(PortalAdmin):
    model = Campaign
    menu_label = _("Sendings of notices")
    menu_icon = "mail"
    menu_order = 320
    permission_helper_class = DraftPermissions
    create_view_class = deeds.ComposeView
    edit_view_class = deeds.ReviseView
    inspect_view_class = CampaignReadView
    inspect_template_name = "cms/admin/campaign_read.html"
    list_display = ("title_shown", "kind_shown", "state", "author", "approver", "started")
    list_filter = (
        by_choice("status", _("State"), Status.choices),
        by_choice("kind", _("Kind"), NoticePage.Kind.choices),
    )
    list_select_related = ("written_by", "approved_by", "page")
    search_hint = _("Title")
    ordering = ("-pk",)
    acts: ClassVar = (
        deeds.Submit,
        deeds.SendTest,
        deeds.SendBack,
        deeds.Approve,
        deeds.Start,
        deeds.Pause,
        deeds.Resume,
        deeds.ResendFailed,
        deeds.RenewDossier,
        deeds.Cancel,
    )
    pages: ClassVar = {"preview": deeds.PreviewView, "progress": deeds.ProgressView}

    def search(self, queryset: Any, text: str) -> QuerySet[Any]:
        return queryset.filter(inbox_title__icontains=text)

    @column(_("notice"), order="inbox_title")
    def title_shown(self, row: Campaign) -> str:
        return row.inbox_title

    @column(_("kind"), order="kind")
    def kind_shown(self, row: Campaign) -> str:
        return row.get_kind_display()

    @column(_("state"), order="status")
    def state(self, row: Campaign) -> str:
        return state_pill(row)

    @column(_("written by"))
    def author(self, row: Campaign) -> str:
        return row.written_by.get_full_name() or row.written_by.get_username()

    @column(_("approved by"))
    def approver(self, row: Campaign) -> str:
        by = row.approved_by
        return (by.get_full_name() or by.get_username()) if by else columns.NOTHING

    @column(_("started at"), order="started_at")
    def started(self, row: Campaign) -> str:
        return columns.moment(row.started_at)

    def read_title(self, obj: Campaign) -> str:
        return obj.inbox_title

    def states(self, obj: Campaign) -> list[Any]:
        return [state_pill(obj), columns.pill(obj.get_kind_display())]

    def facts(self, obj: Campaign, request: HttpRequest) -> list[Fact]:
        return [
            Fact(label=_("Notice"), value=_page_link(obj, request)),
            Fact(label=_("Channels"), value="، ".join(str(Channel(c).label) for c in obj.channels)),
            *[Fact(label=name, value=words) for name, words in Audience.of(obj.audience).in_words()],
            Fact(label=_("Preview"), value=_preview_link(obj)),
            Fact(label=_("Must be confirmed"), value=_now("yes") if obj.must_acknowledge else _now("no")),
            Fact(label=_("Not before"), value=columns.moment(obj.scheduled_for)),
            Fact(label=_("Messages a minute, at most"), value=columns.count(obj.throttle_per_minute)),
            Fact(label=_("Written by"), value=self.author(obj)),
            Fact(label=_("Submitted at"), value=columns.moment(obj.submitted_at)),
            Fact(label=_("Approved by"), value=self.approver(obj)),
            Fact(label=_("Approved at"), value=columns.moment(obj.approved_at)),
            Fact(label=_("Finished at"), value=columns.moment(obj.finished_at)),
            Fact(label=_("Reason of the last decision"), value=columns.lines(obj.reason)),
            Fact(label=_("Text in the inbox"), value=columns.lines(obj.inbox_body)),
            Fact(label=_("Text of the SMS"), value=columns.lines(obj.sms_text)),
            Fact(label=_("Fingerprint of the text"), value=columns.code(obj.text_sha256[:32])),
        ]


def state_pill(row: Campaign) -> str:
    """Where the sending stands, in its colour."""
    return columns.pill(row.get_status_display(), KINDS[Status(row.status)])


def _page_link(obj: Campaign, request: HttpRequest) -> str:
    if not request.user.has_perm("wagtailadmin.access_admin"):
        return obj.page.title
    return columns.link(reverse("wagtailadmin_pages:edit", args=[obj.page_id]), obj.page.title)


def _preview_link(obj: Campaign) -> str:
    return columns.link(reverse("cms_campaign_modeladmin_preview", args=[obj.pk]), _now("audience, cost and texts"))


# --- the tables under it (`settings.ADMIN_SECTIONS`) -----------------------------------------------------------------


def figures_of_campaign(campaign: Campaign, request: HttpRequest) -> Section | None:
    """By channel and state, each figure leading to the recipients behind it."""
    if not request.user.has_perm("cms.view_campaigndelivery") or campaign.started_at is None:
        return None
    found = progress(campaign)
    states = list(CampaignDelivery.Status)
    return Section(
        title=_("Recipients"),
        heads=(_("channel"), *(state.label for state in states), _("seen"), _("confirmed")),
        rows=[_figures_row(campaign, row, found) for row in found.channels],
        empty=_("The recipients are being gathered…"),
    )


def _figures_row(campaign: Campaign, row: Any, found: Progress) -> list[Any]:
    def figure(status: str) -> Any:
        count = row.by_status.get(status, 0)
        if not count:
            return columns.NOTHING
        filters = {"campaign": str(campaign.pk), "channel": row.channel.value, "status": status}
        return columns.link(columns.list_url(CampaignDelivery, **filters), columns.count(count))

    is_inbox = row.channel == Channel.INBOX
    read = (found.seen, found.acknowledged) if is_inbox else (None, None)
    return [row.channel.label, *map(figure, CampaignDelivery.Status), *map(columns.count, read)]


def dossiers_of_campaign(campaign: Campaign, request: HttpRequest) -> Section | None:
    """The proofs, the newest first, with their papers."""
    if not request.user.has_perm("cms.view_dossier"):
        return None
    faces = campaign.dossiers.filter(part=0).select_related("record").order_by("-version")
    return Section(
        title=_("Proof of the notice"),
        heads=(_("version"), _("code"), _("made at"), _("papers")),
        rows=[
            [
                columns.count(face.version),
                columns.code(face.record.code),
                columns.moment(face.made_at),
                _papers(face),
            ]
            for face in faces[:VERSIONS]
        ],
        empty=_("It is signed by itself as soon as everything has been sent."),
    )


def _papers(face: Dossier) -> str:
    links = [
        (reverse("dossier_pdf", args=[face.pk]), _now("PDF")),
        (reverse("dossier_record", args=[face.pk]), _now("signed record")),
        (reverse("dossier_zip", args=[face.pk]), _now("everything (ZIP)")),
    ]
    return format_html_join(format_html("{}", " · "), '<a href="{}">{}</a>', links)


def traces_of_campaign(campaign: Campaign, request: HttpRequest) -> Section | None:
    return traces_about(Trace.objects.filter(subject=f"campaign:{campaign.pk}"), request)
