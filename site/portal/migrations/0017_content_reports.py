"""Who is told which pages grew old, did not help, or point nowhere: who writes them, and who reads everything."""

from customer.roles import Role
from django.db import migrations

from portal.grants import grant

REPORTS = ["cms.view_contentpage", "cms.view_articlevote", "cms.view_brokenlink"]
READERS = (Role.ADMINISTRATOR, Role.EDITOR, Role.AUDITOR)


def give(apps, schema_editor):
    for role in READERS:
        grant(apps, role, REPORTS)


def take(apps, schema_editor):
    codes = [name.partition(".")[2] for name in REPORTS]
    found = apps.get_model("auth", "Permission").objects.filter(content_type__app_label="cms", codename__in=codes)
    for group in apps.get_model("auth", "Group").objects.filter(name__in=READERS):
        group.permissions.remove(*found)


class Migration(migrations.Migration):
    dependencies = [
        ("cms", "0031_broken_links"),
        ("portal", "0016_review_of_pages"),
    ]

    operations = [migrations.RunPython(give, take)]
