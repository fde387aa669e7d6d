"""Who keeps the words of search, and decides about what was looked for in vain."""

from customer.roles import Role
from django.db import migrations

from portal.grants import grant

WORDS = [
    f"cms.{act}_{model}"
    for act in ("view", "add", "change", "delete")
    for model in ("searchsynonyms", "searchstopwords")
]
MISSES = ["cms.view_searchmiss", "cms.change_searchmiss"]


def give(apps, schema_editor):
    for role in (Role.ADMINISTRATOR, Role.EDITOR):
        grant(apps, role, [*WORDS, *MISSES])


class Migration(migrations.Migration):
    dependencies = [("cms", "0025_search_index"), ("portal", "0013_content_permissions")]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
