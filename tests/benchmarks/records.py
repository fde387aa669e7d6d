"""`python -m tests.benchmarks.records --records N`: N sign-offs with real signatures; how long `audit` takes.

Writes into the database of `DATABASE_URL`, which must be migrated and may hold a demo. Prints seconds and peak memory.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import django

BATCH = 2000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, required=True)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    django.setup()
    from customer.audit import CHECKS
    from customer.chain import chain_breaches

    started = time.perf_counter()
    seed(options.records)
    print(f"seeded {options.records} in {time.perf_counter() - started:.1f} s")
    started = time.perf_counter()
    breaches = list(chain_breaches(processes=options.processes))
    print(f"chain proved in {time.perf_counter() - started:.1f} s with {options.processes} processes: {breaches[:3]}")
    started = time.perf_counter()
    breaches = [breach for check in CHECKS for breach in check()]
    print(f"all checks of papers in {time.perf_counter() - started:.1f} s: {breaches[:3]}")
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(f"peak memory of one process {peak / 1024:.0f} MB")
    sys.exit(bool(breaches))


def seed(count: int) -> None:
    """Adds devices of one buyer, each with its form, signed record, period and ownership."""
    from django.db import transaction

    from customer.models import Buyer, ChainHead, DeviceModel, User
    from customer.services.record import current_key

    now = datetime.now(UTC)
    owner, model, by = Buyer.objects.first(), DeviceModel.objects.select_related("brand").first(), User.objects.first()
    people: dict[str, Any] = {"owner": owner, "model": model, "by": by}
    with transaction.atomic():
        key, head = current_key(now=now), ChainHead.objects.select_for_update().get_or_create(pk=1)[0]
        for start in range(0, count, BATCH):
            _batch(range(start, min(start + BATCH, count)), head, key, people, now)
        head.save()


def _batch(numbers: range, head: Any, key: Any, people: dict[str, Any], now: datetime) -> None:
    from customer.models import (
        Device,
        Ownership,
        RecordKey,
        ServicePeriod,
        SignedRecord,
        SignOff,
        Trace,
    )

    day, stamp = now.date(), f"{now:%H%M%S}"
    devices = [
        Device(owner=people["owner"], model=people["model"], identifier_kind="serial", identifier=f"B{stamp}-{n:07d}")
        for n in numbers
    ]
    for device in devices:
        device.installed_on = day
    Device.objects.bulk_create(devices)
    Ownership.objects.bulk_create([Ownership(device=one, owner=people["owner"], began_at=now) for one in devices])
    signed = [_signed(content_of(device, people, now), head, key, people["owner"], now) for device in devices]
    records = SignedRecord.objects.bulk_create([record for record, _sealed_key in signed])
    RecordKey.objects.bulk_create([RecordKey(record=record, sealed_key=sealed_key) for record, sealed_key in signed])
    forms = SignOff.objects.bulk_create(
        [
            SignOff(
                device=device,
                buyer=people["owner"],
                status="confirmed",
                installed_on=day,
                statement="متن",
                items=[],
                all_done_label="همه",
                text_version="1.0",
                prepared_by=people["by"],
                prepared_at=now,
                confirmed_at=now,
                record=record,
            )
            for device, record in zip(devices, records, strict=True)
        ]
    )
    ServicePeriod.objects.bulk_create(
        [
            ServicePeriod(
                device=form.device, starts_on=day, ends_on=day + timedelta(days=364), origin="included", sign_off=form
            )
            for form in forms
        ]
    )
    Trace.objects.bulk_create(
        [
            Trace(
                verb="sign_off.confirmed",
                subject=f"sign_off:{form.pk}",
                buyer=people["owner"],
                at=now,
                data={"record": form.record.code, "sha256": form.record.sha256},
            )
            for form in forms
        ]
    )


def content_of(device: Any, people: dict[str, Any], now: datetime) -> dict[str, Any]:
    """A content of the size and shape of a real one."""
    day = now.date()
    item = {"label": "نصب درایور / کمپرسور / اتصالات", "note": "", "ticked": True, "photos": []}
    return {
        "text": "اینجانب، خریدار دستگاه یادشده در این فرم، گواهی می‌کنم که نصب و راه‌اندازی انجام شده است. " * 3,
        "text_version": "1.0",
        "all_done": {"label": "همه موارد انجام شده است", "ticked": True},
        "items": [{**item, "code": code} for code in ("device_installed", "connections_installed", "training_done")],
        "buyer": {
            "first_name": "سارا",
            "last_name": "رستگار",
            "national_code": "0012345679",
            "phone": "+989121110001",
            "address": "تهران، خیابان ولیعصر، کوچهٔ مهر، پلاک ۱۲، واحد ۳",
            "username": "sara",
        },
        "device": {
            "brand": people["model"].brand.name,
            "model": people["model"].name,
            "identifier_kind": device.identifier_kind,
            "identifier": device.identifier,
        },
        "installed_on": day.isoformat(),
        "installed_on_jalali": "1405/09/01",
        "service": {"starts_on": day.isoformat(), "ends_on": (day + timedelta(days=364)).isoformat()},
        "prepared_by": "سهیل آذری",
        "prepared_at": now.isoformat(timespec="seconds"),
        "confirmed_at": now.isoformat(timespec="seconds"),
        "confirmed_at_tehran": "۱ آذر ۱۴۰۵، ساعت ۱۴:۳۰",
        "confirmed_from": {"ip": "192.0.2.7", "agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101"},
        "in_person_by": "",
        "code_sent_to": "0912***0001",
        "supersedes": None,
    }


def _signed(content: dict[str, Any], head: Any, key: Any, owner: Any, now: datetime) -> tuple[Any, str]:
    """One record after the head, as `append_record` makes it, but unsaved; moves the head."""
    import base64

    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    from customer.models import SignedRecord
    from customer.services.record import new_code
    from kernel import signing, vault
    from kernel.verify_record import FORMAT, canonical, digest, fingerprints

    manifest = {
        "format": FORMAT,
        "kind": "sign_off",
        "code": new_code(),
        "sequence": head.sequence + 1,
        "previous": head.sha256,
        "key_id": key.key_id,
        "signed_at": now.isoformat(timespec="seconds"),
        "fields": fingerprints(content),
    }
    text, own, nonce = canonical(manifest), AESGCM.generate_key(bit_length=256), os.urandom(12)
    record = SignedRecord(
        sequence=manifest["sequence"],
        code=manifest["code"],
        kind="sign_off",
        buyer=owner,
        manifest=text.decode(),
        content_sealed=base64.b64encode(nonce + AESGCM(own).encrypt(nonce, canonical(content), b"record")).decode(),
        sha256=digest(manifest),
        previous_sha256=head.sha256,
        key=key,
        signature=signing.sign(text),
        signed_at=now,
    )
    head.sequence, head.sha256 = record.sequence, record.sha256
    return record, vault.encrypt(base64.b64encode(own).decode())


if __name__ == "__main__":
    main()
