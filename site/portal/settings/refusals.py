"""What production refuses to start with: one clear sentence for each, so that an operator mends all in one go."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

PROVIDER_ADDRESSES = ("ZARINPAL_BASE_URL", "KAVENEGAR_BASE_URL", "DIDAR_BASE_URL")
KNOWN_SECRETS = ("demo", "django-insecure", "change", "secret", "example", "sandbox")
SMS_PROVIDERS = ("kavenegar", "smsir")


def refusals(settings: Mapping[str, Any]) -> list[str]:
    """The sentences for everything in these settings that production must not run with; empty when all is well."""
    return [
        *_about_secrets(settings),
        *_about_servers(settings),
        *_about_addresses(settings),
        *_about_channels(settings),
    ]


def _about_secrets(settings: Mapping[str, Any]) -> Iterator[str]:
    for name, length in (("SECRET_KEY", 50), ("BLIND_INDEX_KEY", 32)):
        if weakness := weakness_of(settings[name], least=length):
            yield f"{name} {weakness}. Make one: openssl rand -base64 48"
    keys: dict[str, str] = settings["FIELD_KEYS"]
    if not keys:
        yield "FIELD_KEYS is missing. Set e.g. FIELD_KEYS=2026a=<key>, the key from: openssl rand -base64 32"
    elif settings["FIELD_KEY_CURRENT"] not in keys:
        yield f"FIELD_KEY_CURRENT must name one of FIELD_KEYS: {', '.join(keys)}."
    if not is_key(settings["SIGNING_KEY"]):
        yield "SIGNING_KEY is missing, the demo's, or not base64 of 32 random bytes. Make one: manage.py signing_key"
    for key_id, key in keys.items():
        if not is_key(key):
            yield f"FIELD_KEYS: the key {key_id!r} is not base64 of 32 random bytes. Make one: openssl rand -base64 32"


def _about_servers(settings: Mapping[str, Any]) -> Iterator[str]:
    if settings["DEBUG"]:
        yield "DEBUG must be off: its error pages show secrets and personal data."
    engine = settings["DATABASES"]["default"].get("ENGINE", "")
    if not engine:
        yield "DATABASE_URL is missing. Set e.g. DATABASE_URL=postgres://portal:password@127.0.0.1:5432/portal"
    elif not engine.endswith("postgresql"):
        yield "DATABASE_URL must name a PostgreSQL database: SQLite and others are not for production."
    if not settings["REDIS_URL"].startswith(("redis://", "rediss://", "unix://")):
        yield "REDIS_URL is missing or not a Redis address. Set e.g. REDIS_URL=redis://127.0.0.1:6379/0"
    if settings["CELERY_BROKER_URL"].startswith(("memory://", "filesystem://")) or not settings["CELERY_BROKER_URL"]:
        yield "CELERY_BROKER_URL must name a real broker (Redis or RabbitMQ); left out, it is REDIS_URL."


def _about_addresses(settings: Mapping[str, Any]) -> Iterator[str]:
    if "*" in settings["ALLOWED_HOSTS"]:
        yield "ALLOWED_HOSTS must name the hosts; '*' lets anybody forge the site's own address."
    prefix = settings["X_ACCEL_PREFIX"]
    if prefix and not (prefix.startswith("/") and prefix.strip("/")):
        yield f"X_ACCEL_PREFIX must be a path of its own, e.g. /private-files/: {prefix}"
    for origin in settings["CORS_ORIGINS"]:
        if not is_origin(origin, secure=not settings["REHEARSAL"]):
            yield f"CORS_ORIGINS must name origins exactly, e.g. https://app.example.ir, without a path or *: {origin}"
    if settings["REHEARSAL"]:
        return
    names = ["PUBLIC_URL", *PROVIDER_ADDRESSES]
    names += ["SMSIR_BASE_URL"] if "smsir" in settings["SMS_PROVIDERS"] else []
    names += ["WHATSAPP_BASE_URL"] if settings["WHATSAPP_PROVIDER"] else []
    for name in names:
        if trouble := trouble_with_address(settings[name]):
            yield f"{name} {trouble}: {settings[name]}"


def _about_channels(settings: Mapping[str, Any]) -> Iterator[str]:
    unknown = sorted(set(settings["SMS_PROVIDERS"]) - set(SMS_PROVIDERS))
    if unknown or not settings["SMS_PROVIDERS"]:
        yield f"SMS_PROVIDERS must name one or several of {', '.join(SMS_PROVIDERS)}."
    for provider, secret in settings["SMS_HOOK_SECRETS"].items():
        if secret and (weakness := weakness_of(secret, least=24) or trouble_in_path(secret)):
            yield f"{provider.upper()}_HOOK_SECRET {weakness}. Make one: openssl rand -hex 24"
    if not settings["WHATSAPP_PROVIDER"]:
        return
    if settings["WHATSAPP_PROVIDER"] != "cloud":
        yield "WHATSAPP_PROVIDER must be cloud, or empty: off."
    if weakness := weakness_of(settings["WHATSAPP_APP_SECRET"], least=24):
        yield f"WHATSAPP_APP_SECRET {weakness}. Copy it from the app's basic settings at Meta."
    if weakness := weakness_of(settings["WHATSAPP_VERIFY_TOKEN"], least=24):
        yield f"WHATSAPP_VERIFY_TOKEN {weakness}. Make one: openssl rand -hex 24"
    for name in ("WHATSAPP_NUMBER_ID", "WHATSAPP_TOKEN"):
        if not settings[name]:
            yield f"{name} is missing, though WHATSAPP_PROVIDER turns the channel on."


def trouble_in_path(secret: str) -> str:
    """Why a secret cannot be part of an address, as the end of a sentence; empty for a good one."""
    return "" if re.fullmatch(r"[A-Za-z0-9_-]+", secret) else "may hold only Latin letters, digits, - and _"


def is_origin(origin: str, *, secure: bool) -> bool:
    """Whether this is an origin as browsers send it: scheme, host and perhaps a port; https if `secure`."""
    parts = urlsplit(origin)
    schemes = {"https"} if secure else {"https", "http"}
    return parts.scheme in schemes and bool(parts.hostname) and origin == f"{parts.scheme}://{parts.netloc.lower()}"


def weakness_of(secret: str, *, least: int) -> str:
    """Why a secret is none, as the end of a sentence; empty for a good one. `least` is its length in characters."""
    if not secret:
        return "is missing"
    if secret.lower().startswith(KNOWN_SECRETS):
        return "is a known one from the demo or an example"
    if len(secret) < least or len(set(secret)) < 12:
        return f"is too easy to guess: at least {least} random characters are needed"
    return ""


def is_key(key: str) -> bool:
    """Whether this is base64 of 32 bytes, and not the demo's."""
    try:
        raw = base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        return False
    return len(raw) == 32 and not raw.startswith(b"demo")


def trouble_with_address(url: str) -> str:
    """Why an address of the outside world cannot be real, as the end of a sentence; empty for a good one."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "https":
        return "must begin with https://"
    if host in {"", "localhost"} or host.endswith((".localhost", ".invalid", ".test", ".example")):
        return "does not lead to the outside world"
    try:
        is_outside = ip_address(host).is_global
    except ValueError:
        return ""  # a name, not a number
    return "" if is_outside else "does not lead to the outside world"
