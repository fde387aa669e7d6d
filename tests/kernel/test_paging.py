"""Pages with their count in one query."""

import pytest
from django.contrib.auth.models import Group

from kernel.paging import CountingPaginator

pytestmark = pytest.mark.django_db


@pytest.fixture
def groups():
    Group.objects.all().delete()
    Group.objects.bulk_create(Group(name=f"{n:02d}") for n in range(5))
    return Group.objects.order_by("name")


@pytest.mark.parametrize(
    ("asked", "number", "names"),
    [
        (None, 1, ["00", "01"]),
        ("1", 1, ["00", "01"]),
        ("3", 3, ["04"]),
        ("۲", 2, ["02", "03"]),
        ("0", 1, ["00", "01"]),
        ("-1", 1, ["00", "01"]),
        ("abc", 1, ["00", "01"]),
        ("4", 3, ["04"]),
        ("9" * 30, 3, ["04"]),
    ],
)
def test_whatever_is_asked_a_page_comes(groups, asked, number, names):
    page = CountingPaginator(groups, 2).get_page(asked)
    assert (page.number, [group.name for group in page]) == (number, names)
    assert (page.paginator.count, page.paginator.num_pages) == (5, 3)
    assert page.has_next() == (number < 3)


def test_a_page_costs_one_query(groups, django_assert_num_queries):
    with django_assert_num_queries(1):
        page = CountingPaginator(groups, 2).get_page("2")
        assert page.has_other_pages()
        assert len(page) == 2


def test_an_empty_list_has_one_empty_page(groups, django_assert_num_queries):
    nobody = groups.filter(name="nobody")
    with django_assert_num_queries(1):
        page = CountingPaginator(nobody, 2).get_page("1")
        assert (list(page), page.paginator.count, page.has_other_pages()) == ([], 0, False)
    assert list(CountingPaginator(nobody, 2).get_page("7")) == []
