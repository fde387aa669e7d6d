"""The demo's people, machines, prices and texts: invented, Persian, and true to the trade.

Everything is made through the house's own verbs, so the demo can hold nothing that the rules would refuse.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.contrib.auth.models import Group

from commerce.models import Payment, PlanPrice, ServicePlan, VatRate
from commerce.services import payment as payments
from commerce.services.renewal import request_renewal
from customer.models import Brand, Buyer, Device, DeviceModel, DeviceType, InboxItem, User
from customer.roles import Role
from customer.services import inbox
from customer.services.buyer import BuyerData, create_buyer
from customer.services.device import DeviceData, activate_legacy, save_device
from customer.services.service import choose_mode
from customer.services.sign_off import Preparation, prepare_sign_offs
from integrations.models import OutboxMessage
from integrations.ports import Session, Verdict, VerdictKind
from kernel.actor import SYSTEM, Actor
from kernel.identity import make_national_code
from kernel.jalali import tehran_today
from portal import demo_tickets
from portal.demo_pages import load_content

PASSWORD = "portal-demo"  # noqa: S105 - the demo's sign-ins are public
STAFF = {
    "admin": (Role.ADMINISTRATOR, "نرگس", "یزدانی"),
    "editor": (Role.EDITOR, "کاوه", "مهرجو"),
    "support": (Role.SUPPORT, "سهیل", "آذری"),
    "finance": (Role.FINANCE, "پریسا", "نیک‌فر"),
    "auditor": (Role.AUDITOR, "بهرام", "صدر"),
}
TYPES = {
    "milling": "فرز پنج‌محوره",
    "scanner": "اسکنر دهانی",
    "cad": "نرم‌افزار طراحی",
    "furnace": "کورهٔ سینتر",
}
# brand, model, type, net price in rial of one, two and three years
MODELS = [
    ("ماهان", "M4", "milling", (96_000_000, 178_000_000, 249_000_000)),
    ("نگین", "i700", "scanner", (48_000_000, 89_000_000, 126_000_000)),
    ("نورکد", "CAD Pro", "cad", (36_000_000, 66_000_000, 93_000_000)),
    ("آتشین", "S-1600", "furnace", (29_000_000, 54_000_000, 76_000_000)),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A buyer of the demo."""

    username: str
    first_name: str
    last_name: str
    phone: str
    city: str
    street: str
    building: str
    main_operator: str


SARA = Person(
    username="sara",
    first_name="سارا",
    last_name="رستگار",
    phone="09121110001",
    city="تهران",
    street="خیابان ولیعصر، بالاتر از میدان ونک، کوچهٔ نگار",
    building="ساختمان پزشکان مهر، طبقهٔ چهارم، واحد ۱۱",
    main_operator="مهدی کاظمی",
)
REZA = Person(
    username="reza",
    first_name="رضا",
    last_name="توکلی",
    phone="09121110002",
    city="اصفهان",
    street="چهارباغ بالا، نرسیده به پل شیری",
    building="آزمایشگاه پروتز سپاهان، طبقهٔ دوم",
    main_operator="الهام بهرامی",
)
MINA = Person(
    username="mina",
    first_name="مینا",
    last_name="فرهمند",
    phone="09121110003",
    city="شیراز",
    street="بلوار معالی‌آباد، خیابان پزشکان",
    building="کلینیک لبخند، واحد ۵",
    main_operator="دکتر مینا فرهمند",
)
OMID = Person(
    username="omid",
    first_name="امید",
    last_name="شجاعی‌پور",
    phone="09121110004",
    city="تبریز",
    street="خیابان آزادی، چهارراه لاله",
    building="مجتمع پزشکی آذربایجان، طبقهٔ اول",
    main_operator="وحید نظری",
)


