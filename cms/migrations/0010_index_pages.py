"""The knowledge base, the tutorials and the notices get their places under the home page of a new installation."""

from django.db import migrations
from django.utils import timezone

STEP = 4  # treebeard's: four characters of 0-9A-Z for each level
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
INDEXES = [
    ("KnowledgeIndexPage", "knowledge", "پایگاه دانش"),
    ("TutorialIndexPage", "tutorials", "آموزش‌ها"),
    ("NoticeIndexPage", "notices", "اطلاعیه‌ها"),
]


def numbered(number):
    """`1` → `0001`, in treebeard's digits."""
    digits = ""
    while number:
        number, rest = divmod(number, len(ALPHABET))
        digits = ALPHABET[rest] + digits
    return digits.rjust(STEP, "0")


def make_index_pages(apps, schema_editor):
    ContentType = apps.get_model("contenttypes", "ContentType")
    Page = apps.get_model("wagtailcore", "Page")
    home = apps.get_model("cms", "HomePage").objects.filter(sites_rooted_here__is_default_site=True).first()
    if home is None:
        return
    now = timezone.now()
    for model, slug, title in INDEXES:
        kind = apps.get_model("cms", model)
        children = Page.objects.filter(path__startswith=home.path, depth=home.depth + 1)
        if kind.objects.exists() or children.filter(slug=slug).exists():
            continue
        last = children.order_by("-path").values_list("path", flat=True).first()
        number = int(last[-STEP:], 36) + 1 if last else 1
        own, _ = ContentType.objects.get_or_create(app_label="cms", model=model.lower())
        kind.objects.create(
            path=home.path + numbered(number),
            depth=home.depth + 1,
            numchild=0,
            title=title,
            draft_title=title,
            slug=slug,
            url_path=f"{home.url_path}{slug}/",
            content_type_id=own.pk,
            locale_id=home.locale_id,
            live=True,
            has_unpublished_changes=False,
            first_published_at=now,
            last_published_at=now,
        )
        Page.objects.filter(pk=home.pk).update(numchild=children.count())


def remove_index_pages(apps, schema_editor):
    """Takes away the pages under which nothing has been written."""
    Page = apps.get_model("wagtailcore", "Page")
    for model, slug, _title in INDEXES:
        for index in apps.get_model("cms", model).objects.filter(slug=slug, numchild=0):
            parent = Page.objects.filter(path=index.path[:-STEP])
            index.delete()
            children = Page.objects.filter(path__startswith=index.path[:-STEP], depth=index.depth)
            parent.update(numchild=children.count())


class Migration(migrations.Migration):
    dependencies = [("cms", "0003_content_pages")]

    operations = [migrations.RunPython(make_index_pages, remove_index_pages)]
