"""What each group of staff may see and do with sign-offs and transfers."""

from customer.roles import Role
from django.db import migrations

from portal.grants import grant

CHECKLIST = ["customer.view_checklisttemplate", "customer.add_checklisttemplate", "customer.change_checklisttemplate"]
READ_FORMS = ["customer.view_signoff"]
READ_TRANSFERS = ["customer.view_transfer", "customer.view_ownership"]

GRANTS = {
    Role.ADMINISTRATOR: [
        *READ_FORMS,
        *READ_TRANSFERS,
        *CHECKLIST,
        "customer.prepare_signoff@signoff",
        "customer.decide_transfer@transfer",
    ],
    Role.SUPPORT: [*READ_FORMS, "customer.view_checklisttemplate", "customer.prepare_signoff@signoff"],
    Role.FINANCE: READ_TRANSFERS,
    Role.AUDITOR: [*READ_FORMS, *READ_TRANSFERS, "customer.view_checklisttemplate"],
}


def give(apps, schema_editor):
    for role, permissions in GRANTS.items():
        grant(apps, role, permissions)


class Migration(migrations.Migration):
    dependencies = [
        ("customer", "0005_sign_offs_and_transfers"),
        ("portal", "0002_root_page_in_persian"),
    ]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
