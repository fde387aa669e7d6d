"""Encryption of single fields (AES-256-GCM) and the blind index by which they can still be found.

`settings.FIELD_KEYS` maps key ids to base64 keys of 32 bytes; `FIELD_KEY_CURRENT` names the one that encrypts, all of
them decrypt, so that a key is rotated by adding one. `BLIND_INDEX_KEY` is another secret and never rotates by itself.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

_NONCE_BYTES = 12
_KEY_BYTES = 32


class VaultError(Exception):
    """A stored text that cannot be opened: unknown key, or not what was stored. Never names the content."""


def encrypt(text: str) -> str:
    """The text sealed with the current key: `keyid:base64(nonce + ciphertext)`, another one each time."""
    key_id = settings.FIELD_KEY_CURRENT
    nonce = os.urandom(_NONCE_BYTES)
    sealed = _cipher(key_id).encrypt(nonce, text.encode(), key_id.encode())
    return f"{key_id}:{base64.b64encode(nonce + sealed).decode()}"


def decrypt(token: str) -> str:
    """The text in a token of `encrypt`; raises `VaultError` if the key is gone or a single bit is not as it was."""
    key_id, separator, body = token.partition(":")
    if not separator:
        raise VaultError("not a sealed text")
    cipher = _cipher(key_id)
    try:
        raw = base64.b64decode(body, validate=True)
        return cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], key_id.encode()).decode()
    except (binascii.Error, InvalidTag, ValueError) as error:
        raise VaultError(f"a text sealed with key {key_id!r} does not open") from error


def is_current(token: str) -> bool:
    """Whether a token was sealed with the current key; the others are due for rotation."""
    return token.partition(":")[0] == settings.FIELD_KEY_CURRENT


def rotate(token: str) -> str:
    """The token sealed with the current key; the same token if it is already."""
    return token if is_current(token) else encrypt(decrypt(token))


def blind_index(text: str) -> str:
    """A keyed fingerprint (64 hex digits) for uniqueness and exact search. Normalise the text first."""
    return hmac.new(settings.BLIND_INDEX_KEY.encode(), text.encode(), hashlib.sha256).hexdigest()


def _cipher(key_id: str) -> AESGCM:
    encoded = settings.FIELD_KEYS.get(key_id)
    if encoded is None:
        raise VaultError(f"no key {key_id!r}")
    return _cipher_of(encoded)


@lru_cache(maxsize=8)
def _cipher_of(encoded: str) -> AESGCM:
    try:
        key = base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise ImproperlyConfigured("FIELD_KEYS: a key is not base64") from error
    if len(key) != _KEY_BYTES:
        raise ImproperlyConfigured(f"FIELD_KEYS: a key must have {_KEY_BYTES} bytes")
    return AESGCM(key)
