"""The groups of staff and what each may do."""

from customer.roles import Role
from django.db import migrations

from portal.grants import grant, grant_collections, grant_pages


def every(act_list, *models):
    return [f"{model.split('.')[0]}.{act}_{model.split('.')[1]}" for model in models for act in act_list.split()]


PEOPLE = ["customer.buyer", "customer.device"]
CATALOGUE = ["customer.brand", "customer.devicetype", "customer.devicemodel"]
PRICES = ["commerce.serviceplan", "commerce.vatrate"]
READ = [
    *PEOPLE,
    *CATALOGUE,
    *PRICES,
    "customer.serviceperiod",
    "customer.servicechoice",
    "customer.correctionrequest",
    "customer.trace",
    "commerce.order",
    "commerce.payment",
    "commerce.ledgerentry",
    "integrations.outboxmessage",
]
ENTER = ["wagtailadmin.access_admin@admin"]

GRANTS = {
    Role.ADMINISTRATOR: [
        *ENTER,
        *every("view", *READ),
        *every("add change", *PEOPLE),
        *every("add change delete", *CATALOGUE, *PRICES),
        *every("add change view", "customer.user"),
        "customer.see_national_code@buyer",
        "customer.reset_password@buyer",
        "customer.decide_correction@correctionrequest",
        "customer.activate_legacy@serviceperiod",
        "integrations.send_again@outboxmessage",
        "cms.change_portalsettings",
    ],
    Role.SUPPORT: [
        *ENTER,
        *every("view", *PEOPLE, *CATALOGUE, "customer.serviceperiod", "customer.servicechoice"),
    ],
    Role.FINANCE: [
        *ENTER,
        *every("view", *PEOPLE, *PRICES, "customer.serviceperiod", "customer.servicechoice"),
        *every("view", "commerce.order", "commerce.payment", "commerce.ledgerentry"),
        *every("add change", *PRICES),
        "commerce.ask_bank@payment",
    ],
    Role.EDITOR: [*ENTER, *every("view", *CATALOGUE)],
    Role.AUDITOR: [*ENTER, *every("view", *READ)],
}
FILES = [(app, model, act) for app, model in (("wagtailimages", "image"), ("wagtaildocs", "document")) for act in ("add", "change", "choose")]


def make_groups(apps, schema_editor):
    # Wagtail's own two groups would only stand beside ours, in English.
    apps.get_model("auth", "Group").objects.filter(name__in=["Moderators", "Editors"]).delete()
    for role, permissions in GRANTS.items():
        grant(apps, role, permissions)
    for role in (Role.ADMINISTRATOR, Role.EDITOR):
        grant_pages(apps, role, ["add_page", "change_page", "publish_page"])
        grant_collections(apps, role, FILES)


def remove_groups(apps, schema_editor):
    apps.get_model("auth", "Group").objects.filter(name__in=list(Role)).delete()


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("cms", "0001_initial"),
        ("commerce", "0001_initial"),
        ("customer", "0002_periods_never_overlap"),
        ("integrations", "0001_initial"),
        ("wagtailadmin", "0001_create_admin_access_permissions"),
        ("wagtailcore", "0096_referenceindex_referenceindex_source_object_and_more"),
        ("wagtailimages", "0027_image_description"),
        ("wagtaildocs", "0014_alter_document_file_size"),
    ]

    operations = [migrations.RunPython(make_groups, remove_groups)]
