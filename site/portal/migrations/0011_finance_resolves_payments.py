"""Finance may release or close payments under review."""

from customer.roles import Role
from django.db import migrations

from portal.grants import grant


def give(apps, schema_editor):
    grant(apps, Role.FINANCE, ["commerce.resolve_mismatch@payment"])


class Migration(migrations.Migration):
    dependencies = [
        ("commerce", "0010_payments_under_review_are_resolved"),
        ("portal", "0010_channel_permissions"),
    ]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
