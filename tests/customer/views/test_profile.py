"""The pages of the buyer's details and account."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from knox.models import AuthToken

from cms.models import PortalSettings
from customer.models import CorrectionRequest, Trace
from customer.services.correction import decide_correction, request_correction
from kernel.actor import SYSTEM, Actor
from kernel.identity import make_national_code
from tests.factories.customer import PASSWORD, make_buyer

pytestmark = pytest.mark.django_db


@pytest.fixture
def buyer(client):
    buyer = make_buyer(first_name="سارا", phone="+989121110001")
    client.force_login(buyer.user)
    return buyer


def ask(buyer, field="city", proposed="شیراز") -> CorrectionRequest:
    actor = Actor(user_id=buyer.user_id)
    return request_correction(buyer=buyer, field=field, proposed=proposed, note="", actor=actor, now=timezone.now())


def test_profile_shows_identity_with_masked_national_code(client, buyer):
    content = client.get("/profile/").content.decode()
    assert "۰۹۱۲۱۱۱۰۰۰۱" in content
    assert buyer.national_code not in content
    assert "******" in content


def test_profile_has_no_field_to_edit_the_identity(client, buyer):
    response = client.post("/profile/", {"first_name": "هک", "city": "هک"})
    buyer.refresh_from_db()
    assert (buyer.first_name, buyer.city) == ("سارا", "تهران")
    assert '<input type="text"' not in response.content.decode()


def test_profile_lists_own_corrections_only(client, buyer):
    mine, foreign = ask(buyer), ask(make_buyer(), proposed="یزد")
    decide_correction(correction_id=mine.pk, accept=False, reason="سند لازم است", actor=SYSTEM, now=timezone.now())
    content = client.get("/profile/").content.decode()
    assert "سند لازم است" in content
    assert foreign.proposed not in content


@pytest.mark.parametrize("count", [1, 3])
def test_profile_costs_the_same_however_much(client, buyer, count, django_assert_num_queries):
    for field, value in [("city", "شیراز"), ("street", "آزادی"), ("building", "۵")][:count]:
        ask(buyer, field, value)
        AuthToken.objects.create(buyer.user)
        Trace.objects.create(verb="signed_in", subject=f"user:{buyer.user_id}", buyer=buyer, at=timezone.now())
    client.get("/profile/")
    with django_assert_num_queries(6):  # session, user, corrections, tokens, sign-ins, unread messages
        client.get("/profile/")


# --- corrections ---------------------------------------------------------------------------------------------------
def test_correction_is_filed_and_changes_nothing(client, buyer):
    data = {"field": "phone", "proposed": "۰۹۱۲ ۳۴۵ ۶۷۸۹", "note": "عوض شد"}
    response = client.post("/profile/corrections/new/?field=phone", data)
    assert response["Location"] == "/profile/"
    correction = CorrectionRequest.objects.get(buyer=buyer)
    assert (correction.field, correction.proposed, correction.status) == ("phone", "+989123456789", "waiting")
    buyer.refresh_from_db()
    assert buyer.phone == "+989121110001"


@pytest.mark.parametrize(
    ("field", "proposed", "said"),
    [
        ("phone", "12", "شماره"),
        ("national_code", "1111111111", "کد ملی"),
        ("city", "تهران", "همین مقدار هم‌اکنون ثبت است"),
        ("city", "   ", "این"),
    ],
)
def test_correction_with_bad_value_says_so_on_the_field(client, buyer, field, proposed, said):
    response = client.post("/profile/corrections/new/", {"field": field, "proposed": proposed})
    assert response.status_code == 200
    assert any(said in error for error in response.context["form"].errors["proposed"])
    assert not CorrectionRequest.objects.exists()


def test_second_request_for_the_same_field_is_refused(client, buyer):
    ask(buyer)
    response = client.post("/profile/corrections/new/", {"field": "city", "proposed": "یزد"})
    assert "در انتظار بررسی" in response.context["form"].non_field_errors()[0]
    assert CorrectionRequest.objects.count() == 1


@pytest.mark.parametrize("query", ["", "?field=user_id", "?field=national_code_index"])
def test_without_a_known_field_the_page_asks_which(client, buyer, query):
    response = client.get(f"/profile/corrections/new/{query}")
    assert response.status_code == 200
    assert "/profile/corrections/new/?field=phone" in response.content.decode()


def test_national_code_is_masked_in_the_form_and_the_list(client, buyer):
    proposed = make_national_code(77)
    ask(buyer, "national_code", proposed)
    for path in ("/profile/corrections/new/?field=national_code", "/profile/"):
        content = client.get(path).content.decode()
        assert "******" in content
        assert buyer.national_code not in content
        assert proposed not in content


# --- access --------------------------------------------------------------------------------------------------------
def test_own_token_is_revoked(client, buyer):
    token, _text = AuthToken.objects.create(buyer.user)
    assert token.token_key[:8] in client.get("/profile/").content.decode()
    client.post(reverse("token_revoke", args=[token.digest]))
    assert not AuthToken.objects.exists()
    assert Trace.objects.filter(verb="token.revoked", buyer=buyer).count() == 1


def test_foreign_token_is_404_and_lives(client, buyer):
    token, _text = AuthToken.objects.create(make_buyer().user)
    assert client.post(reverse("token_revoke", args=[token.digest])).status_code == 404
    assert AuthToken.objects.filter(pk=token.pk).exists()


def test_sign_out_everywhere_ends_all_sessions_and_tokens(client, buyer, other_browser):
    other_browser.force_login(buyer.user)
    AuthToken.objects.create(buyer.user)
    assert client.post(reverse("sign_out_everywhere"))["Location"] == "/login/"
    assert client.get("/profile/").status_code == 302
    assert other_browser.get("/profile/").status_code == 302
    assert not AuthToken.objects.exists()


@pytest.fixture
def other_browser():
    return Client()


# --- password ------------------------------------------------------------------------------------------------------
NEW = {"old": PASSWORD, "new": "kaveh-2241-nowruz", "again": "kaveh-2241-nowruz"}


@pytest.fixture
def _buyers_may_change_it(db):
    settings = PortalSettings.load()
    settings.buyers_change_password = True
    settings.save()


def test_password_is_not_changed_where_the_company_does_not_want_it(client, buyer):
    assert client.post("/profile/password/", NEW).status_code == 403
    buyer.user.refresh_from_db()
    assert buyer.user.check_password(PASSWORD)
    assert "مدیر سامانه آن را برای شما می‌سازد" in client.get("/profile/").content.decode()


@pytest.mark.usefixtures("_buyers_may_change_it")
def test_new_password_ends_other_sessions_and_keeps_this_one(client, buyer, other_browser):
    other_browser.force_login(buyer.user)
    assert client.post("/profile/password/", NEW)["Location"] == "/profile/"
    assert client.get("/profile/").status_code == 200
    assert other_browser.get("/profile/").status_code == 302
    buyer.user.refresh_from_db()
    assert buyer.user.check_password(NEW["new"])


@pytest.mark.usefixtures("_buyers_may_change_it")
@pytest.mark.parametrize(
    ("change", "field"),
    [({"old": "wrong"}, "old"), ({"new": "12345678", "again": "12345678"}, "new"), ({"again": "other"}, "again")],
)
def test_bad_password_is_refused_on_its_field(client, buyer, change, field):
    response = client.post("/profile/password/", NEW | change)
    assert list(response.context["form"].errors) == [field]
    buyer.user.refresh_from_db()
    assert buyer.user.check_password(PASSWORD)


@pytest.mark.usefixtures("_buyers_may_change_it")
def test_guessing_the_old_password_is_throttled(client, buyer, settings):
    settings.SIGN_IN_LIMITS = settings.SIGN_IN_LIMITS | {"account": 2}
    for _ in range(2):
        client.post("/profile/password/", NEW | {"old": "wrong"})
    response = client.post("/profile/password/", NEW)
    assert response.status_code == 429
    assert int(response["Retry-After"]) > 0
    buyer.user.refresh_from_db()
    assert buyer.user.check_password(PASSWORD)
