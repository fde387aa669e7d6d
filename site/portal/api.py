"""The root of the REST face: every refusal and every error as a problem document (RFC 9457)."""

from __future__ import annotations

import math
from typing import Any

from django.http import Http404
from django.utils.translation import gettext as _
from kernel.refused import Refused, Throttled
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import exception_handler


def problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: every error as `application/problem+json`; None for what is a bug (500)."""
    if not context["request"].path.startswith("/api/v1/"):
        return exception_handler(error, context)
    if isinstance(error, Refused):
        return _refused(error)
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    if not isinstance(error, exceptions.APIException):
        return None
    code = error.default_code if isinstance(error.detail, list | dict) else getattr(error.detail, "code", "error")
    errors = _field_errors(error.detail) if isinstance(error, exceptions.ValidationError) else []
    detail = _("Please mend the fields named below.") if errors else str(error.detail)
    response = _document(error.status_code, code=str(code), detail=detail, errors=errors)
    if header := getattr(error, "auth_header", None):
        response.headers["WWW-Authenticate"] = header
    return response


def _refused(refused: Refused) -> Response:
    errors = [{"field": refused.field, "code": refused.code, "detail": refused.message}] if refused.field else []
    response = _document(refused.status, code=refused.code, detail=refused.message, errors=errors)
    if refused.next_url:
        response.data["next"] = {"label": refused.next_label, "url": refused.next_url}
    if isinstance(refused, Throttled):
        response.headers["Retry-After"] = str(math.ceil(refused.retry_after))
    return response


def _document(status_code: int, *, code: str, detail: str, errors: list[dict[str, str]]) -> Response:
    titles = {400: _("Not valid"), 401: _("Sign in first"), 403: _("Not allowed"), 404: _("Not found")}
    body: dict[str, Any] = {
        "type": f"urn:problem:{code}",
        "title": titles.get(status_code, _("Refused") if status_code < status.HTTP_500_INTERNAL_SERVER_ERROR else _("Error")),
        "status": status_code,
        "detail": detail,
        "code": code,
    }
    if errors:
        body["errors"] = errors
    return Response(body, status=status_code, content_type="application/problem+json")


def _field_errors(detail: Any, prefix: str = "") -> list[dict[str, str]]:
    if isinstance(detail, dict):
        return [row for name, inner in detail.items() for row in _field_errors(inner, f"{prefix}.{name}".strip("."))]
    if isinstance(detail, list):
        return [row for inner in detail for row in _field_errors(inner, prefix)]
    return [{"field": prefix, "code": str(getattr(detail, "code", "invalid")), "detail": str(detail)}]
