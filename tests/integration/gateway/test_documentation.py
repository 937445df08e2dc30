"""The documentation of all services, served by the gateway alone."""

import re
from typing import Any

import orjson
import pytest

SERVICES = ("auth", "wallet", "payments", "shop", "finance", "notifications", "sandbox", "gateway")
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Saldo wallet", "version": "1"},
    "servers": [{"url": "http://wallet.internal:8102"}],
    "paths": {
        "/v1/wallets": {
            "get": {
                "operationId": "list_wallets",
                "tags": ["mine"],
                "responses": {
                    "200": {
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Wallet"}}
                        }
                    }
                },
            }
        },
        "/v1/wallets/{id}": {"get": {"operationId": "get_wallet"}, "parameters": []},
        "/internal/wallets/{id}": {"get": {"operationId": "internal", "tags": ["internal"]}},
        "/v1/payments": {"get": {"operationId": "not_ours"}},
    },
    "tags": [{"name": "mine"}, {"name": "internal"}],
    "components": {
        "schemas": {
            "Wallet": {"properties": {"status": {"$ref": "#/components/schemas/Status"}}},
            "Status": {"enum": ["active"]},
            "Internal": {"type": "object"},
        },
        "securitySchemes": {
            "password": {
                "type": "oauth2",
                "flows": {"password": {"tokenUrl": "http://wallet.internal/token", "scopes": {}}},
            },
            "bearer": {"type": "http", "scheme": "bearer"},
            "service": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "x"}}},
        },
    },
}


@pytest.fixture
def documented(service: Any) -> Any:
    service.answers(200, orjson.dumps(DOCUMENT), [(b"content-type", b"application/json")])
    return service


@pytest.mark.parametrize(
    ("path", "first"),
    [
        ("/docs", "auth"),
        ("/docs/", "auth"),
        ("/docs/swagger", "auth"),
        ("/docs/wallet", "wallet"),
        ("/docs/gateway", "gateway"),
    ],
)
async def test_swagger_ui_offers_every_service(door: Any, path: str, first: str) -> None:
    page = await door.client.get(path)
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert (
        'data-services="auth wallet payments shop finance notifications sandbox gateway"'
        in page.text
    )
    assert f'data-first="{first}"' in page.text


@pytest.mark.parametrize(("path", "first"), [("/redoc", "auth"), ("/redoc/payments", "payments")])
async def test_redoc_shows_one_service_and_links_to_the_others(
    door: Any, path: str, first: str
) -> None:
    page = await door.client.get(path)
    assert f'spec-url="/openapi/{first}.json"' in page.text
    for name in SERVICES:
        assert f'href="/redoc/{name}"' in page.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        # A viewer keeps in its address what is open in it, and links carry what they like.
        ("/docs?urls.primaryName=wallet", 200),
        ("/redoc/wallet?utm_source=mail", 200),
        ("/docs/assets/redoc.js?v=2", 200),
        ("/openapi.json?x=1", 422),
        ("/openapi/wallet.json?x=1", 422),
        ("/?x=1", 422),
    ],
)
async def test_pages_for_viewers_take_any_parameters_and_documents_none(
    door: Any, documented: Any, path: str, status: int
) -> None:
    assert (await door.client.get(path)).status_code == status


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
async def test_pages_need_nothing_from_elsewhere_and_no_script_inside(door: Any, path: str) -> None:
    page = await door.client.get(path)
    policy = page.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "default-src 'none'" in policy
    assert "connect-src 'self'" in policy
    assert not re.search(r"<script[^>]*>[^<]", page.text)
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", page.text)
    sources = re.findall(r'(?:src|href)="(/docs/assets/[^"]+)"', page.text)
    assert len(sources) > 1
    for source in sources:
        asset = await door.client.get(source)
        assert asset.status_code == 200
        assert asset.headers["x-content-type-options"] == "nosniff"
        assert asset.headers["content-type"] == (
            "text/css; charset=utf-8"
            if source.endswith("css")
            else "text/javascript; charset=utf-8"
        )
        assert len(asset.content) == int(asset.headers["content-length"]) > 0


async def test_redoc_asks_nothing_of_its_maker(door: Any) -> None:
    page = await door.client.get("/redoc")
    assert 'disable-telemetry="true"' in page.text
    script = (await door.client.get("/docs/assets/redoc.js")).content
    assert not re.findall(rb"https://cdn\.[a-z.]+/[^`\"']+\.(?:svg|png|css)", script)


