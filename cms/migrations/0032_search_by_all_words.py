"""On PostgreSQL: what a search asks for, ready: all words of an entry together, and the page to which it belongs.

Wagtail has an index for the words of the title and one for those of the body, but looks for words in both at once; and
it joins pages by their number written as text.
"""

from django.db import migrations

from kernel.vendor_sql import VendorSQL


class Migration(migrations.Migration):
    dependencies = [("cms", "0031_broken_links"), ("wagtailsearch", "0010_add_text_fields")]

    operations = [
        VendorSQL(
            "postgresql",
            "CREATE INDEX cms_indexentry_words ON wagtailsearch_indexentry USING gin ((title || body))",
            "DROP INDEX cms_indexentry_words",
        ),
        VendorSQL(
            "postgresql",
            "CREATE INDEX cms_contentpage_as_object ON cms_contentpage ((page_ptr_id::varchar(50)))",
            "DROP INDEX cms_contentpage_as_object",
        ),
    ]
