"""Pages of another origin: those in the setting, at the REST face, with tokens."""

import pytest

FRONT = "https://app.example"
PATH = "/api/v1/content/articles/"
ASKS_FIRST = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}


@pytest.fixture
def allowed(settings):
    settings.CORS_ORIGINS = [FRONT]


def cors(answer) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name.startswith("Access-Control-")}


def test_without_the_setting_nothing_is_said(client, db):
    for method in (client.get, client.options):
        answer = method(PATH, headers={"Origin": FRONT, **ASKS_FIRST})
        assert cors(answer) == {}
        assert answer.status_code == 401


def test_a_known_origin_is_let_in(client, db, allowed):
    answer = client.get(PATH, headers={"Origin": FRONT})
    assert answer.status_code == 401
    assert answer.headers["Access-Control-Allow-Origin"] == FRONT
    assert "ETag" in answer.headers["Access-Control-Expose-Headers"]
    assert "Origin" in answer.headers["Vary"]
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_what_it_asks_first_costs_nothing(client, allowed, django_assert_num_queries):
    answer = client.options(PATH, headers={"Origin": FRONT, **ASKS_FIRST})
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == FRONT
    assert "GET" in answer.headers["Access-Control-Allow-Methods"]
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "Origin" in answer.headers["Vary"]


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "https://app.example.evil.example", "http://app.example", "null", FRONT + ":8443"],
)
def test_another_origin_is_not(client, db, allowed, origin):
    for answer in (
        client.get(PATH, headers={"Origin": origin}),
        client.options(PATH, headers={"Origin": origin, **ASKS_FIRST}),
    ):
        assert cors(answer) == {}
        assert "Origin" in answer.headers["Vary"]


@pytest.mark.parametrize("path", ["/", "/login/", "/media/images/x.png", "/admin/", "/healthz"])
def test_no_other_address_speaks_of_it(client, db, allowed, path):
    assert cors(client.get(path, headers={"Origin": FRONT})) == {}
    assert cors(client.options(path, headers={"Origin": FRONT, **ASKS_FIRST})) == {}


def test_errors_can_be_read_too(client, db, allowed):
    answer = client.get("/api/v1/nothing/", headers={"Origin": FRONT})
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (404, FRONT)
