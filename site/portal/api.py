"""The root of the REST face: every refusal and every error as a problem document (RFC 9457)."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from django.core.exceptions import ObjectDoesNotExist, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from django.views import defaults
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, status
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import exception_handler

from customer.api.access import Door
from kernel.refused import Refused, Throttled

ROOT = "/api/v1/"
PROBLEM = "application/problem+json"


class Problem(Response):
    """A problem document; JSON even where the view renders something else."""

    def __init__(self, body: dict[str, Any], *, status_code: int) -> None:
        super().__init__(body, status=status_code, headers={"Content-Type": PROBLEM})

    @property
    def rendered_content(self) -> str:
        return JSONRenderer().render(self.data).decode()


def problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: every error as `application/problem+json`; None for what is a bug (500)."""
    if not context["request"].path.startswith(ROOT):
        return exception_handler(error, context)
    if isinstance(error, Refused):
        return _refused(error)
    if isinstance(error, RequestDataTooBig):
        return _refused(Refused("body_too_large", _("The body of the request is too large."), status=413))
    if isinstance(error, Http404 | ObjectDoesNotExist):  # what verbs raise for a foreign object
        error = exceptions.NotFound()
    return _raised(error) if isinstance(error, exceptions.APIException) else None


def document(status_code: int, *, code: str, detail: str) -> dict[str, Any]:
    """A problem document without its optional members."""
    return {
        "type": f"urn:problem:{code}",
        "title": _title(status_code),
        "status": status_code,
        "detail": detail,
        "code": code,
    }


def _refused(refused: Refused) -> Response:
    body = document(refused.status, code=refused.code, detail=refused.message)
    if refused.field:
        body["errors"] = [{"field": refused.field, "code": refused.code, "detail": refused.message}]
    if refused.next_url:
        body["next"] = {"label": refused.next_label, "url": refused.next_url}
    response = Problem(body, status_code=refused.status)
    if isinstance(refused, Throttled):
        response.headers["Retry-After"] = str(math.ceil(refused.retry_after))
    if refused.status == status.HTTP_401_UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _raised(error: exceptions.APIException) -> Response:
    fields = isinstance(error, exceptions.ValidationError)
    code = error.default_code if isinstance(error.detail, list | dict) else str(error.detail.code)
    body = document(error.status_code, code=code, detail=_detail(error, code))
    if fields:
        body["errors"] = _field_errors(error.detail)
    response = Problem(body, status_code=error.status_code)
    if header := getattr(error, "auth_header", None):
        response.headers["WWW-Authenticate"] = header
    return response


def _detail(error: exceptions.APIException, code: str) -> str:
    """The framework's own errors in words of the house."""
    details = {
        "invalid": _("Please mend the fields named below."),
        "parse_error": _("The body of the request is not a JSON object."),
        "authentication_failed": _("The token is not valid or its time is over. Please sign in again."),
        "not_authenticated": _("This needs a token or a session of the pages."),
        "permission_denied": _("This is for buyers only."),
        "not_found": _("There is nothing here, or it is not yours."),
        "method_not_allowed": _("This address does not take this method."),
        "unsupported_media_type": _("The body of the request must be JSON (application/json)."),
    }
    return details.get(code) or str(error.detail)


def _title(status_code: int) -> str:
    titles = {
        400: _("Not valid"),
        401: _("Not signed in"),
        403: _("Not allowed"),
        404: _("Not found"),
        405: _("Method not allowed"),
        413: _("Too large"),
        415: _("Unknown content type"),
        429: _("Too many requests"),
        503: _("Not available at the moment"),
    }
    return titles.get(status_code) or (_("Refused") if status_code < 500 else _("Error"))


def _field_errors(detail: Any, prefix: str = "") -> list[dict[str, str]]:
    if isinstance(detail, dict):
        return [row for name, inner in detail.items() for row in _field_errors(inner, f"{prefix}.{name}".strip("."))]
    if isinstance(detail, list):
        return [row for inner in detail for row in _field_errors(inner, prefix)]
    return [{"field": prefix, "code": str(getattr(detail, "code", "invalid")), "detail": str(detail)}]


@extend_schema(exclude=True)
class NowhereView(Door):
    """An address that does not exist, whoever asks."""

    authentication_classes = []
    permission_classes = [AllowAny]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> NoReturn:
        raise exceptions.NotFound


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Django's own 400, for what is refused before a view is reached."""
    if not request.path.startswith(ROOT):
        return defaults.bad_request(request, exception)
    return _plain(status.HTTP_400_BAD_REQUEST, code="bad_request", detail=_("The request cannot be understood."))


def server_error(request: HttpRequest) -> HttpResponseBase:
    """A bug: logged by Django, told without any detail."""
    if not request.path.startswith(ROOT):
        return defaults.server_error(request)
    message = _("Something went wrong on our side. Please try again later.")
    return _plain(status.HTTP_500_INTERNAL_SERVER_ERROR, code="server_error", detail=message)


def _plain(status_code: int, *, code: str, detail: str) -> HttpResponse:
    body = json.dumps(document(status_code, code=code, detail=detail), ensure_ascii=False)
    return HttpResponse(body, status=status_code, content_type=PROBLEM)
