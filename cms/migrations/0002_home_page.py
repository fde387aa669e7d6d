"""Wagtail's welcome page becomes our home page, so that a new installation has a face at once."""

from django.db import migrations

TITLE = "خانه"
WELCOME = "Welcome to your new Wagtail site!"


def welcome_page(apps, content_type):
    """The root page of the default site, while it is still the bare page that Wagtail made and nobody used."""
    Page = apps.get_model("wagtailcore", "Page")
    return Page.objects.filter(
        sites_rooted_here__is_default_site=True, depth=2, numchild=0, content_type=content_type
    ).first()


def make_home_page(apps, schema_editor):
    ContentType = apps.get_model("contenttypes", "ContentType")
    HomePage = apps.get_model("cms", "HomePage")
    bare, _ = ContentType.objects.get_or_create(app_label="wagtailcore", model="page")
    page = welcome_page(apps, bare)
    if page is None or HomePage.objects.exists():
        return
    own, _ = ContentType.objects.get_or_create(app_label="cms", model="homepage")
    home = HomePage(page_ptr_id=page.pk)
    home.__dict__.update({name: value for name, value in page.__dict__.items() if not name.startswith("_")})
    home.title = home.draft_title = TITLE
    home.content_type_id = own.pk
    home.save()


def bring_welcome_page_back(apps, schema_editor):
    ContentType = apps.get_model("contenttypes", "ContentType")
    Page = apps.get_model("wagtailcore", "Page")
    HomePage = apps.get_model("cms", "HomePage")
    bare, _ = ContentType.objects.get_or_create(app_label="wagtailcore", model="page")
    for home in HomePage.objects.filter(sites_rooted_here__is_default_site=True):
        page = Page.objects.filter(pk=home.pk)
        home.delete(keep_parents=True)
        page.update(title=WELCOME, draft_title=WELCOME, content_type_id=bare.pk)


class Migration(migrations.Migration):
    dependencies = [("cms", "0001_initial"), ("contenttypes", "0002_remove_content_type_name")]

    operations = [migrations.RunPython(make_home_page, bring_welcome_page_back)]
