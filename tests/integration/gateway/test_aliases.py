"""The other names of operations lead to the operations."""

from typing import Any

import pytest

from gateway.aliases import ALIASES

COMPOSED = {"GET /v1/me", "GET /v1/users?expand=wallets"}
FORWARDED = {alias: operation for alias, operation in ALIASES.items() if operation not in COMPOSED}


@pytest.mark.parametrize("alias", FORWARDED)
async def test_an_alias_is_the_same_operation(door: Any, service: Any, alias: str) -> None:
    method, _, path = alias.replace("{id}", "42").partition(" ")
    wanted, _, target = FORWARDED[alias].replace("{id}", "42").partition(" ")
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
        method, _, path = operation.replace("{id}", "42").partition(" ")
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


async def test_another_method_on_an_alias_is_not_there(door: Any, service: Any) -> None:
    for method, path in (("DELETE", "/users/7"), ("GET", "/auth"), ("PATCH", "/users")):
        assert (await door.request(method, path)).status_code == 404
    assert service.seen == []
