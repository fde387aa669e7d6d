"""The page editor as a browser sends it, and what a person sees of an admin page."""

from __future__ import annotations

from bs4 import BeautifulSoup
from django.test import Client
from wagtail.models import Page

UNSEEN = ("script", "style", "noscript", "svg", "iframe")
SPOKEN = ("title", "aria-label", "placeholder", "alt", "data-w-tooltip-content-value", "data-w-progress-active-value")


def soup(html: str) -> BeautifulSoup:
    """The page with what its scripts will unpack."""
    return BeautifulSoup(html.replace("<template", "<div").replace("</template>", "</div>"), "lxml")


def visible_text(html: str) -> str:
    """All words that a person may come to see or hear, also those of dialogs that are still closed."""
    page = soup(html)
    for tag in page.find_all(UNSEEN):
        tag.decompose()
    words = list(page.stripped_strings)
    for tag in page.find_all(True):
        words += [tag[name] for name in SPOKEN if tag.get(name)]
        if tag.name == "input" and tag.get("type") in {"submit", "button"}:
            words.append(tag.get("value", ""))
    return "\n".join(words)


def form_of(html: str, selector: str = "form[data-edit-form]") -> dict[str, list[str]]:
    """What the form would send unchanged. Blocks are drawn by a script: a body is sent empty unless it is given."""
    page = soup(html)
    form = page.select_one(selector)
    sent: dict[str, list[str]] = {}
    for field in form.find_all(["input", "textarea", "select"]):
        name, kind = field.get("name"), field.get("type")
        if not name or kind in {"submit", "button", "file"} or "__prefix__" in name:
            continue
        if kind in {"checkbox", "radio"} and not field.has_attr("checked"):
            continue
        if field.name == "select":
            values = [option.get("value", "") for option in field.find_all("option") if option.has_attr("selected")]
        else:
            unsaid = "on" if kind == "checkbox" else ""
            values = [field.text if field.name == "textarea" else field.get("value", unsaid)]
        sent.setdefault(name, []).extend(values)
    sent.setdefault("body-count", ["0"])
    return sent


def save(client: Client, page: Page, changes: dict, *, follow: bool = False):
    """Opens the editor, changes some fields, and sends the form."""
    address = f"/admin/pages/{page.pk}/edit/"
    sent = form_of(client.get(address).content.decode())
    response = client.post(address, sent | changes, follow=follow)
    if response.status_code == 200 and not follow:
        form = response.context["form"]
        raise AssertionError(f"not saved: {form.errors.as_json()}")
    return response