def load(now: datetime) -> bool:
    """Makes who is missing of the demo; returns whether anybody was. Nothing of its invented past leaves the house."""
    there = set(User.objects.values_list("username", flat=True))
    _staff(there)
    models = _catalogue()
    makers = {SARA: _sara, REZA: _reza, MINA: _mina, OMID: _omid}
    missing = [make for person, make in makers.items() if person.username not in there]
    for make in missing:
        make(models, now)
    if missing:
        demo_tickets.load(now)
    pages = load_content(now)
    OutboxMessage.objects.filter(created_at__gte=now).delete()
    return bool(missing or pages)


def _staff(there: set[str]) -> None:
    for username, (role, first_name, last_name) in STAFF.items():
        if username in there:
            continue
        user = User(username=username, first_name=first_name, last_name=last_name)
        user.is_superuser = role == Role.ADMINISTRATOR
        user.set_password(PASSWORD)
        user.save()
        user.groups.add(Group.objects.get(name=role))


def _catalogue() -> dict[str, DeviceModel]:
    since = date(2024, 3, 20)
    VatRate.objects.get_or_create(valid_from=since, defaults={"basis_points": 1000})
    types = {
        slug: DeviceType.objects.get_or_create(slug=slug, defaults={"name": name})[0] for slug, name in TYPES.items()
    }
    models = {}
    for brand, name, slug, prices in MODELS:
        made_by = Brand.objects.get_or_create(name=brand)[0]
        model = DeviceModel.objects.get_or_create(brand=made_by, name=name, defaults={"device_type": types[slug]})[0]
        models[slug] = model
        for years, net_rial in enumerate(prices, start=1):
            plan = ServicePlan.objects.get_or_create(device_model=model, years=years)[0]
            PlanPrice.objects.get_or_create(plan=plan, valid_from=since, defaults={"net_rial": net_rial})
    return models


def _buyer(person: Person, serial: int, now: datetime) -> Buyer:
    data = BuyerData(
        first_name=person.first_name,
        last_name=person.last_name,
        national_code=make_national_code(serial),
        city=person.city,
        street=person.street,
        building=person.building,
        phone=person.phone,
        main_operator=person.main_operator,
    )
    return create_buyer(username=person.username, password=PASSWORD, data=data, actor=SYSTEM, now=now)


def _device(owner: Buyer, model: DeviceModel, identifier: tuple[str, str], installed_on: date, now: datetime) -> Device:
    kind, code = identifier
    data = DeviceData(
        owner_id=owner.pk,
        model_id=model.pk,
        identifier_kind=kind,
        identifier=code,
        sold_on=installed_on - timedelta(days=9),
        installed_on=installed_on,
        warranty_ends_on=installed_on + timedelta(days=18 * 30),
    )
    return save_device(data=data, actor=SYSTEM, now=now)


def _activate(device: Device, *, ended_days_ago: int, days: int = 365, now: datetime) -> None:
    ends_on = tehran_today(now) - timedelta(days=ended_days_ago)
    activate_legacy(
        device_id=device.pk,
        starts_on=ends_on - timedelta(days=days - 1),
        ends_on=ends_on,
        reason="ناوگان پیش از راه‌اندازی پرتال؛ فرم کاغذی نصب در بایگانی است.",
        actor=SYSTEM,
        now=now,
    )


def _renew_in_the_past(device: Device, *, years: int, reference: str, now: datetime) -> None:
    """A renewal that was paid at `now`, through the verbs but without a bank."""
    owner = device.owner
    actor = Actor(user_id=owner.user_id)
    order = request_renewal(
        buyer=owner, device_id=device.pk, years=years, expected_total_rial=None, actor=actor, now=now
    )
    payment = payments.open_payment(buyer=owner, number=order.number, gateway="zarinpal", actor=actor, now=now)
    authority = f"A{reference:0>35}"
    payments.record_session(payment_id=payment.pk, session=Session(authority=authority, redirect_url=""), now=now)
    check = payments.begin_check(payment_id=payment.pk, returned=True, now=now)
    verdict = Verdict(
        kind=VerdictKind.PAID, code="100", reason="Verified", reference=reference, card_masked="603799******1842"
    )
    if (
        check is None
        or payments.settle_payment(check=check, verdict=verdict, cancelled=False, now=now).status != Payment.Status.PAID
    ):
        raise RuntimeError("the demo's own payment was not settled")


