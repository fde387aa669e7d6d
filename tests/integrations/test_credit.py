"""Credit at the providers: kept, shown, and an alarm once each time it runs low."""

import logging

import pytest
from django.utils import timezone

from customer.roles import Role
from integrations import credit, outbox, sms
from integrations.models import OutboxMessage, SmsCredit
from integrations.ports import Retry
from integrations.sandbox.server import start
from integrations.tasks import check_sms_credit
from tests.factories.customer import make_staff

pytestmark = pytest.mark.django_db


class Account:
    """A provider of which only the account is asked."""

    name = "kavenegar"

    def __init__(self, *answers):
        self.answers = list(answers)

    def credit_rial(self):
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture(autouse=True)
def limits(settings):
    settings.SMS_LOW_CREDIT_RIAL = 1_000_000
    settings.MANAGER_PHONES = ["09121112233", "09121112244"]
    return settings


def check(account):
    return credit.check(account, now=timezone.now())


def test_figure_is_kept():
    assert not check(Account(5_000_000))
    row = SmsCredit.objects.get()
    assert (row.provider, row.rial, row.low_since, row.last_error) == ("kavenegar", 5_000_000, None, "")


def test_alarm_is_raised_once_for_each_time_the_limit_is_crossed(caplog):
    account = Account(5_000_000, 999_999, 500_000, 0, 1_000_000, 900_000)
    found = [check(account) for _ in range(6)]

    assert found == [False, True, True, True, False, True]
    assert OutboxMessage.objects.filter(topic="sms.low_credit").count() == 4
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert len([record for record in errors if "sms.low_credit" in record.getMessage()]) == 2


def test_provider_that_does_not_answer_keeps_its_figure_and_its_alarm():
    account = Account(500_000, Retry("HTTP 500"))
    assert [check(account), check(account)] == [True, True]

    row = SmsCredit.objects.get()
    assert (row.rial, row.last_error) == (500_000, "HTTP 500")
    assert row.low_since is not None
    assert OutboxMessage.objects.count() == 2


def test_credit_that_is_not_told_in_money_raises_no_alarm():
    assert not check(Account(None))
    assert SmsCredit.objects.get().rial is None


def test_without_managers_the_alarm_is_logged_only(settings, caplog):
    settings.MANAGER_PHONES = []
    check(Account(1))
    assert "sms.low_credit provider=kavenegar rial=1" in caplog.text
    assert OutboxMessage.objects.count() == 0


def test_managers_are_told_through_the_provider_that_has_credit(settings):
    with start() as sandbox:
        settings.OUTBOUND_HOSTS = {sandbox.url.removeprefix("http://")}
        settings.SMS_PROVIDERS = ["kavenegar", "smsir"]
        settings.KAVENEGAR_BASE_URL = f"{sandbox.url}/kavenegar"
        settings.SMSIR_BASE_URL = f"{sandbox.url}/smsir"
        settings.SMS_LOW_CREDIT_RIAL = 25_000_001
        settings.SMSIR_UNIT_RIAL = 20_000
        sandbox.arm("kavenegar", "vendor_code", times=9, match="sms/send", code=418)

        assert check_sms_credit() == 1
        outbox.deliver_due()

        rows = sandbox.snapshot()["sms"]
        assert [(row["provider"], row["receptor"]) for row in rows] == [
            ("smsir", "09121112233"),
            ("smsir", "09121112244"),
        ]
        assert "کاوه‌نگار" in rows[0]["message"]
        assert "۲٬۵۰۰٬۰۰۰ تومان" in rows[0]["message"]
        assert {port.name for port in sms.providers()} == set(SmsCredit.objects.values_list("provider", flat=True))


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (4_000_000, "۴۰۰٬۰۰۰ تومان مانده است"),
        (None, "بهای هر واحد"),
        (Retry("HTTP 500"), "پاسخ نداد"),
    ],
)
def test_staff_ask_now(client, monkeypatch, answer, said):
    client.force_login(make_staff(Role.ADMINISTRATOR))
    row = SmsCredit.objects.create(provider="kavenegar", rial=1)
    monkeypatch.setattr("integrations.sms.named", lambda name: Account(answer))

    page = client.post(f"/admin/integrations/smscredit/ask/{row.pk}/", follow=True).content.decode()

    assert said in page


def test_who_only_reads_cannot_ask(client, monkeypatch):
    client.force_login(make_staff(Role.AUDITOR))
    row = SmsCredit.objects.create(provider="kavenegar", rial=1)
    monkeypatch.setattr("integrations.sms.named", lambda name: Account())

    client.post(f"/admin/integrations/smscredit/ask/{row.pk}/")
    row.refresh_from_db()
    assert row.rial == 1
