"""Every operation, as its document has it, asked through the gateway by who means no good."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from itertools import product
from typing import Any, NamedTuple

import httpx
import pytest
from deploy.stack import Stack
from tests.e2e.bodies import ShownBody, at
from tests.e2e.test_examples import SIGNED

from kit.ids import new_id
from testkit.keepers import Keeper
from testkit.people import PASSWORD, Person, eventually
from testkit.tokens import TokenMint, unsigned

PROBLEM = "application/problem+json"
STREAMS = {"stream_payments", "stream_payment", "stream_export"}
# What only the server says of anything.
NOT_THE_CALLERS = {
    "id": "0197a1e0-5c10-7a01-9b1c-2d3e4f5a6b07",
    "role": "admin",
    "roles": ["admin"],
    "is_admin": True,
    "status": "paid",
    "balance": "1000000.00",
    "user_id": "0197a1e0-5c10-7a01-9b1c-2d3e4f5a6b07",
    "owner_id": "0197a1e0-5c10-7a01-9b1c-2d3e4f5a6b07",
    "created_at": "2020-01-01T00:00:00Z",
    "fee": "0.00",
    "price": "0.01",
    "rate": "1.0",
    "discount": "100.00",
}
# Administrators give roles and keep the catalogue; whoever pays says whom, or sets his own price.
THE_CALLERS = {
    ("change_user", "/roles"),
    ("create_product", "/price"),
    ("change_product", "/price"),
    ("import_catalogue", "/0/price"),
    ("create_service", "/price"),
    ("change_service", "/price"),
    ("create_payment", "/payee/user_id"),
    ("quote_payment", "/payee/user_id"),
    ("send_bulk", "/0/payee/user_id"),
}
# What somebody has, and has set.
OWN = (
    *("/v1/me", "/v1/wallets", "/v1/payments", "/v1/payments/limits", "/v1/services"),
    *("/v1/finance/accounts", "/v1/finance/transactions", "/v1/finance/rules", "/v1/shop/orders"),
    *("/v1/auth/api-keys", "/v1/webhook-endpoints"),
)
ODD_TEXTS = {
    "nul": "a\0b",
    "half a character": "a\ud800b",
    "turned round": "a\u202egpj.exe",
    "of no width": "ad\u200bmin",
    "marks on marks": "Z" + "\u0301" * 5000,
    "a tag": "<script>alert(1)</script>",
    "long": "x" * 1_000_000,
}
# No JSON beside what is quoted; the last is ARABIC-INDIC DIGIT FIVE.
AMOUNTS = {"amount", "price", "to_amount", "per_payment", "per_day", "amount_min", "amount_max"}
NO_AMOUNTS = (
    *("1.5", "150", "true", "NaN", "Infinity", "1e400", "[]", "{}"),
    *('"-1.00"', '"-0"', '"+5"', '"1e3"', '"NaN"', '"Infinity"', '"1,00"', '" 1.00"', '"0x10"'),
    *('"1.0000000001"', '"1%s"' % ("0" * 30), '"\u0665"'),
)
ODD_ORDERS = ("password_hash", "created_at; DROP TABLE payment", "id) --", "-", "1", "random()")
WILDCARDS = ("%", "_", "%_\\")
ODD_VALUES = (
    *WILDCARDS,
    "'; DROP TABLE payment; --",
    "1); SELECT pg_sleep(60); --",
    "' OR '1'='1",
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


def bodies(document: dict[str, Any]) -> Iterator[tuple[Asked, ShownBody]]:
    """Yield every operation that takes JSON, but those of who signs it, with its body."""
    for one in asked(document):
        body = ShownBody.of(document, one.declared)
        if body is not None and one.name not in SIGNED:
            yield one, body


def unfit(answer: httpx.Response, declared: Mapping[str, Any]) -> bool:
    """Tell whether an answer is neither a success nor a refusal by name, or by a page."""
    refused = declared["responses"].get(str(answer.status_code), {}).get("content", {})
    kind = answer.headers["content-type"]
    is_refused = kind == PROBLEM or kind.partition(";")[0] in refused
    return not (answer.is_success or (answer.is_client_error and is_refused))


def is_literal(answer: httpx.Response, text: str) -> bool:
    """Tell whether what was found for a wildcard has it; words are looked for one by one."""
    if text not in WILDCARDS:
        return True
    told = answer.json() if answer.is_success and "json" in answer.headers["content-type"] else {}
    found = told.get("items", ()) if isinstance(told, dict) else told
    return all(text in json.dumps(one, ensure_ascii=False) for one in found)


def headers_for(one: Asked, alice: Person, keeper: Keeper) -> dict[str, str]:
    caller = keeper.person if one.declared["x-access"] == "admin" else alice
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
    async def owned() -> dict[str, Any]:
        answers = {path: await alice.get(path) for path in OWN}
        assert {answer.status_code for answer in answers.values()} == {200}
        return {path: answer.json() for path, answer in answers.items()}

    await alice.top_up("10.00")
    books = "/v1/finance/transactions"  # which come later than the money
    await eventually(lambda: alice.get(books), lambda answer: answer.json()["items"] != [])
    before = await owned()
    wrong, known = {}, set()
    for one, body in bodies(document):
        for part in body.parts():
            if not part.is_closed:
                continue
            known |= {
                (one.name, part.pointer(name)) for name in NOT_THE_CALLERS.keys() & part.named
            }
            added = {k: value for k, value in NOT_THE_CALLERS.items() if k not in part.named}
            answer = await alice.http.request(
                one.method,
                one.path,
                json=body.with_fields(part.where, added),
                headers=headers_for(one, alice, keeper),
            )
            named = {fault["pointer"] for fault in answer.json().get("errors", ())}
            if answer.status_code != 422 or not {part.pointer(name) for name in added} <= named:
                wrong[one.name, part.where] = answer.status_code, answer.text[:300]
    assert wrong == {}
    assert known == THE_CALLERS
    assert await owned() == before


@pytest.mark.check(35)
async def test_an_odd_text_is_refused_or_comes_back_as_it_was(
    alice: Person, keeper: Keeper, document: dict[str, Any]
) -> None:
    wrong, tried = {}, 0
    for one, body in bodies(document):
        headers = headers_for(one, alice, keeper) | {"Content-Type": "application/json"}
        for where, (what, text) in product(body.texts(), ODD_TEXTS.items()):
            content = json.dumps(body.with_fields(where[:-1], {where[-1]: text}))
            answer = await alice.http.request(
                one.method, one.path, content=content, headers=headers
            )
            told = answer.json() if answer.is_success and answer.content else {}
            if unfit(answer, one.declared) or at(told, where, text) != text:
                wrong[one.name, where, what] = answer.status_code, answer.text[:200]
            tried += 1
    assert wrong == {}
    assert tried > 100 * len(ODD_TEXTS)


@pytest.mark.check(34)
async def test_what_is_no_amount_is_refused_wherever_one_is_taken(
    alice: Person, keeper: Keeper, document: dict[str, Any]
) -> None:
    wrong, tried = {}, set()
    for one, body in bodies(document):
        headers = headers_for(one, alice, keeper) | {"Content-Type": "application/json"}
        for where in {where for where in body.texts() if where[-1] in AMOUNTS}:
            for amount in NO_AMOUNTS:
                marked = json.dumps(body.with_fields(where[:-1], {where[-1]: "AMOUNT"}))
                content = marked.replace('"AMOUNT"', amount).encode()
                answer = await alice.http.request(
                    one.method, one.path, content=content, headers=headers
                )
                if not answer.is_client_error or unfit(answer, one.declared):
                    wrong[one.name, where, amount] = answer.status_code, answer.text[:200]
            tried.add((one.name, where))
    assert wrong == {}
    assert len(tried) > 15


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
                if (
                    unfit(answer, one.declared)
                    or (isinstance(query, list) and answer.status_code != 400)
                    or (isinstance(query, dict) and not is_literal(answer, query[name]))
                ):
                    wrong[one.path, name] = query, answer.status_code, answer.text[:200]
    assert wrong == {}


@pytest.mark.check(39)
async def test_a_list_is_in_no_order_that_its_document_does_not_name(
    alice: Person, keeper: Keeper, document: dict[str, Any]
) -> None:
    tried = 0
    for one in asked(document):
        for name, order in product({"sort", "order", "order_by"} & {*one.query()}, ODD_ORDERS):
            answer = await alice.http.get(
                one.path, params={name: order}, headers=headers_for(one, alice, keeper)
            )
            assert (answer.status_code, answer.headers["content-type"]) == (422, PROBLEM), one.name
            tried += 1
    assert tried >= len(ODD_ORDERS)


@pytest.mark.check(39)
async def test_an_id_in_a_path_is_no_more_than_a_value(
    alice: Person, keeper: Keeper, document: dict[str, Any]
) -> None:
    wrong = {}
    for path, item in document["paths"].items():
        if "{" not in path or "get" not in item or item["get"]["operationId"] in STREAMS:
            continue
        if path.startswith("/sandbox"):
            continue
        for value in ("%25", "_", "'%20OR%20'1'='1", "';%20SELECT%20pg_sleep(60);--"):
            odd = "/".join(value if "{" in part else part for part in path.split("/"))
            caller = keeper.person if item["get"]["x-access"] == "admin" else alice
            answer = await alice.http.get(odd, headers=caller.headers)
            if not answer.is_client_error or answer.headers["content-type"] != PROBLEM:
                wrong[path, value] = answer.status_code, answer.text[:200]
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
    urls = {name: told[f"{name.upper()}_URL"] for name in LOOKS}
    clients = {name: httpx.AsyncClient(base_url=url) for name, url in urls.items()}
    yield clients
    for client in clients.values():
        await client.aclose()


LOOKS = {
    "wallet": "/v1/wallets/me",
    "payments": "/v1/payments",
    "finance": "/v1/finance/accounts",
    "shop": "/v1/shop/orders",
    "notifications": "/v1/notifications",
    "auth": "/v1/auth/me",
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
    await eventually(statuses, lambda seen: seen == {401})


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
    await eventually(statuses, lambda seen: seen == {401})


@pytest.mark.check(55)
async def test_services_themselves_want_a_token_too(
    http: httpx.AsyncClient, directly: dict[str, httpx.AsyncClient]
) -> None:
    claims = {"X-User-Id": str(new_id()), "X-Roles": "admin", "Remote-User": "root"}
    for name, path in LOOKS.items():
        for headers in ({}, claims):
            answer = await directly[name].get(path, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


@pytest.mark.check(43)
@pytest.mark.parametrize(
    "path", ["/V1/users", "/v1/Users", "/v1/users.", "/v1./users", "/v1/payments.", "/v1/PAYMENTS"]
)
async def test_another_spelling_of_a_path_is_nothing(keeper: Keeper, path: str) -> None:
    answer = await keeper.ask("GET", path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, PROBLEM)
    nobody = await keeper.person.http.get(path)
    assert nobody.status_code in {401, 404}


@pytest.mark.check(1)
async def test_a_list_narrowed_to_what_is_anothers_is_as_if_that_were_not_there(
    alice: Person, bob: Person, document: dict[str, Any]
) -> None:
    await bob.top_up("10.00")
    carol = await Person.arrive(bob.http, "carol")
    payment = await bob.pay((await bob.create(carol, "1.00"))["id"], wait=10)
    account = (await bob.post("/v1/finance/accounts", {"name": "Cash"})).json()
    hook = await bob.post("/v1/webhook-endpoints", {"url": "http://127.0.0.1:8443/"})
    assert hook.status_code == 201, hook.text
    theirs = {
        "wallet_id": (await bob.wallet())["id"],
        "account_id": account["id"],
        "transfer_id": payment.json()["transfer_id"],
        "endpoint_id": hook.json()["id"],
        "owner_id": bob.user_id,
        "owner": bob.user_id,
    }

    async def said(person: Person, path: str, name: str, value: str) -> tuple[int, str]:
        answer = await person.get(path, **{name: value})
        told = answer.json().get("code", "") if answer.is_error else answer.text
        return answer.status_code, told.replace(value, "")

    differs, sees = {}, set()
    for one in asked(document):
        if one.method != "GET" or one.declared["x-access"] != "user":
            continue
        for name in theirs.keys() & {*one.query()}:
            nothing = await said(alice, one.path, name, str(new_id()))
            if await said(alice, one.path, name, theirs[name]) != nothing:
                differs[one.path, name] = nothing
            if await said(bob, one.path, name, theirs[name]) != nothing:
                sees.add((one.path, name))
    assert differs == {}
    assert {("/v1/payments", "wallet_id"), ("/v1/finance/transactions", "account_id")} <= sees


@pytest.mark.check(65)
async def test_what_is_not_documented_is_not_there(alice: Person, keeper: Keeper) -> None:
    callers = ({}, alice.headers, keeper.person.headers)
    for path, headers in product(NOWHERE, callers):
        answer = await alice.http.get(path, headers=headers)
        assert answer.status_code in (400, 401, 404), path
        assert answer.headers["content-type"] == PROBLEM
