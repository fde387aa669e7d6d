"""Keeps the first answer of an idempotency key."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import kernel.fields


class Migration(migrations.Migration):
    dependencies = [("customer", "0003_user_session_epoch")]

    operations = [
        migrations.CreateModel(
            name="IdempotentRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=255)),
                ("request_hash", models.CharField(max_length=64)),
                ("status_code", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("body", kernel.fields.EncryptedTextField(blank=True)),
                ("created_at", models.DateTimeField()),
                ("lease_until", models.DateTimeField()),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["created_at"], name="idempotency_by_age")],
                "constraints": [
                    models.UniqueConstraint(fields=("user", "key"), name="idempotency_key_once_per_user")
                ],
            },
        ),
    ]
