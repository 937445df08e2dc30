"""GET /v1/me, composed of auth's and wallet's answers, and of shop's if asked for."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from tests.integration.gateway.room import Door, Service, opened

from kit.ids import new_id
from testkit.servers import serving_app

ME = {"id": "7", "username": "alice", "roles": ["admin"]}
WALLETS: list[dict[str, Any]] = [
    {
        "id": "w1",
        "balance": {"amount": "1.00", "currency": "RUB"},
        "entries": [{"seq": 2}, {"seq": 1}],
    },
    {"id": "w2", "entries": []},
]
ORDERS: list[dict[str, Any]] = [{"id": "o2", "status": "paid"}, {"id": "o1"}]


@pytest.fixture
async def running_service() -> AsyncIterator[Service]:
    """A service of each test's own: where a question is dropped it may still arrive, later."""
    service = Service()
    async with serving_app(service) as port:
        service.port = port
        yield service


@pytest.fixture
async def running_door(running_service: Service) -> AsyncIterator[Door]:
    async with opened(running_service) as door:
        yield door


async def send_json(send: Any, document: object, status: int = 200) -> None:
    body = orjson.dumps(document)
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def services(**changed: Any) -> Any:
    """Answer as auth, wallet and shop do, but for some paths as the test says."""

    async def respond(seen: Any, _: Any, send: Any) -> None:
        if seen.path in changed:
            status, document = changed[seen.path]
            await send_json(send, document, status)
        elif seen.path == "/v1/auth/me":
            await send_json(send, ME)
        elif seen.path == "/v1/shop/orders":
            await send_json(send, {"items": ORDERS, "next_cursor": "more"})
        else:
            assert seen.path == "/v1/wallets"
            await send_json(send, {"items": WALLETS, "next_cursor": None})

    return respond


@pytest.mark.parametrize("path", ["/v1/me", "/users/me", "/v1/me/"])
async def test_the_caller_comes_with_wallets_and_their_latest_entries(
    door: Any, service: Any, path: str
) -> None:
    service.respond = services()
    answer = await door.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {**ME, "wallets": WALLETS}
    assert len(service.seen) == 2  # however many wallets there are


async def test_the_services_are_asked_in_the_callers_name_for_the_callers_own(
    door: Any, service: Any
) -> None:
    service.respond = services()
    user_id = new_id()
    token = door.token(user_id=user_id)
    asking = {"X-Request-Id": "r-1", "Accept-Language": "ru", "If-None-Match": '"x"'}
    await door.client.get("/v1/me", headers=token | asking)
    assert {seen.header("authorization") for seen in service.seen} == {token["Authorization"]}
    assert {seen.header("x-request-id") for seen in service.seen} == {"r-1"}
    assert {seen.header("accept-language") for seen in service.seen} == {"ru"}
    assert {seen.header("if-none-match") for seen in service.seen} == {None}
    [wallets] = [seen for seen in service.seen if seen.path == "/v1/wallets"]
    assert {f"owner_id={user_id}", "expand=entries"} <= set(wallets.query.split("&"))


async def test_both_services_are_asked_at_once(door: Any, service: Any) -> None:
    together = asyncio.Barrier(2)
    answer_rest = services()

    async def respond(seen: Any, receive: Any, send: Any) -> None:
        if seen.path in ("/v1/auth/me", "/v1/wallets"):
            await together.wait()
        await answer_rest(seen, receive, send)

    service.respond = respond
    async with asyncio.timeout(10):
        assert (await door.get("/v1/me")).status_code == 200


@pytest.mark.parametrize("path", ["/v1/me?expand=orders", "/users/me?expand=orders"])
async def test_the_latest_orders_join_where_they_are_asked_for(
    door: Any, service: Any, path: str
) -> None:
    service.respond = services()
    user_id = new_id()
    token = door.token(user_id=user_id)
    answer = await door.client.get(path, headers=token)
    assert answer.status_code == 200
    assert answer.json()["orders"] == ORDERS
    assert {name: answer.json()[name] for name in ME} == ME
    assert [wallet["id"] for wallet in answer.json()["wallets"]] == ["w1", "w2"]
    [orders] = [seen for seen in service.seen if seen.path == "/v1/shop/orders"]
    assert orders.query == "mine=true&limit=10"  # an admin is not shown everybody's
    assert orders.header("authorization") == token["Authorization"]


