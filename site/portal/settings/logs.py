"""Structured logs: one JSON object a line, with the request's id; secrets are struck out before writing."""

from __future__ import annotations

import re
from typing import Any

import structlog

SECRET_NAMES = re.compile(r"password|token|secret|api_?key|authorization|cookie|merchant_id|national_code|otp", re.I)
SECRET_SHAPES = [
    (re.compile(r"(?i)([?&](?:api_?key|token)=)[^&\s\"']+"), r"\1***"),
    (re.compile(r"(/v1/)[A-Za-z0-9%._~+=-]{12,}(/)"), r"\1***\2"),
    (re.compile(r"(/hooks/sms/[^/\s]+/)[^/\s\"']+"), r"\1***"),
    (re.compile(r"(?i)(hub\.verify_token=)[^&\s\"']+"), r"\1***"),
    (re.compile(r"(?i)(bearer\s+)[A-Za-z0-9._~+/=-]+"), r"\1***"),
]


def strike_out(text: str) -> str:
    """`text` without what looks like a key in an address or a bearer token."""
    for shape, instead in SECRET_SHAPES:
        text = shape.sub(instead, text)
    return text


def strike_out_secrets(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """structlog processor: hides values by the name of their key and by their shape, however deep they lie."""
    return {key: _struck(key, value) for key, value in event.items()}


def _struck(name: str, value: Any) -> Any:
    if SECRET_NAMES.search(name):
        return "***"
    if isinstance(value, dict):
        return {key: _struck(str(key), inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_struck(name, inner) for inner in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return strike_out(value if isinstance(value, str) else repr(value))


SHARED_PROCESSORS: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.ExtraAdder(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configure_structlog() -> None:
    """Sends structlog's events through the standard library's handlers."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.filter_by_level,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def formatter(renderer: Any) -> dict[str, Any]:
    return {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": SHARED_PROCESSORS,
        "processors": [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            strike_out_secrets,
            renderer,
        ],
    }


LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": formatter(structlog.processors.JSONRenderer(ensure_ascii=False)),
        "plain": formatter(structlog.dev.ConsoleRenderer(colors=False)),
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "urllib3": {"level": "WARNING"},
        "django_structlog": {"level": "WARNING"},
        "fontTools": {"level": "WARNING"},
    },
}
