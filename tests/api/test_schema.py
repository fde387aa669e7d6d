"""The OpenAPI document is complete and true."""

from __future__ import annotations

import io

import pytest
from django.core.management import call_command
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from portal import api_urls
from tests.api.clients import PERSIAN

UNDOCUMENTED = {"schema", "docs", "nowhere"}
FILES = {"content_picture", "content_document", "content_media", "content_poster"}
WITHOUT_SIGN_IN = {"sign_in", "verify", "content_preview"}
# The names that clients rely on; fields may be added, never renamed.
NAMES = {
    "Buyer": "first_name last_name national_code_masked main_operator address phone username",
    "Address": "city street building",
    "Device": (
        "id brand model device_type identifier_kind identifier installed_on warranty_ends_on service_ends_on "
        "service_status service_mode days_left"
    ),
    "ServiceOptions": "renewals pay_per_case withdraw",
    "Quote": "years net_rial vat_rial total_rial starts_on ends_on",
    "PayPerCase": "allowed tariff",
    "Withdraw": "allowed",
    "Order": "number kind status lines net_rial vat_rial total_rial payments",
    "StartedPayment": "id gateway status amount_rial redirect_url",
    "Payment": "id order gateway status amount_rial reference card_masked paid_at",
    "Article": "id type title slug summary url device_types device_models topics published_at updated_at image",
    "ArticleText": "id title body",
    "Tutorial": "id title duration chapters subtitles media",
    "Notice": "id title kind must_acknowledge",
    "Picture": "id alt renditions",
    "Rendition": "url width height",
    "PaginatedArticleList": "count next previous results",
    "Ticket": "number device title description importance status closed_at created_at unread",
    "WholeTicket": "number device title description importance status closed_at created_at unread attachments",
    "Message": "id body created_at is_mine author attachments",
    "Attachment": "id name size content_type url",
    "InboxItem": "id kind title body url created_at read_at must_acknowledge acknowledged_at",
    "IssuedToken": "token expires_at",
    "PaginatedDeviceList": "count next previous results",
    "Problem": "type title status detail code errors next",
}


@pytest.fixture(scope="module")
def schema():
    return SchemaGenerator().get_schema(request=None, public=True)


def operations(schema):
    return [
        pytest.param(path, method, operation, id=operation["operationId"])
        for path, found in schema["paths"].items()
        for method, operation in found.items()
    ]


def pytest_generate_tests(metafunc):
    if "operation" in metafunc.fixturenames:
        schema = SchemaGenerator().get_schema(request=None, public=True)
        metafunc.parametrize(("path", "method", "operation"), operations(schema))


def test_it_is_made_and_validated_without_a_warning(tmp_path):
    out = io.StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yml"), stderr=out)
    assert "Warnings: 0" in out.getvalue() or not out.getvalue()


def test_it_is_openapi_3_1(schema):
    validate_schema(schema)
    assert schema["openapi"].startswith("3.1")


def test_every_address_is_in_it(schema):
    routes = {str(route.pattern) for route in api_urls.urlpatterns if route.name not in UNDOCUMENTED}
    described = {path.removeprefix("/api/v1/") for path in schema["paths"]}
    shapes = {route.split("<")[0] + "#" * route.count("<") + route.split(">")[-1] for route in routes}
    assert {path.split("{")[0] + "#" * path.count("{") + path.split("}")[-1] for path in described} == shapes


def test_every_operation_has_a_name_of_its_own(schema):
    names = [operation["operationId"] for found in schema["paths"].values() for operation in found.values()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("component", NAMES)
def test_the_names_that_clients_rely_on(schema, component):
    assert set(NAMES[component].split()) <= schema["components"]["schemas"][component]["properties"].keys()


@pytest.mark.parametrize("component", [name for name in NAMES if name != "Problem"])
def test_every_day_has_its_twin_and_every_word_its_label(schema, component):
    fields = schema["components"]["schemas"][component]["properties"]
    for name, field in fields.items():
        if field.get("format") == "date":
            assert f"{name}_jalali" in fields, name
        if "Enum" in str(field.get("$ref", "")) or name in {"kind", "status"}:
            assert f"{name}_label" in fields, name


def test_an_operation_says_what_it_does_and_how_it_answers(schema, path, method, operation):
    assert operation["description"]
    good = [status for status in operation["responses"] if status.startswith("2")]
    assert len(good) == 1
    kind = "application/octet-stream" if operation["operationId"] in FILES else "application/json"
    kind = "application/pdf" if operation["operationId"] == "attachment" else kind  # and every other that is taken
    assert good == ["204"] or "schema" in operation["responses"][good[0]]["content"][kind]
    assert {"401", "429"} <= operation["responses"].keys()
    assert ("404" in operation["responses"]) >= ("{" in path)
    for status, answer in operation["responses"].items():
        if status.startswith(("2", "3")):
            continue
        described = schema["components"]["responses"][answer["$ref"].rpartition("/")[-1]]
        example = described["content"]["application/problem+json"]["example"]
        assert example["status"] == int(status)
        assert PERSIAN.search(example["detail"])


def test_only_these_need_no_sign_in(path, method, operation):
    assert bool(operation.get("security")) == (operation["operationId"] not in WITHOUT_SIGN_IN)


def test_what_creates_takes_an_idempotency_key(path, method, operation):
    takes_key = any(parameter["name"] == "Idempotency-Key" for parameter in operation.get("parameters", []))
    assert takes_key == ("201" in operation["responses"])


def test_the_document_is_public(client, db):
    answer = client.get("/api/v1/schema/")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.json()["info"]["title"]


def test_the_documentation_page_brings_its_own_scripts(client, db):
    answer = client.get("/api/v1/docs/")
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "/static/drf_spectacular_sidecar/" in text
    assert "https://" not in text
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["schema", "docs"])
def test_the_documents_cost_nothing_private(client, db, path, django_assert_num_queries):
    with django_assert_num_queries(0):
        client.get(f"/api/v1/{path}/")
