"""Where papers and photos lie: never under an address of their own, only behind an access check."""

from __future__ import annotations

from django.core.files.storage import Storage, storages


def private_storage() -> Storage:
    """The storage named "private" in settings."""
    return storages["private"]
