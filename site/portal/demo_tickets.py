"""The demo's support desk: a few tickets in every state, through the desk's own verbs."""

from __future__ import annotations

from datetime import datetime, timedelta

from customer.models import Buyer, Device, User
from kernel.actor import Actor
from kernel.jalali import tehran_date
from support.models import CannedReply, Ticket
from support.services.conversation import add_message, add_note, answer_ticket, mark_read
from support.services.desk import Work, assign_ticket, log_work
from support.services.ticket import NewTicket, close_ticket, open_ticket, rate_ticket

CANNED = {
    "درخواست عکس": "سلام {buyer} عزیز\nلطفاً از صفحهٔ خطا و پشت دستگاه {device} عکس بگیرید و همین‌جا بفرستید.",
    "هماهنگی اتصال از راه دور": "سلام {buyer} عزیز\nبرای اتصال از راه دور شناسهٔ AnyDesk را بفرستید.\n{agent}",
    "راه‌اندازی دوباره": "لطفاً دستگاه {serial} را خاموش کنید، یک دقیقه صبر کنید و دوباره روشن کنید.",
}


def load(now: datetime) -> None:
    """Makes the canned replies and the tickets of those buyers who have none."""
    for title, body in CANNED.items():
        CannedReply.objects.get_or_create(title=title, defaults={"body": body})
    agent = Actor(user_id=User.objects.get(username="support").pk)
    for username, tell in {"sara": _sara, "reza": _reza}.items():
        buyer = Buyer.objects.filter(user__username=username, tickets__isnull=True).first()
        if buyer is not None:
            tell(buyer, agent, now)


def _open(buyer: Buyer, device: Device, now: datetime, **said: str) -> Ticket:
    wish = NewTicket(device_id=device.pk, accept_tariff=True, **said)
    return open_ticket(buyer=buyer, wish=wish, actor=Actor(user_id=buyer.user_id), now=now)


def _sara(sara: Buyer, agent: Actor, now: datetime) -> None:
    mill = sara.devices.get(identifier="M4-22871")
    me = Actor(user_id=sara.user_id)
    noisy = _open(
        sara,
        mill,
        now - timedelta(days=9),
        title="صدای غیرعادی اسپیندل هنگام تراش زیرکونیا",
        description="از دو روز پیش با دور بالای ۴۰٬۰۰۰ صدای سوت می‌آید. با فرز نو هم همین‌طور است.",
        importance="high",
    )
    number = noisy.number
    assign_ticket(number=number, assignee_id=agent.user_id, actor=agent, now=now - timedelta(days=9, hours=-1))
    answer_ticket(
        number=number,
        body="سلام خانم رستگار\nلطفاً کولت را درآورید، با برس مخصوص تمیز کنید و یک بار گرم‌کردن ده‌دقیقه‌ای اجرا کنید.",
        actor=agent,
        now=now - timedelta(days=9, hours=-2),
    )
    add_message(buyer=sara, number=number, body="تمیز کردم، صدا قطع شد. ممنون.", actor=me, now=now - timedelta(days=8))
    add_note(number=number, body="کولت در سرویس بعدی عوض شود.", actor=agent, now=now - timedelta(days=8, hours=-1))
    work = Work(activity="phone", minutes=20, worked_on=tehran_date(now - timedelta(days=8)), note="راهنمایی تلفنی")
    log_work(number=number, work=work, actor=agent, now=now - timedelta(days=8, hours=-1))
    close_ticket(
        number=number,
        why=Ticket.ClosedWhy.BY_BUYER,
        buyer=sara,
        actor=me,
        now=now - timedelta(days=8, hours=-2),
    )
    rate_ticket(buyer=sara, number=number, stars=5, note="سریع و دقیق", actor=me, now=now - timedelta(days=7))
    error = _open(
        sara,
        mill,
        now - timedelta(hours=26),
        title="خطای E12 هنگام صفر کردن محور چهارم",
        description="وقتی محور چهارم را صفر می‌کنم خطای E12 می‌دهد و متوقف می‌شود. نسخهٔ نرم‌افزار ۴٫۱ است.",
        importance="urgent",
    )
    answer_ticket(
        number=error.number,
        body="سلام خانم رستگار\nاین خطا در نسخهٔ ۴٫۲ برطرف شده است. پیش از به‌روزرسانی از تنظیمات پشتیبان بگیرید.",
        actor=agent,
        now=now - timedelta(hours=3),
    )
    _open(
        sara,
        mill,
        now - timedelta(hours=2),
        title="درخواست آموزش تراش بریج بلند",
        description="برای بریج‌های بیش از شش واحد چه تنظیماتی پیشنهاد می‌کنید؟",
        importance="low",
    )


def _reza(reza: Buyer, agent: Actor, now: datetime) -> None:
    furnace = reza.devices.get(identifier="S16-00417")
    asked = _open(
        reza,
        furnace,
        now - timedelta(days=1),
        title="کوره به دمای ۱۵۳۰ درجه نمی‌رسد",
        description="روی ۱۴۸۰ درجه می‌ماند و برنامه ناتمام قطع می‌شود.",
        importance="high",
    )
    assign_ticket(number=asked.number, assignee_id=agent.user_id, actor=agent, now=now - timedelta(hours=20))
    mark_read(ticket=asked, by_staff=True, now=now - timedelta(hours=20))
