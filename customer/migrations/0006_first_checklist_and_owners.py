"""The head of the chain, the customer's own checklist, and the present owners of the devices already here."""

from django.db import migrations

STATEMENT = (
    "اینجانب، خریدار دستگاه یادشده در این فرم، گواهی می‌کنم که نصب و راه‌اندازی دستگاه در محل من انجام شده است و "
    "موارد زیر را خود دیده و پذیرفته‌ام. می‌دانم که با تأیید این فرم دورهٔ خدمات دستگاه آغاز می‌شود و این فرم پس از تأیید "
    "قابل ویرایش نیست."
)
ITEMS = [
    ("device_installed", "نصب کامل دستگاه"),
    ("connections_installed", "نصب درایور / کمپرسور / اتصالات"),
    ("training_done", "انجام آموزش اولیه"),
]


def fill(apps, schema_editor):
    apps.get_model("customer", "ChainHead").objects.get_or_create(pk=1)
    template, made = apps.get_model("customer", "ChecklistTemplate").objects.get_or_create(
        device_model=None, defaults={"statement": STATEMENT, "all_done_label": "همه موارد انجام شده است"}
    )
    if made:
        item = apps.get_model("customer", "ChecklistItem")
        for position, (code, label) in enumerate(ITEMS):
            item.objects.create(template=template, code=code, label=label, position=position)
    ownership = apps.get_model("customer", "Ownership")
    for device in apps.get_model("customer", "Device").objects.filter(ownerships__isnull=True).iterator():
        ownership.objects.create(device=device, owner_id=device.owner_id, began_at=device.created_at)


class Migration(migrations.Migration):
    dependencies = [("customer", "0005_sign_offs_and_transfers")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
