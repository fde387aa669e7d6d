"""Formatted text on its way out: plain tags only, with links that the reader can follow."""

from __future__ import annotations

from collections.abc import Mapping

from bs4 import BeautifulSoup, Tag

PLAIN = {"p", "b", "strong", "i", "em", "ol", "ul", "li", "code", "br", "a", "sub", "sup"}
DROPPED = ["embed", "script", "style", "iframe", "object"]
SCHEMES = ("https://", "http://", "mailto:", "tel:")
Links = Mapping[tuple[str, int], str]


def links_of(text: str) -> set[tuple[str, int]]:
    """("page" or "document", id) of everything that a text of the editor links to."""
    found = BeautifulSoup(text, "html.parser").find_all("a", linktype=["page", "document"])
    return {(str(a["linktype"]), int(str(a["id"]))) for a in found if str(a.get("id", "")).isdecimal()}


def safe_html(text: str, links: Links) -> str:
    """The text as HTML: what it links to by `links`; a link that leads nowhere for this reader becomes its words."""
    soup = BeautifulSoup(text, "html.parser")
    for tag in soup.find_all(DROPPED):
        tag.decompose()
    for tag in soup.find_all(True):
        href = _href(tag, links) if tag.name == "a" else ""
        tag.attrs.clear()
        if tag.name not in PLAIN or (tag.name == "a" and not href):
            tag.unwrap()
        elif href:
            tag["href"] = href
    return str(soup)


def _href(tag: Tag, links: Links) -> str:
    if "linktype" in tag.attrs:
        number = str(tag.get("id", ""))
        return links.get((str(tag["linktype"]), int(number)), "") if number.isdecimal() else ""
    href = str(tag.get("href", "")).strip()
    return href if href.lower().startswith(SCHEMES) or (href.startswith("/") and not href.startswith("//")) else ""
