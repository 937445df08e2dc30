"""Paths that try to be two things at once: SECURITY check 43."""

from typing import Any

import pytest


@pytest.mark.check(43)
@pytest.mark.parametrize(
    "path",
    [
        "/v1/payments/..%2fadmin",
        "/v1/payments/%2e%2e/users",
        "/v1/payments/%2E%2E/users",
        "/v1/payments/%252e%252e/users",
        "/v1/payments/../users",
        "/v1/./payments",
        "/v1/payments/.",
        "/v1/payments/..",
        "//v1/users",
        "/v1//users",
        "/v1/users//",
        "/v1/payments;x/7",
        "/v1/payments;/../users",
        "/v1/payments%3bx",
        "/v1/payments%5cusers",
        "/v1/payments\\users",
        "/v1/payments%2f7",
        "/v1/payments%00",
        "/v1/payments%0d%0aX:1",
        "/v1/payments%7f",
        "/v1/payments%",
        "/v1/payments%g1",
        "/v1/payments%2",
        "/v1/payments/|",
        "/v1/payments/{7}",
        "/v1/auth/login/../me",
        "/v1/auth/login/..;/me",
        "/v1/auth/login%2f..%2fme",
        "/.well-known/../v1/users",
        "/sandbox/../v1/users",
        "/sandbox/..%2fv1/users",
        "/v1/auth/login/%6de",
        "/v1/payments/expor%74.csv",
    ],
)
async def test_a_tricky_path_is_refused_with_and_without_a_token(
    door: Any, service: Any, path: str
) -> None:
    token = door.desk.mint.user()
    for credentials in ("", f"Authorization: Bearer {token}\r\n"):
        request = f"GET {path} HTTP/1.1\r\nHost: x\r\n{credentials}\r\n"
        answer = await door.raw(request.encode())
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert b"problem+json" in answer
    assert service.seen == []


@pytest.mark.check(65)
@pytest.mark.parametrize(
    "path",
    [
        "/v1",
        "/V1/payments",
        "/v1/Payments",
        "/v1/paymentsx",
        "/v1/payments.",
        "/v1/payment",
        "/internal/users",
        "/openapi.yaml",
        "/debug",
        "/.git/config",
        "/.env",
        "/docs.html",
        "/sandboxx/verify/one",
        "/auth/v1/register",
        "/healthz",
        "/v1%2fpayments/",
        "*",
    ],
)
async def test_a_path_that_is_not_routed_is_not_there(door: Any, service: Any, path: str) -> None:
    token = door.desk.mint.user()
    request = f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n"
    answer = await door.raw(request.encode())
    assert answer.startswith((b"HTTP/1.1 404 ", b"HTTP/1.1 400 "))
    assert service.seen == []


@pytest.mark.check(65)
@pytest.mark.parametrize(
    "path",
    [
        *("/metrics", "/health/upstreams", "/docs", "/docs/wallet", "/docs/swagger", "/redoc"),
        *("/openapi.json", "/openapi/wallet.json", "/docs/assets/redoc.js", "/debug", "/console"),
        *("/.git", "/.git/config", "/.git/HEAD", "/.env", "/wallet/.env", "/sandbox/mail"),
        *("/v1/metrics", "/wallet/openapi.json", "/internal/api-keys/exchange"),
    ],
)
async def test_in_production_nothing_is_there_but_the_api(
    open_door: Any, service: Any, path: str
) -> None:
    door = await open_door(environment="production", metrics_networks=["10.0.0.0/8"])
    for roles in (None, ["user"], ["user", "admin"]):
        headers = {} if roles is None else door.token(roles=roles)
        answer = await door.client.get(path, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert service.seen == []


@pytest.mark.parametrize(
    "path", ["/v1/payments/7.", "/v1/auth/me.", "/v1/auth/login/%c3%a9", "/v1/users/%20"]
)
async def test_an_unusual_path_below_a_prefix_needs_a_token_and_arrives_as_it_is(
    door: Any, service: Any, path: str
) -> None:
    request = f"GET {path} HTTP/1.1\r\nHost: x\r\n"
    answer = await door.raw(f"{request}\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 401 ")
    assert service.seen == []
    token = door.desk.mint.user()
    answer = await door.raw(f"{request}Authorization: Bearer {token}\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert service.seen[0].path == path


async def test_an_absolute_address_is_routed_by_its_path(door: Any, service: Any) -> None:
    request = b"GET http://elsewhere.test/v1/services HTTP/1.1\r\nHost: elsewhere.test\r\n\r\n"
    answer = await door.raw(request)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert service.seen[0].path == "/v1/services"
    assert service.seen[0].header("host") == f"127.0.0.1:{service.port}"
