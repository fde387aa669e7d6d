"""Working hours, official holidays of the solar calendar and service levels, as a start; the staff edit them.

Holidays of the lunar calendar move from year to year and are entered when they are announced.
"""

from datetime import time

from django.db import migrations
from persiantools.jdatetime import JalaliDate

SATURDAY_TO_WEDNESDAY, THURSDAY = (5, 6, 0, 1, 2), 3
HOLIDAYS = {
    (1, 1): "نوروز",
    (1, 2): "نوروز",
    (1, 3): "نوروز",
    (1, 4): "نوروز",
    (1, 12): "روز جمهوری اسلامی",
    (1, 13): "روز طبیعت",
    (3, 14): "رحلت امام خمینی",
    (3, 15): "قیام ۱۵ خرداد",
    (11, 22): "پیروزی انقلاب اسلامی",
    (12, 29): "ملی شدن صنعت نفت",
}
YEARS = (1405, 1406, 1407)
# importance → working minutes until the answer, until the solution; a working day has 510.
LEVELS = {"urgent": (60, 510), "high": (240, 1020), "medium": (510, 2550), "low": (1020, 5100)}


def fill(apps, schema_editor):
    hours, holiday, policy = (apps.get_model("support", name) for name in ("WorkingHours", "Holiday", "SlaPolicy"))
    for weekday in SATURDAY_TO_WEDNESDAY:
        hours.objects.create(weekday=weekday, opens_at=time(8, 30), closes_at=time(17))
    hours.objects.create(weekday=THURSDAY, opens_at=time(8, 30), closes_at=time(13))
    for year in YEARS:
        for (month, day), title in HOLIDAYS.items():
            holiday.objects.create(day=JalaliDate(year, month, day).to_gregorian(), title=title)
    for importance, (answer, solution) in LEVELS.items():
        policy.objects.create(importance=importance, first_answer_minutes=answer, resolution_minutes=solution)


class Migration(migrations.Migration):
    dependencies = [("support", "0001_initial")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
