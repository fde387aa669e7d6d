"""Many buyers and devices at once, for trying the portal at scale."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

from django.contrib.auth.hashers import make_password
from django.db import transaction

from commerce.models import VatRate
from customer.models import Buyer, Device, DeviceModel, InboxItem, Ownership, ServicePeriod, User
from kernel.identity import make_national_code
from kernel.jalali import tehran_today
from kernel.vault import blind_index
from portal.demo import PASSWORD

BATCH = 2000
FIRST_NAMES = ["زهرا", "علی", "مریم", "حسین", "فاطمه", "محمد", "نگار", "امیر", "لیلا", "پویا", "شیوا", "بابک"]
LAST_NAMES = ["احمدی", "کریمی", "رضوی", "موسوی", "جعفری", "نوری", "صالحی", "قاسمی", "رحیمی", "شریفی", "بهمنی"]
CITIES = ["تهران", "مشهد", "اصفهان", "شیراز", "تبریز", "کرج", "اهواز", "رشت", "یزد", "کرمان"]
FIRST_SERIAL = 10_000
# days from today to the end of service, cycled over the devices; None: awaiting sign-off
ENDINGS = [214, -12, 30, -200, 700, None, 5]


def make_crowd(*, buyers: int, devices: int, now: datetime) -> int:
    """Adds buyers `crowd1`… with `devices` among them until there are that many; returns how many buyers it made."""
    have = User.objects.filter(username__startswith="crowd").count()
    VatRate.objects.get_or_create(valid_from=tehran_today(now) - timedelta(days=900), defaults={"basis_points": 1000})
    models = list(DeviceModel.objects.all())
    password = make_password(PASSWORD)
    numbers = iter(range(have + 1, buyers + 1))
    while batch := list(islice(numbers, BATCH)):
        with transaction.atomic():
            owners = _buyers(batch, password)
            per_owner = [devices * n // buyers - devices * (n - 1) // buyers for n in batch]
            _devices(owners, per_owner, models, now)
    return max(0, buyers - have)


def _buyers(numbers: list[int], password: str) -> list[Buyer]:
    users = User.objects.bulk_create(
        User(
            username=f"crowd{n}",
            password=password,
            first_name=FIRST_NAMES[n % len(FIRST_NAMES)],
            last_name=LAST_NAMES[n % len(LAST_NAMES)],
        )
        for n in numbers
    )
    rows = []
    for n, user in zip(numbers, users, strict=True):
        code = make_national_code(FIRST_SERIAL + n)
        rows.append(
            Buyer(
                user=user,
                first_name=user.first_name,
                last_name=user.last_name,
                national_code=code,
                national_code_index=blind_index(code),
                main_operator="اپراتور دستگاه",
                city=CITIES[n % len(CITIES)],
                street=f"خیابان {n % 90 + 1}",
                building=f"پلاک {n % 300 + 1}",
                phone=f"+98930{n:07d}",
            )
        )
    return Buyer.objects.bulk_create(rows)


def _devices(owners: list[Buyer], per_owner: list[int], models: list[DeviceModel], now: datetime) -> None:
    today = tehran_today(now)
    wanted = [(owner, k) for owner, many in zip(owners, per_owner, strict=True) for k in range(many)]
    devices = Device.objects.bulk_create(
        Device(
            owner=owner,
            model=models[(owner.pk + k) % len(models)],
            identifier_kind=Device.IdentifierKind.SERIAL,
            identifier=f"CR-{owner.pk:06d}-{k:02d}",
            sold_on=today - timedelta(days=410),
            installed_on=today - timedelta(days=400),
            warranty_ends_on=today + timedelta(days=140),
        )
        for owner, k in wanted
    )
    Ownership.objects.bulk_create(Ownership(device=one, owner_id=one.owner_id, began_at=now) for one in devices)
    ServicePeriod.objects.bulk_create(_periods(devices, now))
    InboxItem.objects.bulk_create(
        InboxItem(
            buyer=owner,
            kind=InboxItem.Kind.GENERAL,
            title="به پرتال خریداران خوش آمدید",
            dedupe_key="crowd:welcome",
            created_at=now,
        )
        for owner in owners
    )


def _periods(devices: list[Device], now: datetime) -> Iterator[ServicePeriod]:
    today = tehran_today(now)
    for n, device in enumerate(devices):
        left = ENDINGS[n % len(ENDINGS)]
        if left is not None:
            ends_on = today + timedelta(days=left)
            yield ServicePeriod(
                device=device,
                starts_on=ends_on - timedelta(days=364),
                ends_on=ends_on,
                origin=ServicePeriod.Origin.LEGACY,
                legacy_reason="ناوگان قدیم",
            )
