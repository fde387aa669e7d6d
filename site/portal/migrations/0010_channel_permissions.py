"""What each group of staff may see and do with channels and the words of messages."""

from customer.roles import Role
from django.db import migrations

from portal.grants import grant

READ = ["integrations.view_deliveryreport", "integrations.view_smscredit", "integrations.view_messagetemplate"]
WRITE = [
    "integrations.add_messagetemplate",
    "integrations.change_messagetemplate",
    "integrations.delete_messagetemplate",
    "integrations.change_smscredit",
]
GRANTS = {Role.ADMINISTRATOR: [*READ, *WRITE], Role.AUDITOR: READ}


def give(apps, schema_editor):
    for role, permissions in GRANTS.items():
        grant(apps, role, permissions)


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0005_message_templates"),
        ("portal", "0003_paper_permissions"),
    ]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
