"""Articles, tutorials and notices for other front ends."""

import json
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator

from cms.models import ArticlePage, NoticePage, Topic, TutorialPage
from customer.models import Device
from tests.api.clients import client_of, fields_of, problem_of
from tests.factories.content import block, make_body, make_document, make_image, make_media, make_page
from tests.factories.customer import make_active_device, make_model

ARTICLES = "/api/v1/content/articles/"
KINDS = {"articles": ArticlePage, "tutorials": TutorialPage, "notices": NoticePage}


@pytest.fixture(autouse=True)
def stored_apart(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture(scope="module")
def schema():
    return SchemaGenerator().get_schema(request=None, public=True)


@pytest.fixture
def valid(schema):
    """Fails for what is not as the OpenAPI document says, and for fields of which it says nothing."""

    def check(body, component):
        found = {"$ref": f"#/components/schemas/{component}", "components": schema["components"]}
        Draft202012Validator(found).validate(body)
        assert body.keys() == schema["components"]["schemas"][component]["properties"].keys()

    return check


@pytest.fixture
def full():
    """An article with a block of every kind, and its files."""
    image, document, media = make_image(size=(1200, 900)), make_document(), make_media()
    page = make_page(title="راه‌اندازی", open_to_all=True)
    topic = Topic.objects.create(name="کالیبراسیون", slug="calibration")
    model = make_model()
    body = make_body(image, document, media, page=page)
    return make_page(types=[model.device_type], models=[model], topics=[topic], body=body, open_to_all=True)


def ids(answer) -> list[int]:
    return [row["id"] for row in answer.json()["results"]]


def test_an_article_whole(api, full, valid):
    answer = api.get(f"{ARTICLES}{full.pk}/")
    body = answer.json()
    valid(body, "ArticleText")
    assert (body["id"], body["type"], body["title"]) == (full.pk, "article", full.title)
    assert body["url"] == full.get_url()
    assert [row["slug"] for row in body["topics"]] == ["calibration"]
    assert body["device_models"] == [{"id": row.pk, "name": row.name} for row in full.device_models.all()]
    assert [one["type"] for one in body["body"]] == [one["type"] for one in full.body.raw_data]
    assert [one["id"] for one in body["body"]] == [one["id"] for one in full.body.raw_data]


def test_its_words_and_links_are_safe(api, full):
    blocks = {one["type"]: one["value"] for one in api.get(f"{ARTICLES}{full.pk}/").json()["body"]}
    document = blocks["download"]["document"]
    other = ArticlePage.objects.get(title="راه‌اندازی")
    assert blocks["text"] == (
        f'<p>متن <b>درشت</b> <a href="{document["url"]}">پرونده</a> <a href="{other.get_url()}">صفحهٔ دیگر</a></p>'
    )
    assert blocks["faq"][0]["answer"] == blocks["steps"][0]["text"] == blocks["warning"]["text"] == blocks["text"]
    assert blocks["table"] == {"caption": "خطاها", "columns": ["کد", "شرح"], "rows": [["E1", "گرما"]]}
    assert (document["size"], document["content_type"]) == (14, "application/pdf")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ('<p onclick="x()">a<script>b</script></p>', "<p>a</p>"),
        ('<a href="javascript:alert(1)">a</a>', "a"),
        ('<a href=" JaVaScRiPt:alert(1)">a</a>', "a"),
        ('<a href="//evil.example">a</a>', "a"),
        ('<a href="https://a.example/" target="x">a</a>', '<a href="https://a.example/">a</a>'),
        ('<a href="tel:+982112345678">a</a>', '<a href="tel:+982112345678">a</a>'),
        ('<embed embedtype="image" id="1"/><h2>a</h2>', "a"),
        ('<a linktype="page" id="999999">a</a><a linktype="page" id="x">b</a>', "ab"),
        ("a &lt;b&gt; &amp; c", "a &lt;b&gt; &amp; c"),
    ],
)
def test_what_could_do_harm_is_left_out(api, words, told):
    page = make_page(body=json.dumps([block("text", words)]))
    assert api.get(f"{ARTICLES}{page.pk}/").json()["body"][0]["value"] == told