async def test_with_the_shop_away_its_refusal_is_the_answer_to_who_asks_for_orders(
    door: Any, service: Any
) -> None:
    refusal = {"code": "unavailable", "status": 503}
    service.respond = services(**{"/v1/shop/orders": (503, refusal)})
    asked = await door.get("/v1/me?expand=orders")
    assert (asked.status_code, asked.json()) == (503, refusal)
    alone = await door.get("/v1/me")
    assert alone.status_code == 200
    assert "orders" not in alone.json()


@pytest.mark.parametrize("expand", ["nothing", "", "orders,wallets", "wallets"])
async def test_nothing_else_can_be_expanded(door: Any, service: Any, expand: str) -> None:
    answer = await door.get(f"/v1/me?expand={expand}")
    assert answer.status_code == 422
    [fault] = answer.json()["errors"]
    assert (fault["pointer"], fault["code"]) == ("/query/expand", "not_allowed")
    assert service.seen == []


@pytest.mark.parametrize("path", ["/v1/auth/me", "/v1/wallets"])
async def test_what_a_service_refuses_is_refused(door: Any, service: Any, path: str) -> None:
    refusal = {"code": "token_invalid", "status": 401}
    service.respond = services(**{path: (401, refusal)})
    answer = await door.get("/v1/me")
    assert (answer.status_code, answer.json()) == (401, refusal)


async def test_a_refusal_ends_the_questions_still_open(door: Any, service: Any) -> None:
    together, ended = asyncio.Barrier(2), asyncio.Event()

    async def respond(seen: Any, receive: Any, send: Any) -> None:
        await together.wait()
        if seen.path == "/v1/auth/me":
            await send_json(send, {"code": "token_invalid", "status": 401}, 401)
        elif (await receive())["type"] == "http.disconnect":
            ended.set()

    service.respond = respond
    async with asyncio.timeout(10):
        assert (await door.get("/v1/me")).status_code == 401
        await ended.wait()


@pytest.mark.parametrize("document", [[], "x", 5])
async def test_an_answer_of_another_shape_is_unavailable(
    door: Any, service: Any, document: object
) -> None:
    service.respond = services(**{"/v1/auth/me": (200, document)})
    answer = await door.get("/v1/me")
    assert (answer.status_code, answer.json()["code"]) == (503, "upstream_unavailable")


async def test_an_answer_that_is_no_json_is_unavailable(door: Any, service: Any) -> None:
    service.answers(200, b"<html>")
    answer = await door.get("/v1/me")
    assert (answer.status_code, answer.json()["code"]) == (503, "upstream_unavailable")


async def test_another_method_is_refused(door: Any) -> None:
    answer = await door.request("POST", "/v1/me")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    told = await door.client.options("/v1/me")
    assert (told.status_code, told.headers["allow"]) == (204, "GET, HEAD, OPTIONS")


async def test_head_answers_as_get_does_without_a_body(door: Any, service: Any) -> None:
    service.respond = services()
    for path in ("/v1/me", "/users/me"):
        got, head = await door.get(path), await door.request("HEAD", path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == got.headers["content-length"]
    assert (await door.client.head("/v1/me")).status_code == 401


@pytest.mark.parametrize(
    "path", ["/v1/me?owner=somebody", "/users/me?expand=orders&x", "/health/live?owner=1"]
)
async def test_a_parameter_is_refused(door: Any, service: Any, path: str) -> None:
    answer = await door.get(path)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    [fault] = answer.json()["errors"]
    assert fault["code"] == "unknown_field"
    assert service.seen == []
