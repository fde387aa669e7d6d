"""The words of messages: the house's own, else the built-in ones; and the snippet by which they are written."""

import pytest
from django.db import IntegrityError, transaction

from integrations import templates
from integrations.models import MessageTemplate

pytestmark = pytest.mark.django_db

VALUES = {"name": "سارا و 'امید' <b>", "device": "DWX-52D", "day": "۱۵ آذر ۱۴۰۶", "receipt": "R-1"}
BASE = "/admin/snippets/integrations/messagetemplate"


def write(text, key="renewal_paid", **values):
    return MessageTemplate.objects.create(key=key, text=text, **values)


def test_built_in_text_where_nobody_wrote_one():
    text = templates.render("renewal_paid", "sms", VALUES)
    assert all(value in text for value in VALUES.values())


def test_own_text_takes_its_place():
    write("{name} عزیز، {device} تا {day} تمدید شد.")
    assert templates.render("renewal_paid", "sms", VALUES) == "سارا و 'امید' <b> عزیز، DWX-52D تا ۱۵ آذر ۱۴۰۶ تمدید شد."


def test_text_out_of_use_or_of_another_channel_is_not_sent():
    write("کنار گذاشته", is_active=False)
    write("واتس‌اپ", channel="whatsapp", whatsapp_template="renewal_paid")
    assert "کنار" not in templates.render("renewal_paid", "sms", VALUES)
    assert templates.render("renewal_paid", "whatsapp", VALUES) == "واتس‌اپ"


def test_value_that_looks_like_a_placeholder_stays_what_it_is():
    write("{name} {day}")
    assert templates.render("renewal_paid", "sms", VALUES | {"name": "{day}"}) == "{day} ۱۵ آذر ۱۴۰۶"


def test_text_with_a_placeholder_that_is_gone_is_not_sent(caplog):
    write("{name} {gone}")
    assert "gone" not in templates.render("renewal_paid", "sms", VALUES)
    assert "message.unknown_placeholder key=renewal_paid" in caplog.text


def test_missing_value_is_a_bug():
    with pytest.raises(KeyError):
        templates.render("renewal_paid", "sms", {"name": "سارا"})


@pytest.mark.parametrize("key", list(templates.declared()))
def test_every_declared_message_has_a_built_in_text_with_its_placeholders(key):
    message = templates.declared()[key]
    text = templates.built_in(message, message.placeholders)
    assert all(value in text for value in message.placeholders.values())


def test_whatsapp_variables_are_the_placeholders_in_their_order():
    assert templates.whatsapp_template("renewal_paid", VALUES, phone="+98", callback_data="x") is None
    write("{device} تا {day}، {name}، {device}", channel="whatsapp", whatsapp_template="renewed", language="fa")

    found = templates.whatsapp_template("renewal_paid", VALUES, phone="+98", callback_data="x")

    assert (found.template, found.language, found.phone) == ("renewed", "fa", "+98")
    assert found.variables == (VALUES["device"], VALUES["day"], VALUES["name"])


def test_one_text_in_use_for_each_message_and_channel():
    write("یک")
    write("دو", is_active=False)
    with pytest.raises(IntegrityError), transaction.atomic():
        write("سه")


def test_whatsapp_needs_the_name_of_a_template():
    with pytest.raises(IntegrityError), transaction.atomic():
        write("متن", channel="whatsapp")


# --- the snippet -----------------------------------------------------------------------------------------------------


def form(text, **changes):
    return {"key": "renewal_paid", "channel": "sms", "text": text, "language": "fa", "is_active": "on"} | changes


def errors(response):
    return {name: " ".join(found) for name, found in response.context["form"].errors.items()}


@pytest.fixture
def admin(client, django_user_model):
    from tests.factories.customer import make_staff

    client.force_login(make_staff(is_superuser=True, is_staff=True))
    return client


def test_text_is_written_and_cleaned(admin):
    response = admin.post(f"{BASE}/add/", form("{name} عزيز،  خدمات تا {day} تمديد شد."))
    assert response.status_code == 302
    assert MessageTemplate.objects.get().text == "{name} عزیز، خدمات تا {day} تمدید شد."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{name} {serial}", "{serial}"),
        ("{name} {day", "آکولاد"),
        ("{نام}", "آکولاد"),
        ("{{name}}", "آکولاد"),
        ("م" * 893 + "{name}", "۹۰۰"),
    ],
)
def test_mistakes_are_named_at_the_field(admin, text, said):
    response = admin.post(f"{BASE}/add/", form(text))
    assert response.status_code == 200
    assert said in errors(response)["text"]
    assert MessageTemplate.objects.count() == 0


def test_known_placeholders_are_told_with_the_mistake(admin):
    found = errors(admin.post(f"{BASE}/add/", form("{serial}")))["text"]
    assert all(f"{{{name}}}" in found for name in VALUES)


def test_whatsapp_asks_for_the_approved_template(admin):
    response = admin.post(f"{BASE}/add/", form("متن", channel="whatsapp", language=""))
    assert {"whatsapp_template", "language"} <= set(errors(response))


def test_second_text_in_use_is_refused(admin):
    write("یک")
    response = admin.post(f"{BASE}/add/", form("دو"))
    assert "این پیام" in errors(response)["__all__"]
    assert MessageTemplate.objects.count() == 1


def test_unknown_message_is_refused(admin):
    assert "key" in errors(admin.post(f"{BASE}/add/", form("متن", key="nothing")))


def test_page_shows_example_parts_and_placeholders(admin):
    row = write("{name} عزیز، خدمات {device} تا {day} تمدید شد. رسید {receipt}")
    page = admin.get(f"{BASE}/edit/{row.pk}/").content.decode()

    assert "سارا رضایی عزیز، خدمات ماهان M4 تا ۱۵ آذر ۱۴۰۶ تمدید شد. رسید R-1405-000123" in page
    assert "۲ پیامک" in page
    assert ">{amount}</bdi>" in page
    assert admin.get(f"{BASE}/add/").status_code == 200


def test_list_shows_names_and_parts(admin):
    write("کوتاه")
    page = admin.get(f"{BASE}/").content.decode()
    assert "تمدید" in page
    assert "renewal_paid" not in page
