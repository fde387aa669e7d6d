"""Who may open which screen of the desk."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

SEE = "support.view_ticket"
READ = "support.read_conversation"
ANSWER = "support.answer_ticket"
ASSIGN = "support.assign_ticket"
MERGE = "support.merge_ticket"
SEE_WORK = "support.view_worklog"
LOG_WORK = "support.add_worklog"
REPORTS = "support.view_slapolicy"  # who sees what is promised may see how it is kept

View = Callable[..., HttpResponseBase]


def staff_with(*permissions: str) -> Callable[[View], View]:
    """For views below /admin/: who lacks one of the permissions gets 403. Wagtail has turned away who is no staff."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.has_perms(permissions):
                return render(request, "403.html", status=403)
            return view(request, *args, **kwargs)

        return guarded

    return decorate