def _sara(models: dict[str, DeviceModel], now: datetime) -> None:
    today = tehran_today(now)
    sara = _buyer(SARA, 101, now)
    mill = _device(sara, models["milling"], ("serial", "M4-22871"), today - timedelta(days=151), now)
    _activate(mill, ended_days_ago=-214, now=now)
    scanner = _device(sara, models["scanner"], ("user_id", "SARA.R"), today - timedelta(days=376), now)
    _activate(scanner, ended_days_ago=12, now=now)
    inbox.tell(
        sara.pk,
        inbox.Message(
            kind=InboxItem.Kind.SOFTWARE_UPDATE,
            title="نسخهٔ ۴٫۲ نرم‌افزار ماهان M4 آماده است",
            body="این نسخه کالیبراسیون محور چهارم را خودکار می‌کند. پیش از نصب، کار در حال فرز را تمام کنید.",
            dedupe_key="demo:update:m4",
        ),
        now=now - timedelta(days=2),
    )


def _reza(models: dict[str, DeviceModel], now: datetime) -> None:
    today = tehran_today(now)
    reza = _buyer(REZA, 102, now)
    furnace = _device(reza, models["furnace"], ("serial", "S16-00417"), today - timedelta(days=700), now)
    _activate(furnace, ended_days_ago=90, now=now)
    choose_mode(
        buyer=reza,
        device_id=furnace.pk,
        choice="pay_per_case",
        actor=Actor(user_id=reza.user_id),
        now=now - timedelta(days=80),
    )
    software = _device(reza, models["cad"], ("dongle", "7F-0193-AC"), today - timedelta(days=800), now)
    _activate(software, ended_days_ago=45, now=now)
    _renew_in_the_past(software, years=2, reference="204518837", now=now - timedelta(days=40))


def _mina(models: dict[str, DeviceModel], now: datetime) -> None:
    mina = _buyer(MINA, 103, now)
    device = _device(mina, models["milling"], ("serial", "M4-23350"), tehran_today(now) - timedelta(days=3), now)
    technician = User.objects.get(username="support")
    prepare_sign_offs(
        preparation=Preparation(
            device_ids=[device.pk],
            installed_on=tehran_today(now) - timedelta(days=1),
            notes={"training_done": "آموزش دو نفر از کارکنان، دو ساعت"},
        ),
        actor=Actor(user_id=technician.pk),
        now=now,
    )


def _omid(models: dict[str, DeviceModel], now: datetime) -> None:
    today = tehran_today(now)
    omid = _buyer(OMID, 104, now)
    for slug, identifier, ended_days_ago in (
        ("scanner", ("serial", "I7-10552"), 33),
        ("furnace", ("serial", "S16-00233"), 210),
    ):
        installed_on = today - timedelta(days=ended_days_ago + 365)
        device = _device(omid, models[slug], identifier, installed_on, now)
        _activate(device, ended_days_ago=ended_days_ago, now=now)
    inbox.tell(
        omid.pk,
        inbox.Message(
            kind=InboxItem.Kind.LEGAL,
            title="تغییر در شرایط خدمات پس از فروش",
            body=(
                "از ابتدای دی‌ماه، زمان پاسخ‌گویی قراردادهای سه‌ساله به چهار ساعت کاری کاهش می‌یابد و "
                "هزینهٔ ایاب‌وذهاب بیرون از مرکز استان جداگانه محاسبه می‌شود. لطفاً متن را بخوانید و تأیید کنید."
            ),
            dedupe_key="demo:legal:terms",
            must_acknowledge=True,
        ),
        now=now - timedelta(days=1),
    )
