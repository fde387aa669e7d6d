from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("commerce", "0002_payment_newest")]

    operations = [
        migrations.AlterModelOptions(
            name="payment",
            options={
                "ordering": ["-created_at", "-pk"],
                "permissions": [
                    ("ask_bank", "Can ask the bank about a payment again"),
                    ("resolve_mismatch", "Can release or close a payment under review"),
                ],
                "verbose_name": "payment",
                "verbose_name_plural": "payments",
            },
        ),
        migrations.AddField(
            model_name="payment",
            name="settled_rial",
            field=models.BigIntegerField(
                blank=True,
                help_text="Only where finance released a payment over another amount than was asked for.",
                null=True,
                verbose_name="amount that the bank took, rial",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("settled_rial__isnull", True), models.Q(("settled_rial__gt", 0), ("status", "paid")), _connector="OR"
                ),
                name="payment_settled_is_paid",
            ),
        ),
    ]