def test_a_link_to_a_page_of_others_is_words_only(api, other):
    hidden = make_page(models=[make_active_device(other).model])
    page = make_page(body=json.dumps([block("text", f'<a linktype="page" id="{hidden.pk}">صفحه</a>')]))
    assert api.get(f"{ARTICLES}{page.pk}/").json()["body"][0]["value"] == "صفحه"
    assert hidden.get_url() in client_of(other.user).get(f"{ARTICLES}{page.pk}/").json()["body"][0]["value"]


def test_pictures_come_in_sizes_that_can_be_fetched(api, full):
    blocks = {one["type"]: one["value"] for one in api.get(f"{ARTICLES}{full.pk}/").json()["body"]}
    image = blocks["figure"]["image"]
    assert image["alt"] == "نمای پشت"
    assert [one["width"] for one in image["renditions"]] == [480, 960, 1200]
    for one in image["renditions"]:
        answer = api.get(one["url"])
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/png")
        assert b"".join(answer.streaming_content).startswith(b"\x89PNG")
    media = blocks["video"]["media"]
    answer = api.get(media["url"], HTTP_RANGE="bytes=4-7")
    assert (answer.status_code, b"".join(answer.streaming_content)) == (206, b"ftyp")


def test_files_that_are_gone_leave_the_rest(api, full):
    for kind in (make_image, make_document, make_media):
        type(kind()).objects.all().delete()
    blocks = {one["type"]: one["value"] for one in api.get(f"{ARTICLES}{full.pk}/").json()["body"]}
    assert blocks["figure"]["image"] is blocks["download"]["document"] is blocks["video"]["media"] is None
    assert "<b>درشت</b> پرونده" in blocks["text"]


def test_a_picture_without_its_original_has_no_sizes(api, full, tmp_path):
    for file in (tmp_path / "original_images").iterdir():
        file.unlink()
    blocks = {one["type"]: one["value"] for one in api.get(f"{ARTICLES}{full.pk}/").json()["body"]}
    assert blocks["figure"]["image"]["renditions"] == []


@pytest.mark.parametrize("name", KINDS)
def test_a_list_without_bodies(api, name, valid):
    pages = [make_page(KINDS[name]) for _ in range(3)]
    answer = api.get(f"/api/v1/content/{name}/").json()
    assert [row["id"] for row in answer["results"]] == [page.pk for page in reversed(pages)]
    component = KINDS[name].__name__.removesuffix("Page")
    for row in answer["results"]:
        valid(row, component)
        valid(api.get(f"/api/v1/content/{name}/{row['id']}/").json(), f"{component}Text")


@pytest.mark.parametrize("name", KINDS)
def test_one_kind_is_not_found_among_another(api, name):
    page = make_page(KINDS[name])
    for other in KINDS:
        status = api.get(f"/api/v1/content/{other}/{page.pk}/").status_code
        assert status == (200 if other == name else 404)


def test_pages_and_order(api):
    pages = [make_page(title=title) for title in ("ب", "پ", "الف")]
    first = api.get(ARTICLES, {"page_size": 2, "ordering": "title"}).json()
    assert ([row["title"] for row in first["results"]], first["count"]) == (["الف", "ب"], 3)
    assert first["next"].endswith("?ordering=title&page=2&page_size=2")
    assert ids(api.get(ARTICLES, {"ordering": "-published_at"})) == [page.pk for page in reversed(pages)]
    assert fields_of(api.get(ARTICLES, {"ordering": "body"})) == {"ordering": "invalid_choice"}
    problem_of(api.get(ARTICLES, {"page": 9}), 404)


