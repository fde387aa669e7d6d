"""Videos of other sites: only from the hosts in `VIDEO_EMBEDS`, and by their address alone, without asking anybody."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,64}")


def embed_address(url: str) -> str:
    """Where the player of a video stands: `https://www.aparat.com/v/abc12` → its frame; "" if its host is not allowed.

    `VIDEO_EMBEDS` maps a host to the address of its player, with `{id}` for the last part of the video's own address.
    """
    parts = urlsplit(url)
    pattern = settings.VIDEO_EMBEDS.get((parts.hostname or "").removeprefix("www."), "")
    identifier = parts.path.rstrip("/").rpartition("/")[2]
    if parts.scheme not in {"http", "https"} or not pattern or not IDENTIFIER.fullmatch(identifier):
        return ""
    return str(pattern).replace("{id}", identifier)


def check_source(media: Any, url: str) -> str:
    """What is wrong with the source of a video, in words for the editor; "" if nothing is."""
    if bool(media) == bool(url):
        return _("Choose a video file or write an address: one of the two, not both.")
    if url and not embed_address(url):
        return _("Videos may come from these sites only: %(hosts)s. Write the address of the video's own page.") % {
            "hosts": "، ".join(settings.VIDEO_EMBEDS)
        }
    return ""
