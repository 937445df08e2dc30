"""Every operation, as its document has it, asked through the gateway by who means no good."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from itertools import product
from typing import Any, NamedTuple

import httpx
import pytest
from deploy.stack import Stack
from tests.e2e.test_examples import SIGNED, Shown, shown

from kit.ids import new_id
from testkit.keepers import Keeper
from testkit.people import PASSWORD, Person, eventually
from testkit.tokens import TokenMint, unsigned

PROBLEM = "application/problem+json"
STREAMS = {"stream_payments", "stream_payment", "stream_export"}
# What only the server says of anything.
NOT_THE_CALLERS = {
    "role": "admin",
    "roles": ["admin"],
    "is_admin": True,
    "balance": "1000000.00",
    "user_id": "0197a1e0-5c10-7a01-9b1c-2d3e4f5a6b07",
    "owner_id": "0197a1e0-5c10-7a01-9b1c-2d3e4f5a6b07",
    "created_at": "2020-01-01T00:00:00Z",
    "fee": "0.00",
    "rate": "1.0",
    "discount": "100.00",
}
ODD_TEXTS = {
    "nul": "a\0b",
    "half a character": "a\ud800b",
    "turned round": "a\u202egpj.exe",
    "of no width": "ad\u200bmin",
    "marks on marks": "Z" + "\u0301" * 5000,
    "a tag": "<script>alert(1)</script>",
}
ODD_VALUES = (
    "'; DROP TABLE payment; --",
    "1); SELECT pg_sleep(60); --",
    "' OR '1'='1",
    "%_\\",
    "../../../etc/passwd",
    "${7*7}{{7*7}}",
)
ODD_LIMITS = ("-1", "0", "1000000000", "1e3", "0x10", "٥", "")
NOWHERE = (
    *("/.git/config", "/.env", "/debug", "/admin", "/actuator", "/console", "/server-status"),
    *("/internal/users", "/v1/auth/internal/users", "/wallet/metrics", "/v1/wallets/../metrics"),
)


class Asked(NamedTuple):
    """An operation, with made-up ids in its path."""

    method: str
    path: str
    declared: Mapping[str, Any]

    @property
    def name(self) -> str:
        return str(self.declared["operationId"])

    @property
    def is_public(self) -> bool:
        return bool(self.declared["x-access"] == "public")

    def query(self) -> list[str]:
        parameters = self.declared.get("parameters", ())
        return [one["name"] for one in parameters if one["in"] == "query"]


def asked(document: dict[str, Any]) -> Iterator[Asked]:
    for path, item in document["paths"].items():
        filled = "/".join(str(new_id()) if "{" in part else part for part in path.split("/"))
        for method, declared in item.items():
            if declared["operationId"] not in STREAMS and not path.startswith("/sandbox"):
                yield Asked(method.upper(), filled, declared)


def bodies(document: dict[str, Any]) -> Iterator[Shown]:
    """Yield the bodies that are shown; whose name is shown is left to those who register it."""
    for one in shown(document):
        if isinstance(one.body, dict) and not one.path.startswith("/sandbox"):
            named = {"username": f"u{new_id().hex}"} if "username" in one.body else {}
            yield one._replace(body=one.body | named)


def unfit(answer: httpx.Response, declared: Mapping[str, Any]) -> bool:
    """Tell whether an answer is neither a success nor a refusal by name, or by a page."""
    refused = declared["responses"].get(str(answer.status_code), {}).get("content", {})
    kind = answer.headers["content-type"]
    is_refused = kind == PROBLEM or kind.partition(";")[0] in refused
    return not (answer.is_success or (answer.is_client_error and is_refused))


def headers_for(one: Shown, alice: Person, keeper: Keeper) -> dict[str, str]:
    caller = keeper.person if one.operation["x-access"] == "admin" else alice
    return caller.headers


@pytest.fixture
async def tokens(alice: Person) -> dict[str, dict[str, str] | None]:
    """What is no access token of Saldo, by what it is instead."""
    login = {"username": alice.username, "password": PASSWORD}
    refresh = (await alice.http.post("/v1/auth/login", json=login)).json()["refresh_token"]
    stranger = TokenMint()
    nobodys = unsigned(stranger.header(alg="none"), stranger.claims()) + "."
    bearers = {
        "garbage": "garbage",
        "a refresh token": refresh,
        "a token of another key": stranger.user(),
        "a token that nobody signed": nobodys,
        "a token that was changed": alice.token[:-9] + "A" * 9,
    }
    return {"none": None} | {
        what: {"Authorization": f"Bearer {token}"} for what, token in bearers.items()
    }


@pytest.mark.check(4, 11, 16, 17)
async def test_only_what_is_public_is_answered_without_a_good_token(
    http: httpx.AsyncClient, document: dict[str, Any], tokens: dict[str, dict[str, str] | None]
) -> None:
    opened = set()
    for one in asked(document):
        if not one.is_public:
            for what, headers in tokens.items():
                answer = await http.request(one.method, one.path, headers=headers)
                if answer.status_code != 401:
                    opened.add((one.name, what, answer.status_code))
    # A setting opens this one outside production; it then serves a bad token as none.
    assert {name for name, *_ in opened} <= {"create_service"}


@pytest.mark.check(4)
async def test_what_is_an_administrators_is_forbidden_to_a_user(
    alice: Person, document: dict[str, Any]
) -> None:
    found = {
        one.name: (
            await alice.http.request(one.method, one.path, headers=alice.headers)
        ).status_code
        for one in asked(document)
        if one.declared["x-access"] == "admin"
    }
    assert len(found) > 20
    assert set(found.values()) == {403}


@pytest.mark.check(6, 50)
async def test_no_body_sets_what_is_not_the_callers(
    alice: Person, keeper: Keeper, document: dict[str, Any]
) -> None:
    wrong = {}
    for one in bodies(document):
        if one.operation["operationId"] in SIGNED:
            continue
        added = {name: value for name, value in NOT_THE_CALLERS.items() if name not in one.body}
        body, headers = one.body | added, headers_for(one, alice, keeper)
        answer = await alice.http.request(one.method, one.path, json=body, headers=headers)
        named = {fault["pointer"] for fault in answer.json().get("errors", ())}
        if answer.status_code != 422 or not {f"/{name}" for name in added} & named:
            wrong[one.path] = answer.status_code, answer.text[:200]
    assert wrong == {}


@pytest.mark.check(35)
async def test_an_odd_text_is_refused_or_comes_back_as_it_was(
    alice: Person, keeper: Keeper, document: dict[str, Any]
) -> None:
    wrong = {}
    for one in bodies(document):
        texts = [name for name, value in one.body.items() if isinstance(value, str)]
        headers = headers_for(one, alice, keeper) | {"Content-Type": "application/json"}
        for name, (what, text) in product(texts, ODD_TEXTS.items()):
            content = json.dumps(one.body | {name: text})
            answer = await alice.http.request(
                one.method, one.path, content=content, headers=headers
            )
            told = answer.json() if answer.is_success and answer.content else {}
            if unfit(answer, one.operation) or told.get(name, text) != text:
                wrong[one.path, name, what] = answer.status_code, answer.text[:200]
    assert wrong == {}


@pytest.mark.check(39, 42)
async def test_no_parameter_is_more_than_a_value(
    alice: Person, keeper: Keeper, document: dict[str, Any]
) -> None:
    wrong = {}
    for one in asked(document):
        if one.method != "GET":
            continue
        caller = keeper.person if one.declared["x-access"] == "admin" else alice
        for name in one.query():
            odd = [{name: value} for value in ODD_VALUES]
            for query in (*odd, [(name, "1"), (name, "2")]):
                answer = await alice.http.get(one.path, params=query, headers=caller.headers)
                if unfit(answer, one.declared) or (
                    isinstance(query, list) and answer.status_code != 400
                ):
                    wrong[one.path, name] = query, answer.status_code, answer.text[:200]
    assert wrong == {}


@pytest.mark.check(42)
async def test_a_list_is_as_long_as_it_may_be(
    alice: Person, keeper: Keeper, document: dict[str, Any]
) -> None:
    listed = [one for one in asked(document) if one.method == "GET" and "limit" in one.query()]
    assert len(listed) > 20
    for one, limit in product(listed, ODD_LIMITS):
        caller = keeper.person if one.declared["x-access"] == "admin" else alice
        answer = await alice.http.get(one.path, params={"limit": limit}, headers=caller.headers)
        assert answer.status_code in (404, 422), (one.name, limit)


@pytest.fixture
async def directly(stack: Stack) -> AsyncIterator[dict[str, httpx.AsyncClient]]:
    """Clients of the services themselves, past the gateway."""
    told = stack.env_of("gateway")
    urls = {name: told[f"{name.upper()}_URL"] for name in ("wallet", "payments", "finance")}
    clients = {name: httpx.AsyncClient(base_url=url) for name, url in urls.items()}
    yield clients
    for client in clients.values():
        await client.aclose()


LOOKS = {
    "wallet": "/v1/wallets/me",
    "payments": "/v1/payments",
    "finance": "/v1/finance/accounts",
}


@pytest.mark.check(18)
async def test_after_the_logout_neither_gateway_nor_services_take_the_token(
    alice: Person, directly: dict[str, httpx.AsyncClient]
) -> None:
    doors = [(alice.http, path) for path in LOOKS.values()]
    doors += [(directly[name], path) for name, path in LOOKS.items()]

    async def statuses() -> set[int]:
        return {(await http.get(path, headers=alice.headers)).status_code for http, path in doors}

    assert await statuses() == {200}
    assert (await alice.post("/v1/auth/logout")).is_success
    await eventually(statuses, lambda seen: seen == {401}, within=2)


@pytest.mark.check(8)
async def test_who_is_disabled_is_shut_out_of_gateway_and_services_at_once(
    alice: Person, keeper: Keeper, directly: dict[str, httpx.AsyncClient]
) -> None:
    doors = [(alice.http, path) for path in LOOKS.values()]
    doors += [(directly[name], path) for name, path in LOOKS.items()]

    async def statuses() -> set[int]:
        return {(await http.get(path, headers=alice.headers)).status_code for http, path in doors}

    assert await statuses() == {200}
    done = await keeper.ask("PATCH", f"/v1/users/{alice.user_id}", {"is_active": False})
    assert done.is_success, done.text
    await eventually(statuses, lambda seen: seen == {401}, within=2)


@pytest.mark.check(55)
async def test_services_themselves_want_a_token_too(
    http: httpx.AsyncClient, directly: dict[str, httpx.AsyncClient]
) -> None:
    claims = {"X-User-Id": str(new_id()), "X-Roles": "admin", "Remote-User": "root"}
    for name, path in LOOKS.items():
        for headers in ({}, claims):
            answer = await directly[name].get(path, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


@pytest.mark.check(65)
async def test_what_is_not_documented_is_not_there(alice: Person, keeper: Keeper) -> None:
    callers = ({}, alice.headers, keeper.person.headers)
    for path, headers in product(NOWHERE, callers):
        answer = await alice.http.get(path, headers=headers)
        assert answer.status_code in (400, 401, 404), path
        assert answer.headers["content-type"] == PROBLEM
