"""The shape of what agents send; whether it is true and allowed is for the services to say."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from kernel.fields import JalaliDateField
from kernel.jalali import tehran_today
from kernel.once import FormKeyField
from support.admin.reads import SORTS, VIEWS
from support.forms import FilesField
from support.models import Ticket, TicketLink, WorkLog
from support.models.ticket import LONGEST_TITLE

Why = Ticket.ClosedWhy
CLOSING = [(Why.SOLVED, Why.SOLVED.label), (Why.DECLINED, Why.DECLINED.label)]
LONGEST_KEY = 2**63 - 1


class QueueForm(forms.Form):
    """What the queue shows. What cannot be read is not asked for."""

    view = forms.ChoiceField(choices=list(VIEWS.items()), required=False)
    q = forms.CharField(label=_("Search"), max_length=100, required=False)
    importance = forms.ChoiceField(
        label=_("Importance"), choices=[("", _("all")), *Ticket.Importance.choices], required=False
    )
    assignee = forms.IntegerField(label=_("Assignee"), min_value=1, max_value=LONGEST_KEY, required=False)
    sort = forms.ChoiceField(label=_("Sorted by"), choices=list(SORTS.items()), required=False)
    overdue = forms.BooleanField(label=_("Overdue only"), required=False)
    after = forms.CharField(max_length=80, required=False)


class AgentField(forms.TypedChoiceField):
    """One of the agents, or nobody."""

    def __init__(self, people: Iterable[tuple[int, str]], **options: Any) -> None:
        super().__init__(
            label=_("Assignee"),
            choices=[("", _("nobody")), *people],
            coerce=int,
            empty_value=None,
            required=False,
            **options,
        )


class BulkForm(forms.Form):
    do = forms.ChoiceField(choices=[("assign", _("Assign")), ("close", _("Close"))])
    why = forms.ChoiceField(choices=CLOSING, required=False)

    def __init__(self, *args: Any, agents: Iterable[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["assignee"] = AgentField(agents)


class FilterForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=60)
    is_shared = forms.BooleanField(label=_("for the whole team"), required=False)
    query = forms.CharField(max_length=500, required=False)


# --- in a ticket -----------------------------------------------------------------------------------------------------


class ActForm(forms.Form):
    """One of many on a page: the ids of its fields are its own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", f"id_{type(self).__name__.lower()}_%s")
        super().__init__(*args, **kwargs)


class SayForm(forms.Form):
    """A reply or an internal note. Length and emptiness are for the verb to judge: nothing typed is lost."""

    REPLY, NOTE = "reply", "note"

    kind = forms.ChoiceField(choices=[(REPLY, _("Reply to the buyer")), (NOTE, _("Internal note"))])
    body = forms.CharField(label=_("Text"), required=False, strip=False)
    last_seen = forms.IntegerField(min_value=0, max_value=LONGEST_KEY, required=False)
    attachments = FilesField()
    form_key = FormKeyField()


class AssignForm(ActForm):
    note = forms.CharField(
        label=_("Why it is handed over"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("The new assignee reads it as an internal note."),
    )
    form_key = FormKeyField()

    def __init__(self, *args: Any, agents: Iterable[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["assignee"] = AgentField(agents)
        self.order_fields(["assignee", "note"])


class ImportanceForm(ActForm):
    importance = forms.ChoiceField(label=_("Importance"), choices=Ticket.Importance.choices)


class CloseForm(ActForm):
    why = forms.ChoiceField(label=_("Why"), choices=CLOSING)


class RemoteForm(ActForm):
    session_id = forms.CharField(
        label=_("Id of the remote session"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off"}),
    )


class WorkForm(ActForm):
    activity = forms.ChoiceField(label=_("Activity"), choices=WorkLog.Activity.choices)
    minutes = forms.IntegerField(label=_("Minutes"), min_value=1, max_value=1440, localize=True)
    worked_on = JalaliDateField(label=_("Date"), initial=tehran_today)
    note = forms.CharField(label=_("Note"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 2}))
    form_key = FormKeyField()


class NumberField(forms.CharField):
    """The number of a ticket, in whatever digits it is typed."""

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off", "placeholder": "1405-000012"})
        super().__init__(max_length=20, widget=widget, **options)


class MergeForm(ActForm):
    into = NumberField(label=_("Number of the ticket that stays"))


class LinkForm(ActForm):
    into = NumberField(label=_("Number of the other ticket"))
    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=[(kind.value, kind.label) for kind in (TicketLink.Kind.RELATED, TicketLink.Kind.CAUSED)],
    )


class SplitForm(ActForm):
    title = forms.CharField(label=_("Title of the new ticket"), max_length=LONGEST_TITLE)


class PeriodForm(forms.Form):
    """The days of a report, both included."""

    since = JalaliDateField(label=_("From"))
    until = JalaliDateField(label=_("To"))

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("since") and data.get("until") and data["since"] > data["until"]:
            self.add_error("until", _("The end lies before the beginning."))
        return data
