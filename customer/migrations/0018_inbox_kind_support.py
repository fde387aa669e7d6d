"""Messages of the support desk in the buyer's inbox."""

from django.db import migrations, models

KINDS = [
    ("service", "service"),
    ("payment", "payment"),
    ("account", "account"),
    ("software_update", "software update"),
    ("terms_change", "change in the terms of service"),
    ("legal", "legal or official announcement"),
    ("general", "general"),
    ("support", "support"),
]


class Migration(migrations.Migration):
    dependencies = [("customer", "0017_inbox_without_a_spare_index")]

    operations = [
        migrations.AlterField(
            model_name="inboxitem",
            name="kind",
            field=models.CharField(choices=KINDS, max_length=20, verbose_name="kind"),
        ),
    ]
