"""Makers of people and devices; each call makes another one."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import count

from django.contrib.auth.models import Group

from customer.models import Brand, Buyer, Device, DeviceModel, DeviceType, Ownership, ServicePeriod, User
from kernel.identity import make_national_code
from kernel.jalali import tehran_today
from kernel.vault import blind_index

PASSWORD = "portal-demo"
_serial = count(1)


def make_user(username: str | None = None, **values) -> User:
    user = User(username=username or f"user{next(_serial)}", **values)
    user.set_password(PASSWORD)
    user.save()
    return user


def make_staff(role: str | None = None, **values) -> User:
    """A member of staff in the group `role` (made by the migration of groups)."""
    user = make_user(**values)
    if role:
        user.groups.add(Group.objects.get(name=role))
    return user


def make_buyer(username: str | None = None, **values) -> Buyer:
    n = next(_serial)
    code = values.pop("national_code", make_national_code(n))
    values = {
        "first_name": "سارا",
        "last_name": f"رستگار {n}",
        "main_operator": "مهدی کاظمی",
        "city": "تهران",
        "street": "خیابان ولیعصر، کوچهٔ مهر",
        "building": "پلاک ۱۲، واحد ۳",
        "phone": f"+98912{n:07d}",
    } | values
    user = make_user(username or f"buyer{n}", first_name=values["first_name"], last_name=values["last_name"])
    return Buyer.objects.create(user=user, national_code=code, national_code_index=blind_index(code), **values)


def make_model(**values) -> DeviceModel:
    n = next(_serial)
    brand = values.pop("brand", None) or Brand.objects.create(name=f"ماهان {n}")
    device_type = values.pop("device_type", None) or DeviceType.objects.create(name=f"فرز {n}", slug=f"mill-{n}")
    return DeviceModel.objects.create(brand=brand, device_type=device_type, name=values.pop("name", f"M{n}"), **values)


def make_device(owner: Buyer | None = None, **values) -> Device:
    """A device without any period: awaiting sign-off."""
    n = next(_serial)
    values = {
        "owner": owner or make_buyer(),
        "model": values.pop("model", None) or make_model(),
        "identifier_kind": Device.IdentifierKind.SERIAL,
        "identifier": f"SN-{n:05d}",
        "installed_on": tehran_today() - timedelta(days=400),
        "warranty_ends_on": tehran_today() - timedelta(days=35),
    } | values
    device = Device.objects.create(**values)
    Ownership.objects.create(device=device, owner=device.owner, began_at=device.created_at)
    return device


def make_period(device: Device, starts_on: date, ends_on: date, origin: str = "legacy") -> ServicePeriod:
    reason = "ناوگان قدیم" if origin == "legacy" else ""
    return ServicePeriod.objects.create(
        device=device, starts_on=starts_on, ends_on=ends_on, origin=origin, legacy_reason=reason
    )


def make_expired_device(owner: Buyer | None = None, *, days_ago: int = 12, **values) -> Device:
    """A device whose service ended `days_ago` days ago."""
    device = make_device(owner, **values)
    ended = tehran_today() - timedelta(days=days_ago)
    make_period(device, ended - timedelta(days=364), ended)
    return device


def make_active_device(owner: Buyer | None = None, *, days_left: int = 214, **values) -> Device:
    """A device whose (legacy) service ends in `days_left` days."""
    device = make_device(owner, **values)
    ends_on = tehran_today() + timedelta(days=days_left)
    make_period(device, ends_on - timedelta(days=364), ends_on)
    return device
