"""Who could read a draft: the same people who can when it is published, counted for the same price."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext
from wagtail.models import PageViewRestriction

from cms.models import ArticlePage
from cms.readers import owners_read, readers_of, visitors_read
from customer.models import Buyer
from tests.factories.cms import make_notice, make_running
from tests.factories.content import make_page, make_section
from tests.factories.customer import make_active_device, make_buyer, make_device, make_model

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    """Owners of two models of one type, of a third model, and somebody without a device."""
    first = make_model()
    second, other = make_model(device_type=first.device_type), make_model()
    owners = [make_active_device(make_buyer(), model=model).owner for model in (first, second, other)]
    closed = make_device(make_buyer(), model=first).owner
    closed.user.is_active = False
    closed.user.save()
    return {"models": [first, second, other], "owners": owners, "bare": make_buyer(), "closed": closed}


def pages(people):
    first, _second, other = people["models"]
    private, for_signed_in = make_section(), make_section()
    PageViewRestriction.objects.create(page=private, restriction_type="password", password="x")
    PageViewRestriction.objects.create(page=for_signed_in, restriction_type="login")
    yield make_page()
    yield make_page(open_to_all=True)
    yield make_page(models=[first])
    yield make_page(types=[first.device_type])
    yield make_page(types=[first.device_type], models=[other])
    yield make_page(models=[make_model()])
    yield make_page(models=[first], open_to_all=True)
    yield make_page(below=private, open_to_all=True)
    yield make_page(below=for_signed_in, open_to_all=True)
    yield make_page(below=for_signed_in, models=[first])


def test_the_count_is_of_those_who_can_read(people):
    active = Buyer.objects.filter(user__is_active=True).select_related("user")
    for page in pages(people):
        able = {buyer.pk for buyer in active if page.may_be_read_by(buyer.user)}
        assert set(readers_of(page).values_list("pk", flat=True)) == able, page.title
        assert visitors_read(page) == page.may_be_read_by(AnonymousUser())


def test_an_owner_of_a_model_stands_for_all_of_them(people):
    for page in pages(people):
        for model, owner in zip(people["models"], people["owners"], strict=True):
            assert owners_read(page, model) == page.may_be_read_by(owner.user), (page.title, model)


def test_whoever_was_told_may_read(people):
    notice = make_notice(device_models=[people["models"][0]])
    assert set(readers_of(notice)) == {people["owners"][0]}
    sent = make_running(notice)
    sent.deliveries.create(buyer=people["bare"], channel="inbox", status="delivered")
    assert set(readers_of(notice)) == {people["owners"][0], people["bare"]}


def test_what_is_chosen_and_not_saved_counts(people):
    page = make_page()
    assert readers_of(page).count() == 4
    page.device_models.set([people["models"][2]])
    assert set(readers_of(page)) == {people["owners"][2]}
    assert ArticlePage.objects.get(pk=page.pk).may_be_read_by(people["bare"].user)


def test_counting_costs_the_same_for_one_and_for_many(people):
    page = make_page(models=people["models"])
    found = []
    for _round in range(2):
        fresh = ArticlePage.objects.get(pk=page.pk)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            found.append(readers_of(fresh).count())
        found.append(len(queries))
        for _each in range(3):
            make_device(make_buyer(), model=people["models"][1])
    assert found[0] == 3
    assert found[2] == 6
    assert found[1] == found[3] <= 4
