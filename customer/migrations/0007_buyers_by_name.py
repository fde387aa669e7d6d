"""The list of buyers, by name, reads its page from an index and sorts no longer all of them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("customer", "0006_first_checklist_and_owners")]

    operations = [
        migrations.AddIndex(
            model_name="buyer",
            index=models.Index(fields=["last_name", "first_name", "id"], name="buyer_by_name"),
        ),
    ]
