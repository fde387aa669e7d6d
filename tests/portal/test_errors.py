"""What people see when something is missing, forbidden, refused or broken."""

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import path

from kernel.refused import Refused, Throttled
from portal import urls as portal_urls
from tests.factories.customer import make_buyer

pytestmark = pytest.mark.django_db


def refuse(request):
    raise Refused("test.refused", "اکنون ممکن نیست", next_label="راه دیگر", next_url="/inbox/")


def forbid(request):
    raise PermissionDenied


def throttle(request):
    raise Throttled("کمی صبر کنید", retry_after=42)


def break_down(request):
    raise RuntimeError("a secret of the house")


urlpatterns = [
    path("refuse/", refuse),
    path("forbid/", forbid),
    path("throttle/", throttle),
    path("break/", break_down),
    *portal_urls.urlpatterns,
]


@pytest.fixture
def signed_in():
    signed_in = Client(raise_request_exception=False)
    signed_in.force_login(make_buyer().user)
    return signed_in


@pytest.mark.urls(__name__)
@pytest.mark.parametrize(
    ("address", "status", "says"),
    [
        ("/nothing/", 404, "چنین صفحه‌ای"),
        ("/forbid/", 403, "اجازه"),
        ("/break/", 500, "خطایی پیش آمد"),
        ("/refuse/", 409, "اکنون ممکن نیست"),
        ("/throttle/", 429, "کمی صبر کنید"),
    ],
)
def test_each_trouble_has_a_page_of_its_own(signed_in, address, status, says):
    response = signed_in.get(address)
    content = response.content.decode()
    assert response.status_code == status
    assert '<html lang="fa" dir="rtl">' in content
    assert says in content
    assert "a secret of the house" not in content


@pytest.mark.urls(__name__)
def test_refusal_names_the_way_on(signed_in):
    assert '<a class="button" href="/inbox/">راه دیگر</a>' in signed_in.get("/refuse/").content.decode()


@pytest.mark.urls(__name__)
def test_refused_act_leads_back_with_the_reason(signed_in):
    response = signed_in.post("/refuse/", follow=True)
    assert response.redirect_chain == [("/inbox/", 302)]
    assert "اکنون ممکن نیست" in response.content.decode()


@pytest.mark.urls(__name__)
def test_throttled_page_says_when_to_come_back(signed_in):
    assert signed_in.get("/throttle/")["Retry-After"] == "42"
