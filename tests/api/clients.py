"""Clients of the REST face, and what their refusals must look like."""

from __future__ import annotations

import re

from knox.models import AuthToken
from rest_framework.test import APIClient

PERSIAN = re.compile("[آ-ی]")
PROBLEM_MEMBERS = ["type", "title", "status", "detail", "code", "errors", "next"]


def client_of(user) -> APIClient:
    """A client with a token of this account."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {AuthToken.objects.create(user)[1]}")
    return client


def problem_of(response, status: int) -> dict:
    """The problem document of a refusal, after checking its form."""
    body = response.json()
    assert (response.status_code, response.headers["Content-Type"]) == (status, "application/problem+json"), body
    assert body["status"] == status
    assert body["type"] == f"urn:problem:{body['code']}"
    assert {"type", "title", "status", "detail", "code"} <= body.keys() <= {*PROBLEM_MEMBERS}
    for text in (body["title"], body["detail"]):
        assert PERSIAN.search(text), f"not Persian: {text}"
    return body


def fields_of(response) -> dict[str, str]:
    """Field → code of a 400."""
    return {row["field"]: row["code"] for row in problem_of(response, 400)["errors"]}
