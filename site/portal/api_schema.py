"""The OpenAPI document: what it leaves out, and the problem documents that every operation may answer with."""

from __future__ import annotations

from typing import Any

from django.conf import settings
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


# Component name, status, code and detail of each answer that many operations share.
PROBLEMS = {
    "NotValid": (400, "invalid", "A field is missing or wrong; `errors` names it."),
    "NotSignedIn": (401, "not_authenticated", "No token, or one that is not valid."),
    "NotAllowed": (403, "permission_denied", "Not a buyer's token."),
    "NotFound": (404, "not_found", "Unknown, or somebody else's."),
    "Refused": (409, "service.still_running", "A rule says no; `code` says which, `next` may name the way on."),
    "UnknownContent": (415, "unsupported_media_type", "The body is not JSON."),
    "OtherRequest": (422, "idempotency.mismatch", "The key was used with another request."),
    "TooMany": (429, "throttled", "Too many calls."),
    "Unavailable": (503, "payment.gateway_unavailable", "Somebody we depend on does not answer."),
}
EXTRAS: dict[str, dict[str, Any]] = {
    "NotValid": {"errors": [{"field": "proposed", "code": "required", "detail": "This field is required."}]},
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
    components["responses"] = {name: _response(name) for name in PROBLEMS}
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            for name in _answers(path, method, operation):
                answer = {"$ref": f"#/components/responses/{name}"}
                operation["responses"].setdefault(str(PROBLEMS[name][0]), answer)
    return result


def _answers(path: str, method: str, operation: dict[str, Any]) -> list[str]:
    inside = [parameter["in"] for parameter in operation.get("parameters", [])]
    takes_key = any(parameter["name"] == HEADER for parameter in operation.get("parameters", []))
    signs_in = not operation.get("security")
    applies = {
        "NotValid": "requestBody" in operation or "query" in inside or takes_key,
        "NotSignedIn": True,
        "NotAllowed": not signs_in,
        "NotFound": "{" in path or "query" in inside,
        "Refused": method == "post" and ("{" in path or takes_key),
        "UnknownContent": "requestBody" in operation,
        "OtherRequest": takes_key,
        "TooMany": True,
        "Unavailable": operation["operationId"] == "start_payment",
    }
    return [name for name, true in applies.items() if true]


def _response(name: str) -> dict[str, Any]:
    status_code, code, description = PROBLEMS[name]
    example = document(status_code, code=code, detail=description) | EXTRAS.get(name, {})
    content = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}}
    headers = {"headers": HEADERS[name]} if name in HEADERS else {}
    return {"description": description, "content": content} | headers
