"""On PostgreSQL: the words nearest to a misspelled one, by their trigrams."""

from django.db import migrations

from kernel.vendor_sql import VendorSQL


class Migration(migrations.Migration):
    dependencies = [("cms", "0025_search_index")]

    operations = [
        # A trusted extension: the owner of the database may create it. Others may use it, so it stays on the way back.
        VendorSQL("postgresql", "CREATE EXTENSION IF NOT EXISTS pg_trgm", ""),
        VendorSQL(
            "postgresql",
            "CREATE INDEX cms_searchword_nearest ON cms_searchword USING gist (word gist_trgm_ops)",
            "DROP INDEX cms_searchword_nearest",
        ),
    ]
