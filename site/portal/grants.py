"""How migrations give permissions to the groups of staff."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def grant(apps: Any, role: str, permissions: Iterable[str]) -> None:
    """Gives the group `role`, made if missing, permissions named "app.act_model" or "app.codename@model".

    Works with the historical models of a migration, whose permissions may not have been written yet.
    """
    content_type, permission = apps.get_model("contenttypes", "ContentType"), apps.get_model("auth", "Permission")
    group, _made = apps.get_model("auth", "Group").objects.get_or_create(name=role)
    for name in permissions:
        app, _, code = name.partition(".")
        codename, _, model = code.partition("@")
        model = model or codename.partition("_")[2]
        kind, _made = content_type.objects.get_or_create(app_label=app, model=model)
        row, _made = permission.objects.get_or_create(
            content_type=kind, codename=codename, defaults={"name": f"Can {codename.replace('_', ' ')}"}
        )
        group.permissions.add(row)


def grant_pages(apps: Any, role: str, acts: Iterable[str]) -> None:
    """Gives the group acts ("add_page", "change_page", "publish_page"…) on the whole page tree."""
    root = apps.get_model("wagtailcore", "Page").objects.get(depth=1)
    group = apps.get_model("auth", "Group").objects.get(name=role)
    kind = apps.get_model("contenttypes", "ContentType").objects.get_or_create(app_label="wagtailcore", model="page")[0]
    for act in acts:
        permission = apps.get_model("auth", "Permission").objects.get_or_create(
            content_type=kind, codename=act, defaults={"name": act}
        )[0]
        apps.get_model("wagtailcore", "GroupPagePermission").objects.get_or_create(
            group=group, page=root, permission=permission
        )


def grant_collections(apps: Any, role: str, permissions: Iterable[tuple[str, str, str]]) -> None:
    """Gives the group (app, model, act) on the root collection of images and documents."""
    root = apps.get_model("wagtailcore", "Collection").objects.get(depth=1)
    group = apps.get_model("auth", "Group").objects.get(name=role)
    for app, model, act in permissions:
        kind = apps.get_model("contenttypes", "ContentType").objects.get_or_create(app_label=app, model=model)[0]
        permission = apps.get_model("auth", "Permission").objects.get_or_create(
            content_type=kind, codename=f"{act}_{model}", defaults={"name": f"Can {act} {model}"}
        )[0]
        apps.get_model("wagtailcore", "GroupCollectionPermission").objects.get_or_create(
            group=group, collection=root, permission=permission
        )
