"""The house's signature: Ed25519, the private key from the environment, old public keys kept in the database."""

from __future__ import annotations

import base64
import binascii
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from kernel import verify_record

SEED_BYTES = 32


def sign(message: bytes) -> str:
    """The signature of the message with the current key, base64. Raises ImproperlyConfigured without a key."""
    return base64.b64encode(_private(settings.SIGNING_KEY).sign(message)).decode()


def public_key() -> str:
    """The current public key, base64 of 32 bytes: what a verifier needs."""
    raw = _private(settings.SIGNING_KEY).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return base64.b64encode(raw).decode()


def key_id(public: str | None = None) -> str:
    """The name of a public key (by default the current one): the first 16 hex digits of its SHA-256."""
    return verify_record.key_id(public or public_key())


@lru_cache(maxsize=4)
def _private(encoded: str) -> Ed25519PrivateKey:
    try:
        seed = base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise ImproperlyConfigured("SIGNING_KEY is not base64") from error
    if len(seed) != SEED_BYTES:
        raise ImproperlyConfigured(f"SIGNING_KEY must have {SEED_BYTES} bytes; make one with `manage.py signing_key`")
    return Ed25519PrivateKey.from_private_bytes(seed)