async def test_a_document_reads_as_the_gateway_serves_it(door: Any, documented: Any) -> None:
    answer = await door.client.get("/openapi/wallet.json")
    document = answer.json()
    assert documented.seen[0].path == "/openapi.json"
    assert answer.headers["content-type"] == "application/json"
    assert document["servers"] == [{"url": "/"}]
    assert set(document["paths"]) == {"/v1/wallets", "/v1/wallets/{id}"}
    assert document["tags"] == [{"name": "mine"}]
    schemes = document["components"]["securitySchemes"]
    assert set(schemes) == {"password", "bearer"}
    assert schemes["password"]["flows"]["password"]["tokenUrl"] == "/v1/auth/token"
    assert schemes["bearer"] == {"type": "http", "scheme": "bearer"}
    assert set(document["components"]["schemas"]) == {"Wallet", "Status"}


async def test_one_document_holds_all_services_and_tells_their_schemas_apart(
    door: Any, documented: Any
) -> None:
    answer = await door.client.get("/openapi.json")
    document = answer.json()
    assert answer.status_code == 200
    assert document["info"]["title"] == "Saldo"
    assert {"/v1/wallets", "/v1/me"} <= set(document["paths"])
    assert {"Wallet", "Me", "Problem"} <= set(document["components"]["schemas"])
    again = await door.client.get("/openapi.json")
    assert again.content == answer.content
    assert len(documented.seen) == len(SERVICES) - 1  # the gateway's own is asked of nobody


async def test_the_first_page_links_to_what_is_there(door: Any, open_door: Any) -> None:
    found = (await door.client.get("/")).json()
    for path in found["links"].values():
        if not path.startswith(("/sandbox", "/.well-known", "/openapi")):
            assert (await door.client.get(path)).status_code in {200, 503}, path
    page = await door.client.get("/", headers={"accept": "text/html,*/*"})
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert 'href="/docs"' in page.text
    closed = await open_door(environment="production")
    assert set((await closed.client.get("/")).json()["links"]) == {"health", "keys"}


async def test_the_gateways_own_operation_is_documented_too(door: Any) -> None:
    document = (await door.client.get("/openapi/gateway.json")).json()
    assert list(document["paths"]) == ["/v1/me", "/v1/currencies"]
    me = document["paths"]["/v1/me"]["get"]
    assert me["x-access"] == "user"
    assert [(p["name"], p["schema"]["enum"]) for p in me["parameters"]] == [("expand", ["orders"])]
    assert "parameters" not in document["paths"]["/v1/currencies"]["get"]


@pytest.mark.parametrize(
    "path",
    [
        "/docs/unknown",
        "/docs/assets/unknown.js",
        "/docs/assets/scalar.js",
        "/docs/assets/__init__.py",
        "/redoc/swagger",
        "/openapi/unknown.json",
        "/openapi/wallet.yaml",
        "/openapi/wallet",
        "/openapi",
    ],
)
async def test_what_is_not_documentation_is_not_there(door: Any, service: Any, path: str) -> None:
    answer = await door.client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert service.seen == []


@pytest.mark.parametrize(("status", "body"), [(404, b"{}"), (200, b"<html>"), (200, b"[]")])
async def test_a_service_without_a_document_is_unavailable(
    door: Any, service: Any, status: int, body: bytes
) -> None:
    service.answers(status, body)
    answer = await door.client.get("/openapi/wallet.json")
    assert (answer.status_code, answer.json()["code"]) == (503, "upstream_unavailable")


@pytest.mark.parametrize(
    "path", ["/docs", "/docs/wallet", "/docs/assets/redoc.js", "/redoc", "/openapi/auth.json"]
)
async def test_production_serves_none_of_it_and_told_to_only_administrators(
    open_door: Any, documented: Any, path: str
) -> None:
    closed = await open_door(environment="production")
    told_off = await open_door(docs=False)
    told_on = await open_door(environment="production", docs=True)
    assert (await closed.client.get(path)).status_code == 404
    assert (await told_off.client.get(path)).status_code == 404
    assert (await told_on.client.get(path)).status_code == 401
    refused = await told_on.get(path)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    admin = told_on.token(roles=["user", "admin"])
    assert (await told_on.client.get(path, headers=admin)).status_code == 200
    assert len(documented.seen) <= 1
