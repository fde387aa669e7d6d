"""The public face, and that nothing else is public."""

from importlib import import_module

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from wagtail.models import Page, Site

from cms.models import HomePage
from customer.roles import Role
from tests.factories.customer import make_buyer, make_staff
from tests.factories.reading import make_article

pytestmark = pytest.mark.django_db

home_page = import_module("cms.migrations.0002_home_page")
index_pages = import_module("cms.migrations.0010_index_pages")


@pytest.fixture
def hidden() -> Page:
    """A page of a class that does not say that it is public."""
    page = Page(title="پنهان", slug="hidden")
    HomePage.objects.get().add_child(instance=page)
    return page


def test_visitor_sees_the_face_and_the_door(client):
    response = client.get("/")
    content = response.content.decode()
    assert response.status_code == 200
    assert 'href="/login/"' in content
    assert 'href="/dashboard/"' not in content


def test_editors_words_stand_on_it(client):
    HomePage.objects.update(heading="به خانهٔ مشتریان خوش آمدید", introduction="سلام <b>")
    content = client.get("/").content.decode()
    assert "به خانهٔ مشتریان خوش آمدید" in content
    assert "سلام &lt;b&gt;" in content


def test_buyer_sees_the_way_in(client):
    client.force_login(make_buyer().user)
    assert 'href="/dashboard/"' in client.get("/").content.decode()


def test_staff_see_the_way_to_the_admin(client):
    client.force_login(make_staff(Role.EDITOR))
    assert 'href="/admin/"' in client.get("/").content.decode()


def test_page_that_is_not_public_asks_to_sign_in(client, hidden):
    assert client.get("/hidden/")["Location"] == "/login/?next=/hidden/"
    client.force_login(make_buyer().user)
    assert client.get("/hidden/").status_code != 302


def test_unknown_address_is_404(client):
    assert client.get("/nothing/here/").status_code == 404


def models_of(*migration):
    return MigrationLoader(connection).project_state([migration]).apps


@pytest.fixture
def later():
    """The models as the newest migration leaves them: the tables of the test have all columns."""
    return MigrationLoader(connection).project_state().apps


@pytest.fixture
def past(later):
    """The models as they were when the migration was written, on a site without what was made later."""
    index_pages.remove_index_pages(later, None)
    return models_of("cms", "0002_home_page")


def test_migration_can_go_back_and_forth_and_twice(past):
    home_page.bring_welcome_page_back(past, None)
    assert not HomePage.objects.exists()
    root = Site.objects.get(is_default_site=True).root_page
    assert (root.title, root.specific_class) == (home_page.WELCOME, Page)
    for _ in range(2):
        home_page.make_home_page(past, None)
    home = HomePage.objects.get()
    assert (home.pk, home.title, home.live) == (root.pk, "خانه", True)
    assert Site.objects.get(is_default_site=True).root_page.specific == home
    assert Page.find_problems() == ([], [], [], [], [])


def test_migration_leaves_a_site_alone_that_has_another_root(past):
    home_page.bring_welcome_page_back(past, None)
    root = Site.objects.get(is_default_site=True).root_page
    root.add_child(instance=Page(title="از پیش", slug="before"))
    home_page.make_home_page(past, None)
    assert not HomePage.objects.exists()


def indexes() -> list[tuple[str, str, str]]:
    pages = HomePage.objects.get().get_children().order_by("path").specific()
    return [(type(page).__name__, page.url, page.title) for page in pages]


INDEXES = [
    ("KnowledgeIndexPage", "/knowledge/", "پایگاه دانش"),
    ("TutorialIndexPage", "/tutorials/", "آموزش‌ها"),
    ("NoticeIndexPage", "/notices/", "اطلاعیه‌ها"),
]


def test_new_installation_has_its_index_pages():
    assert indexes() == INDEXES
    assert Page.find_problems() == ([], [], [], [], [])


def test_index_pages_go_back_and_forth_and_twice(later):
    index_pages.remove_index_pages(later, None)
    assert indexes() == []
    assert Page.find_problems() == ([], [], [], [], [])
    for _ in range(2):
        index_pages.make_index_pages(later, None)
    assert indexes() == INDEXES
    assert Page.find_problems() == ([], [], [], [], [])


def test_index_page_with_articles_stays_when_going_back(later):
    make_article()
    index_pages.remove_index_pages(later, None)
    assert indexes() == INDEXES[:1]


def test_page_that_an_editor_made_keeps_its_address(later):
    index_pages.remove_index_pages(later, None)
    HomePage.objects.get().add_child(instance=Page(title="راهنما", slug="tutorials"))
    index_pages.make_index_pages(later, None)
    assert [url for _kind, url, _title in indexes()] == ["/tutorials/", "/knowledge/", "/notices/"]
    assert Page.find_problems() == ([], [], [], [], [])
