"""The root of the page tree is called in Persian: editors see it above the home page."""

from django.db import migrations


def rename(apps, before, after):
    roots = apps.get_model("wagtailcore", "Page").objects.filter(depth=1, title=before)
    roots.update(title=after, draft_title=after)


def to_persian(apps, schema_editor):
    rename(apps, "Root", "همهٔ صفحه‌ها")


def to_english(apps, schema_editor):
    rename(apps, "همهٔ صفحه‌ها", "Root")


class Migration(migrations.Migration):
    dependencies = [("portal", "0001_staff_groups")]

    operations = [migrations.RunPython(to_persian, to_english)]
