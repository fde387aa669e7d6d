"""The shape of what readers send."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from cms.services.feedback import LONGEST, REASON


class VoteForm(forms.Form):
    """Whether a page helped; a reason only where it did not."""

    helpful = forms.ChoiceField(choices=[("yes", _("Yes")), ("no", _("No"))])
    reason = forms.CharField(max_length=REASON, required=False)


class PositionForm(forms.Form):
    """A place in a video and its length, in seconds."""

    seconds = forms.IntegerField(min_value=0, max_value=LONGEST)
    duration = forms.IntegerField(min_value=0, max_value=LONGEST)
