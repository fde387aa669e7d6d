"""Who may read what an editor has put in: pages of every kind, and the files that pages show.

A file belongs to the pages that refer to it in their published text (Wagtail's reference index knows them, blocks and
rows of a page included). Who may read one of those pages may have the file; a file that no such page shows is the
editors' own. The logo is everybody's.
"""

from __future__ import annotations

from typing import Any, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.contrib.contenttypes.models import ContentType
from django.db.models import CharField, Exists, IntegerField, Model, OuterRef, Q, QuerySet
from django.db.models.functions import Cast
from wagtail.images import get_image_model
from wagtail.models import Page, ReferenceIndex, get_page_models

from cms.models import ContentPage, PortalSettings
from cms.models.content import is_staff, published
from cms.models.restriction import in_private_collection, in_private_section

Row = TypeVar("Row", bound=Model)
VISITOR = AnonymousUser()


def pages_for(user: Any) -> QuerySet[Page]:
    """Published pages of every kind that this person may read: content by its audience, the public face everybody,
    indexes and sections whoever has signed in."""
    live = Page.objects.filter(published())
    if is_staff(user):
        return live
    content = Exists(ContentPage.objects.visible_to(user).filter(pk=OuterRef("pk")))
    if user.is_authenticated:
        other = ~Q(content_type__in=_kinds(lambda kind: issubclass(kind, ContentPage)))
    else:
        other = Q(content_type__in=_kinds(lambda kind: getattr(kind, "is_public", False)))
    return live.filter(Q(content) | other).exclude(in_private_section(user))


def pages_of(kind: type[Page], user: Any) -> QuerySet[Any]:
    """Published pages of one kind, which is not content, that this person may read: what `pages_for` says of them."""
    pages: QuerySet[Any] = kind._default_manager.filter(published())
    if is_staff(user):
        return pages
    if not user.is_authenticated and not getattr(kind, "is_public", False):
        return pages.none()
    return pages.exclude(in_private_section(user))


def may_read_page(user: Any, page: Page) -> bool:
    """Whether this person may read the page as it is published."""
    return pages_for(user).filter(pk=page.pk).exists()


def readable(rows: QuerySet[Row], user: Any, *, of: type[Model] | None = None, by: str = "pk") -> QuerySet[Row]:
    """Of images, documents or media (or of rows that point `by` a key to such files, `of` that model): those that
    this person may have. Adds no query of its own, but for the rights of staff."""
    return rows if is_staff(user) else rows.filter(shown_to(user, of or rows.model, by))


def may_read(user: Any, file: Model) -> bool:
    """Whether this person may have an image, a document or a media file."""
    return readable(type(file)._default_manager.filter(pk=file.pk), user).exists()


def shown_to(user: Any, kind: type[Model], by: str = "pk") -> Q:
    """Files of a kind that some page shows which this person may read."""
    pages = Exists(pages_for(user).filter(pk__in=_referring(kind, by)))
    shown = Q(pages) & ~Q(in_private_collection(user, "" if by == "pk" else f"{by.removesuffix('_id')}__"))
    if issubclass(kind, get_image_model()):
        shown |= logo(by)
    return shown


def logo(by: str = "pk") -> Q:
    """The picture that is the company's logo."""
    return Q(**{f"{by}__in": PortalSettings.objects.filter(logo__isnull=False).values("logo")})


def _referring(kind: type[Model], by: str) -> QuerySet[ReferenceIndex, int]:
    """The ids of pages that refer to a file; two queries further out stands the file."""
    of_types = {
        "base_content_type": ContentType.objects.get_for_model(Page),
        "to_content_type": ContentType.objects.get_for_model(kind),
    }
    found = ReferenceIndex.objects.filter(**of_types, to_object_id=Cast(OuterRef(OuterRef(by)), CharField()))
    return found.values_list(Cast("object_id", IntegerField()))


def _kinds(fits: Any) -> list[ContentType]:
    return [ContentType.objects.get_for_model(kind) for kind in get_page_models() if fits(kind)]
