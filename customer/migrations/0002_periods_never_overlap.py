"""PostgreSQL itself refuses two periods of one device that share a day."""

from django.db import migrations
from kernel.vendor_sql import VendorSQL


class Migration(migrations.Migration):
    dependencies = [("customer", "0001_initial")]

    operations = [
        VendorSQL("postgresql", "CREATE EXTENSION IF NOT EXISTS btree_gist", ""),
        VendorSQL(
            "postgresql",
            "ALTER TABLE customer_serviceperiod ADD CONSTRAINT period_never_overlaps "
            "EXCLUDE USING gist (device_id WITH =, daterange(starts_on, ends_on, '[]') WITH &&)",
            "ALTER TABLE customer_serviceperiod DROP CONSTRAINT period_never_overlaps",
        ),
    ]
