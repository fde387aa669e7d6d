"""Who writes, approves, sends and reads notices."""

from customer.roles import Role
from django.db import migrations

from portal.grants import grant

READ = ["cms.view_campaign", "cms.view_campaigndelivery", "cms.view_dossier"]
CALL = ["cms.view_calltask", "cms.change_calltask"]
WRITE = ["cms.add_campaign", "cms.change_campaign"]

GRANTS = {
    Role.ADMINISTRATOR: [
        *READ,
        *CALL,
        *WRITE,
        "cms.approve_campaign@campaign",
        "cms.send_campaign@campaign",
    ],
    Role.EDITOR: ["cms.view_campaign", "cms.view_campaigndelivery", *WRITE],
    Role.SUPPORT: CALL,
    Role.AUDITOR: [*READ, "cms.view_calltask"],
}


def give(apps, schema_editor):
    for role, permissions in GRANTS.items():
        grant(apps, role, permissions)


def take(apps, schema_editor):
    permission = apps.get_model("auth", "Permission")
    for role, permissions in GRANTS.items():
        group = apps.get_model("auth", "Group").objects.filter(name=role).first()
        codes = [name.partition(".")[2].partition("@")[0] for name in permissions]
        if group is not None:
            group.permissions.remove(*permission.objects.filter(content_type__app_label="cms", codename__in=codes))


class Migration(migrations.Migration):
    dependencies = [
        ("cms", "0030_campaigns"),
        ("portal", "0014_search_permissions"),
    ]

    operations = [migrations.RunPython(give, take)]
