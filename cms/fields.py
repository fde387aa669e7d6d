"""A StreamField whose blocks may change without a migration."""

from __future__ import annotations

from typing import Any

from wagtail.fields import StreamField


class ContentField(StreamField):
    """Typed blocks as JSON. Migrations do not learn the blocks: a new kind of block changes no table."""

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        """What a migration writes down: the column, without its blocks."""
        name, path, _args, kwargs = super().deconstruct()
        kwargs.pop("block_lookup", None)
        return name, path, [[]], kwargs
