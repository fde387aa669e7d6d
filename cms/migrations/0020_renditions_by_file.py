"""An index for asking by the name of a picture's file, as its address does; Wagtail's own table has none."""

from django.db import migrations

TABLE, NAME = "wagtailimages_rendition", "cms_rendition_by_file"


class Migration(migrations.Migration):
    dependencies = [("cms", "0011_reading"), ("wagtailimages", "0027_image_description")]

    operations = [
        migrations.RunSQL(
            f"CREATE INDEX IF NOT EXISTS {NAME} ON {TABLE} (file)", f"DROP INDEX IF EXISTS {NAME}", elidable=False
        )
    ]
