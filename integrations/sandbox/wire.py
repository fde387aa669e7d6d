"""What travels between the server and a provider: one request in, one reply out."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request, its path relative to the provider's prefix ("pg/v4/payment/verify.json")."""

    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    prefix: str = ""
    headers: dict[str, str] = field(default_factory=dict)  # names in lower case

    def json(self) -> Any:
        """The body as JSON; None where it is empty or not JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def json_object(self) -> dict[str, Any]:
        """The body as a JSON object; empty where it is anything else."""
        value = self.json()
        return value if isinstance(value, dict) else {}

    def form(self) -> dict[str, str]:
        """Form fields of the body, over those of the query string."""
        text = self.body.decode("utf-8", "replace")
        return {**self.query, **dict(parse_qsl(text, keep_blank_values=True))}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One HTTP answer."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()


def json_reply(data: Any, status: int = 200) -> Reply:
    """An answer whose body is JSON, Persian readable."""
    return Reply(status=status, body=json.dumps(data, ensure_ascii=False).encode())


def page_reply(page: str, status: int = 200) -> Reply:
    """An answer whose body is an HTML page."""
    return Reply(status=status, body=page.encode(), content_type="text/html; charset=utf-8")


def redirect_reply(url: str, status: int = 302) -> Reply:
    """An answer that sends the browser on."""
    return Reply(status=status, content_type="text/plain; charset=utf-8", headers=(("Location", url),))
