"""Editors and administrators also handle videos and topics; whoever reads everything reads topics."""

from customer.roles import Role
from django.db import migrations

from portal.grants import grant, grant_collections

TOPICS = ["cms.view_topic", "cms.add_topic", "cms.change_topic", "cms.delete_topic"]
VIDEOS = [("wagtailmedia", "media", act) for act in ("add", "change")]
EDITING = (Role.ADMINISTRATOR, Role.EDITOR)


def give(apps, schema_editor):
    for role in EDITING:
        grant(apps, role, TOPICS)
        grant_collections(apps, role, VIDEOS)
    grant(apps, Role.AUDITOR, ["cms.view_topic"])


class Migration(migrations.Migration):
    dependencies = [
        ("cms", "0011_reading"),
        ("portal", "0011_finance_resolves_payments"),
        ("wagtailmedia", "0005_alter_media_options"),
    ]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