def test_filters(api):
    mill, scanner = make_model(), make_model()
    topic = Topic.objects.create(name="شبکه", slug="network")
    by_type = make_page(types=[mill.device_type], open_to_all=True)
    by_model = make_page(models=[mill], topics=[topic], open_to_all=True)
    make_page(models=[scanner], open_to_all=True)
    make_page()
    assert set(ids(api.get(ARTICLES, {"device_type": mill.device_type.slug}))) == {by_type.pk, by_model.pk}
    assert ids(api.get(ARTICLES, {"topic": "network"})) == [by_model.pk]
    assert ids(api.get(ARTICLES, {"topic": "network", "device_type": scanner.device_type.slug})) == []
    assert ids(api.get(ARTICLES, {"topic": "nothing\x01"})) == []


def test_search(api):
    page = make_page(title="خطای E12 دستگاه", summary="وقتی چراغ قرمز است")
    make_page(title="نگهداری روزانه")
    for text in ("E۱۲", "e12 چراغ", "خطاي", " دستگاه  قرمز "):
        assert ids(api.get(ARTICLES, {"search": text})) == [page.pk], text
    assert ids(api.get(ARTICLES, {"search": "E12 روزانه"})) == []
    assert fields_of(api.get(ARTICLES, {"search": "x" * 101})) == {"search": "max_length"}


# --- asking again ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("one", [False, True])
def test_what_has_not_changed_is_not_sent_again(api, other, one):
    page = make_page(title="یک")
    path = f"{ARTICLES}{page.pk}/" if one else ARTICLES
    first = api.get(path)
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert {"Authorization", "Cookie"} <= set(first.headers["Vary"].split(", "))
    again = api.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    ArticlePage.objects.filter(pk=page.pk).update(title="دو")
    changed = api.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200
    # Time alone proves nothing.
    assert api.get(path, headers={"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}).status_code == 200


def test_a_device_that_is_gone_shows_at_once(api, buyer, other):
    device = make_active_device(buyer)
    page = make_page(models=[device.model])
    answers = {path: api.get(path) for path in (ARTICLES, f"{ARTICLES}{page.pk}/")}
    Device.objects.filter(pk=device.pk).update(owner=other)
    tags = {path: {"If-None-Match": answer.headers["ETag"]} for path, answer in answers.items()}
    assert ids(api.get(ARTICLES, headers=tags[ARTICLES])) == []
    problem_of(api.get(f"{ARTICLES}{page.pk}/", headers=tags[f"{ARTICLES}{page.pk}/"]), 404)


@pytest.mark.parametrize("pages", [1, 20])
def test_a_list_costs_six_queries_at_most(api, pages, django_assert_num_queries):
    image = make_image()
    body = json.dumps([block("figure", {"image": image.pk, "alt": "شکل"})])
    topic = Topic.objects.create(name="شبکه", slug="network")
    for _ in range(pages):
        make_page(body=body, topics=[topic])
    api.get(ARTICLES)
    with django_assert_num_queries(5):  # token, pages, terms, pictures, renditions
        assert len(ids(api.get(ARTICLES, {"page_size": 20}))) == pages


def test_one_costs_eight(api, full, django_assert_num_queries):
    api.get(f"{ARTICLES}{full.pk}/")
    # token, page, terms, pictures, renditions, documents, linked pages, media
    with django_assert_num_queries(8):
        api.get(f"{ARTICLES}{full.pk}/")


def test_nobody_else_gets_in(anonymous, staff_api, full):
    for path in (ARTICLES, f"{ARTICLES}{full.pk}/"):
        problem_of(anonymous.get(path), 401)
        problem_of(staff_api.get(path), 403)


def test_an_expired_page_is_gone_in_that_second(api):
    page = make_page(expire_at=timezone.now() + timedelta(seconds=60))
    assert ids(api.get(ARTICLES)) == [page.pk]
    ArticlePage.objects.filter(pk=page.pk).update(expire_at=timezone.now())
    assert ids(api.get(ARTICLES)) == []
    cache.clear()
