"""What comes over the clipboard: texts from a word processor, in the letters and spaces of a Persian keyboard."""

from __future__ import annotations

import re

import nh3

from kernel.persian import letters

# What the editor of formatted words knows; `id`, `linktype` and the key of a paragraph are the editor's own.
ELEMENTS = {"p", "br", "b", "strong", "i", "em", "a", "ol", "ul", "li", "code"}
ATTRIBUTES = {"a": {"href", "id", "linktype"}, "p": {"data-block-key"}, "li": {"data-block-key"}}
SCHEMES = {"http", "https", "mailto", "tel"}
_SPACES = re.compile(r"(?:[ \t\r\n\xa0\u2002-\u200a\u202f\u3000]|&nbsp;)+")
_EMPTY = re.compile(r"<(p|li|b|strong|i|em|code)\b[^>]*>(?:\s|<br\s*/?>)*</\1>")
_TAG = re.compile(r"(<[^>]*>)")
_EDGE = "\ue000"  # stands for what comes before and after a piece, so that a half-space at its edge is kept


def tidy(html: str) -> str:
    """Formatted words without foreign markup, empty paragraphs, unseen characters and double spaces.

    Code keeps its spaces; Persian gets Persian letters; half-spaces stay.
    """
    known = nh3.clean(html, tags=ELEMENTS, attributes=ATTRIBUTES, link_rel=None, url_schemes=SCHEMES)
    pieces, in_code = [], False
    for piece in _TAG.split(known):
        if piece.startswith("<"):
            in_code = piece.startswith("<code") or (in_code and not piece.startswith("</code"))
            pieces.append(piece)
        else:
            pieces.append(piece if in_code else _SPACES.sub(" ", letters(f"{_EDGE}{piece}{_EDGE}")[1:-1]))
    tidied = "".join(pieces)
    while (emptied := _EMPTY.sub("", tidied)) != tidied:
        tidied = emptied
    return tidied.strip()
