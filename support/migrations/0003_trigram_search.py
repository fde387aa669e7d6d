"""PostgreSQL finds words in the folded texts by an index of their trigrams."""

from django.db import migrations
from kernel.vendor_sql import VendorSQL


def trigrams(column):
    name = f"ticket_{column}_trigrams"
    return VendorSQL(
        "postgresql",
        f"CREATE INDEX {name} ON support_ticket USING gin ({column} gin_trgm_ops)",
        f"DROP INDEX IF EXISTS {name}",
    )


class Migration(migrations.Migration):
    dependencies = [("support", "0002_first_hours_and_levels")]

    operations = [
        VendorSQL("postgresql", "CREATE EXTENSION IF NOT EXISTS pg_trgm", ""),
        trigrams("search_text"),
        trigrams("staff_text"),
    ]
