"""The OpenAPI document: what it leaves out, and the problem documents that every operation may answer with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.renderers import OpenApiJsonRenderer2
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from customer.api.access import PerPersonThrottle
from customer.api.idempotency import HEADER
from portal.api import PROBLEM, ROOT, document


class SchemaView(SpectacularAPIView):
    """OpenAPI 3.1, as JSON (which is YAML too)."""

    renderer_classes = [OpenApiJsonRenderer2]
    throttle_classes = [PerPersonThrottle]


class DocsView(SpectacularSwaggerView):
    """The schema to read and to try."""


class BearerScheme(OpenApiAuthenticationExtension):
    """How the document calls a token."""

    target_class = "customer.api.access.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "description": "From `POST /auth/token/`."}


class PageSessionScheme(OpenApiAuthenticationExtension):
    """How the document calls the session of the pages."""

    target_class = "customer.api.access.PageSessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        text = "The session of the pages; changes need the header X-CSRFToken."
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME, "description": text}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One refusal that many operations share, with an example of its document."""

    status: int
    code: str
    meaning: str
    detail: Promise
    errors: tuple[dict[str, Promise | str], ...] = ()


ANSWERS = {
    "NotValid": Answer(
        status=400,
        code="invalid",
        meaning="A field is missing or wrong; `errors` names each. Without `errors`, the body is no JSON object.",
        detail=_("Please mend the fields named below."),
        errors=({"field": "years", "code": "required", "detail": _("This field is required.")},),
    ),
    "NotSignedIn": Answer(
        status=401,
        code="not_authenticated",
        meaning="No token, or one that is not valid (any more).",
        detail=_("This needs a token or a session of the pages."),
    ),
    "NotAllowed": Answer(
        status=403,
        code="permission_denied",
        meaning="Staff have no buyers' resources; `csrf.failed` for a session without the page's CSRF token.",
        detail=_("This is for buyers only."),
    ),
    "NotFound": Answer(
        status=404,
        code="not_found",
        meaning="Unknown, or somebody else's; or a page beyond the last one.",
        detail=_("There is nothing here, or it is not yours."),
    ),
    "Refused": Answer(
        status=409,
        code="service.still_running",
        meaning="A rule says no: `code` says which, `next` may name the way on.",
        detail=_("The service of this device is still running; this choice opens when it ends."),
    ),
    "TooLarge": Answer(
        status=413,
        code="body_too_large",
        meaning="The body is larger than 2.5 MB.",
        detail=_("The body of the request is too large."),
    ),
    "UnknownContent": Answer(
        status=415,
        code="unsupported_media_type",
        meaning="The body is not JSON.",
        detail=_("The body of the request must be JSON (application/json)."),
    ),
    "OtherRequest": Answer(
        status=422,
        code="idempotency.mismatch",
        meaning="The key was sent with another request before.",
        detail=_("This key was sent with another request before; a new request needs a new key."),
    ),
    "TooMany": Answer(
        status=429,
        code="throttled",
        meaning="Too many calls; `Retry-After` says how long to wait.",
        detail=_("Too many requests"),
    ),
    "Unavailable": Answer(
        status=503,
        code="payment.gateway_unavailable",
        meaning="The gateway does not answer. Nothing was paid; the order stays open.",
        detail=_("The payment gateway does not answer at the moment. Your order stays open; please try again shortly."),
    ),
}
HEADERS = {
    "NotSignedIn": {"WWW-Authenticate": {"required": True, "schema": {"type": "string", "enum": ["Bearer"]}}},
    "TooMany": {
        "Retry-After": {"required": True, "description": "Seconds.", "schema": {"type": "string", "pattern": r"^\d+$"}}
    },
}
FIELD_ERROR = {
    "type": "object",
    "required": ["field", "code", "detail"],
    "properties": {"field": {"type": "string"}, "code": {"type": "string"}, "detail": {"type": "string"}},
}
PROBLEM_SCHEMA = {
    "type": "object",
    "description": "RFC 9457. `detail` is Persian and for people; `code` is stable and for programs.",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/FieldError"}},
        "next": {
            "type": "object",
            "required": ["label", "url"],
            "properties": {"label": {"type": "string"}, "url": {"type": "string"}},
        },
    },
}


def only_public_paths(endpoints: list[tuple[str, str, str, Any]], **_kwargs: Any) -> list[tuple[str, str, str, Any]]:
    """Wagtail's private API under /admin/ is none of a client's business."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith(ROOT)]


def document_problems(result: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
    """Describes the problem document once, and names for every operation those that it may answer with."""
    components = result["components"]
    components["schemas"] |= {"FieldError": FIELD_ERROR, "Problem": PROBLEM_SCHEMA}
    components["responses"] = {name: _response(name) for name in ANSWERS}
    for path, operations in result["paths"].items():
        for operation in operations.values():
            for name in _answers(path, operation):
                answer = {"$ref": f"#/components/responses/{name}"}
                operation["responses"].setdefault(str(ANSWERS[name].status), answer)
    return result


def _answers(path: str, operation: dict[str, Any]) -> list[str]:
    """Which of the shared refusals an operation can give. Its description says when it can give a 404 or 409."""
    parameters = operation.get("parameters", [])
    has_query = any(parameter["in"] == "query" for parameter in parameters)
    takes_key = any(parameter["name"] == HEADER for parameter in parameters)
    takes_body = "requestBody" in operation
    applies = {
        "NotValid": takes_body or has_query or takes_key,
        "NotSignedIn": True,
        "NotAllowed": any("session" in scheme for scheme in operation.get("security", [])),
        "NotFound": "{" in path or has_query or "404" in operation.get("description", ""),
        "Refused": takes_key or "409" in operation.get("description", ""),
        "TooLarge": takes_body,
        "UnknownContent": takes_body,
        "OtherRequest": takes_key,
        "TooMany": True,
        "Unavailable": operation["operationId"] == "start_payment",
    }
    return [name for name, true in applies.items() if true]


def _response(name: str) -> dict[str, Any]:
    answer = ANSWERS[name]
    example = document(answer.status, code=answer.code, detail=str(answer.detail))
    if answer.errors:
        example["errors"] = [{key: str(text) for key, text in row.items()} for row in answer.errors]
    content = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}}
    headers = {"headers": HEADERS[name]} if name in HEADERS else {}
    return {"description": answer.meaning, "content": content} | headers
