"""The groups of staff; a migration makes them with their permissions."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """Names of the groups as the admin shows them."""

    ADMINISTRATOR = "مدیر سامانه"
    SUPPORT = "پشتیبانی"
    FINANCE = "مالی"
    EDITOR = "ویراستار محتوا"
    AUDITOR = "حسابرس"
