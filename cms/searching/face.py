"""What the rest of the house asks of search."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db.models import F, Q, QuerySet
from django.utils.functional import Promise
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from cms.models import ArticlePage, ContentPage, NoticePage, TutorialPage
from cms.searching.candidates import MOST, Candidate, ranked
from cms.searching.understanding import LONGEST_QUERY, Understanding, understand
from customer.models import Device
from kernel.found import Asked, Group, Hit
from kernel.persian import clean
from kernel.persian_search import excerpt, marked, tokens


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of page: its group in the results."""

    name: str
    label: str | Promise
    icon: str
    model: type[ContentPage]


KINDS = [
    Kind("articles", _("Articles"), "book", ArticlePage),
    Kind("tutorials", _("Tutorials"), "video", TutorialPage),
    Kind("notices", _("Notices"), "bell", NoticePage),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The answer to a search. `suggestion`: the query as it was understood, if something in it was misspelled."""

    text: str
    groups: Sequence[Group]
    suggestion: str = ""

    @property
    def count(self) -> int:
        return sum(group.count for group in self.groups)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A page that may answer a question before it is asked."""

    pk: int
    title: str
    url: str
    summary: str


def search(
    user: Any,
    text: str,
    *,
    kinds: Collection[str] | None = None,
    device_type: str = "",
    limit: int = 5,
    typing: bool = False,
) -> Found:
    """What this person may see of what matches, in groups; empty groups are left out.

    At most ten queries, however much there is. `kinds`: only these groups (`articles`, `devices`…); `device_type`: a
    slug, for pages about devices of this type; `typing`: the last word may be incomplete.
    """
    text = clean(text[:LONGEST_QUERY])
    asked = understand(text, typing=typing)
    wanted = [kind for kind in KINDS if kinds is None or kind.name in kinds]
    pages = ranked(pages_about(device_type), user, asked) if wanted else []
    groups, titles = _content_groups(pages, wanted, asked, limit)
    forms = asked.forms | {token.word for token in tokens(text)}
    request = Asked(text=text, forms=forms, limit=limit)
    for path in settings.SEARCH_SOURCES if text else ():
        name = path.rpartition(".")[2]
        if kinds is None or name in kinds:
            groups.append(import_string(path)(user, request))
    return Found(text=text, groups=[group for group in groups if group.count], suggestion=_meant(text, asked, titles))


def search_content(pages: QuerySet[ContentPage], user: Any, text: str) -> list[int]:
    """The numbers of those of `pages` that match and that this person may read, best first; 300 at most."""
    return [page.pk for page in ranked(pages, user, understand(clean(text[:LONGEST_QUERY])))]


def suggest(user: Any, text: str, device: Device | None = None, *, limit: int = 3) -> list[Suggestion]:
    """Articles and tutorials that may answer what somebody is about to ask; those about this device first."""
    types = {kind.id for kind in _content_types([ArticlePage, TutorialPage]).values()}
    found = ranked(ContentPage.objects.all(), user, understand(clean(text[:LONGEST_QUERY])))
    pages = [page for page in found if page.content_type_id in types]
    if device is not None:
        fitting = set(_about(device, [page.pk for page in pages]))
        pages.sort(key=lambda page: page.pk not in fitting)
    rows = _rows([page.pk for page in pages[:limit]])
    return [
        Suggestion(pk=pk, title=rows[pk].title, url=rows[pk].url or "", summary=rows[pk].summary)
        for page in pages[:limit]
        if (pk := page.pk) in rows
    ]


def pages_about(device_type: str) -> QuerySet[ContentPage]:
    """Content for owners of this type or of a model of it; all of it without a type."""
    pages: QuerySet[ContentPage] = ContentPage.objects.all()
    if not device_type:
        return pages
    return pages.filter(Q(device_types__slug=device_type) | Q(device_models__device_type__slug=device_type))


def _about(device: Device, pages: Iterable[int]) -> QuerySet[Any, int]:
    fits = Q(device_models=device.model_id) | Q(device_types__models=device.model_id)
    found: QuerySet[Any, int] = ContentPage.objects.filter(fits, pk__in=pages).values_list("pk", flat=True)
    return found


def _content_types(models: Iterable[type[ContentPage]]) -> dict[type[ContentPage], ContentType]:
    return {model: ContentType.objects.get_for_model(model) for model in models}


def _content_groups(
    pages: Sequence[Candidate], wanted: Sequence[Kind], asked: Understanding, limit: int
) -> tuple[list[Group], list[str]]:
    """The groups of pages, and the texts of what is shown."""
    types = _content_types(kind.model for kind in wanted)
    by_kind = {
        kind.name: [page.pk for page in pages if page.content_type_id == types[kind.model].pk] for kind in wanted
    }
    rows = _rows([pk for pks in by_kind.values() for pk in pks[:limit]])
    groups = []
    for kind in wanted:
        pks = by_kind[kind.name]
        hits = [_hit(rows[pk], asked.forms) for pk in pks[:limit] if pk in rows]
        group = Group(name=kind.name, label=kind.label, icon=kind.icon, count=len(pks), hits=hits)
        groups.append(replace(group, is_more=len(pages) >= MOST, is_read_here=True))
    return groups, [text for page in rows.values() for text in (page.title, page.summary, page.plain_text)]


def _rows(pks: Sequence[int]) -> dict[int, Any]:
    if not pks:
        return {}
    found = ContentPage.objects.filter(pk__in=pks).defer("body").annotate(plain_text=F("search_document__text"))
    return {page.pk: page for page in found}


def _hit(page: Any, forms: frozenset[str]) -> Hit:
    """A page with what was found marked: in its summary, or in its text where the summary says nothing of it."""
    spoken = any(not forms.isdisjoint(token.forms) for token in tokens(page.summary))
    shown = marked(page.summary, forms) if spoken or not page.plain_text else excerpt(page.plain_text, forms)
    return Hit(pk=page.pk, title=page.title, url=page.url or "", heading=marked(page.title, forms), excerpt=shown)


def _meant(text: str, asked: Understanding, shown: Iterable[str]) -> str:
    """The query with its misspelled words as the results spell them; empty if none was, or if no result shows one.

    Only words of what this person is shown are suggested: what others may read stays unsaid.
    """
    corrections = {term.text: term.correction for term in asked.terms if term.correction}
    if not corrections:
        return ""
    spellings: dict[str, str] = {}
    for line in shown:
        for token in tokens(line):
            for form in token.forms:
                spellings.setdefault(form, line[token.start : token.end])
    out, place, changed = [], 0, False
    for token in tokens(text):
        correction = spellings.get(corrections.get(token.word, ""))
        if correction:
            out += [text[place : token.start], correction]
            place, changed = token.end, True
    return "".join([*out, text[place:]]) if changed else ""
