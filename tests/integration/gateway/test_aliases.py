"""The other names of operations lead to the operations."""

import re
from typing import Any

import pytest

from gateway.routing.aliases import ALIASES

COMPOSED = {"GET /v1/me", "GET /v1/users?expand=wallets"}
FORWARDED = {alias: operation for alias, operation in ALIASES.items() if operation not in COMPOSED}


def _filled(operation: str) -> str:
    return re.sub(r"{\w+}", "42", operation)


@pytest.mark.parametrize("alias", FORWARDED)
async def test_an_alias_is_the_same_operation(door: Any, service: Any, alias: str) -> None:
    method, _, path = _filled(alias).partition(" ")
    wanted, _, target = _filled(FORWARDED[alias]).partition(" ")
    wanted_path, _, wanted_query = target.partition("?")
    for slash in ("", "/"):
        answer = await door.request(method, path + slash, content=b'{"a":1}')
        seen = service.seen[-1]
        assert answer.status_code == 200
        assert (seen.method, seen.path, seen.query) == (wanted, wanted_path, wanted_query)
        assert seen.body == b'{"a":1}'


@pytest.mark.parametrize("alias", ALIASES)
async def test_an_alias_needs_a_token_where_its_operation_does(door: Any, alias: str) -> None:
    statuses = []
    for operation in (alias, ALIASES[alias]):
        method, _, path = _filled(operation).partition(" ")
        statuses.append((await door.client.request(method, path)).status_code)
    assert statuses[0] == statuses[1]
    assert statuses[0] in (200, 401)


async def test_a_trailing_slash_is_the_same_route_and_arrives_as_it_came(
    door: Any, service: Any
) -> None:
    answer = await door.request("POST", "/v1/payments/", content=b"{}")
    assert answer.status_code == 200
    assert service.seen[0].path == "/v1/payments/"
    assert (await door.client.post("/v1/auth/login/")).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/users/7", "OPTIONS, PUT"),
        ("GET", "/auth", "OPTIONS, POST"),
        ("PATCH", "/users", "GET, HEAD, OPTIONS, POST"),
        ("HEAD", "/auth/login", "OPTIONS, POST"),
        ("POST", "/v1/services/list/", "GET, HEAD, OPTIONS"),
        ("GET", "/v1/services/create", "OPTIONS, POST"),
        ("DELETE", "/v1/auth", "OPTIONS, POST"),
        ("TRACE", "/users/me", "GET, HEAD, OPTIONS"),
        ("GET", "/products/buy", "OPTIONS, POST"),
        ("POST", "/api/v1/orders/me", "GET, HEAD, OPTIONS"),
        ("GET", "/api/v1/payments/webhook/mock", "OPTIONS, POST"),
    ],
)
async def test_an_alias_names_its_own_methods(
    door: Any, service: Any, method: str, path: str, allowed: str
) -> None:
    for headers in ({}, door.token()):
        answer = await door.client.request(method, path, headers=headers)
        assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
    told = await door.client.options(path)
    assert (told.status_code, told.headers["allow"]) == (204, allowed)
    assert service.seen == []


async def test_an_alias_of_a_canonical_path_hides_none_of_its_methods(door: Any) -> None:
    path = "/v1/finance/accounts/0197a8c0-5d1e-7cc3-98c4-dc0c0c07398f"
    told = await door.client.options(path)
    assert told.headers["allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"
