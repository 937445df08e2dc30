from uuid import UUID

import httpx
import orjson
import pytest
import respx
from tests.integration.notifications.hooks import ENDPOINTS, Hooks
from tests.integration.notifications.receiver import Receiver
from tests.integration.notifications.room import Json, Room

from kit.ids import new_id
from notifications.service.listeners import AT_ONCE, ask_for_all


def named(route: respx.Route, since: int = 0) -> list[Json]:
    """Return what payments was told of listeners, after so many calls."""
    return [orjson.loads(call.request.content) for call in list(route.calls)[since:]]


@pytest.mark.parametrize("types", [None, ["payment.paid", "payment.created"], ["payment.paid"]])
async def test_payments_is_asked_for_new_payments_where_an_endpoint_wants_them(
    room: Room, hooks: Hooks, receiver: Receiver, alice: UUID, types: list[str] | None
) -> None:
    made = await hooks.make(alice, receiver.url, event_types=types)
    is_asked = types is None or "payment.created" in types
    asked = [{"user_ids": [str(alice)], "are_all": False}] if is_asked else []
    assert named(room.listeners) == asked
    await hooks.ask(alice, "PATCH", made, json={"description": "shop"})
    assert named(room.listeners) == asked
    await hooks.ask(alice, "PATCH", made, json={"event_types": types})
    assert named(room.listeners) == asked * 2


async def test_an_endpoint_that_would_miss_new_payments_is_not_made(
    room: Room, hooks: Hooks, receiver: Receiver, alice: UUID
) -> None:
    room.listeners.mock(side_effect=httpx.ConnectError("away"))
    answer = await room.ask(alice, "POST", ENDPOINTS, json={"url": receiver.url})
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert await room.count("webhook_endpoint") == 0
    paid = await hooks.make(alice, receiver.url, event_types=["payment.paid"])
    answer = await hooks.ask(alice, "PATCH", paid, json={"event_types": None})
    assert answer.status_code == 503
    assert (await hooks.look(alice, paid))["event_types"] == ["payment.paid"]


async def test_who_needs_payments_for_nothing_is_answered_while_it_is_away(
    room: Room, hooks: Hooks, receiver: Receiver, alice: UUID, bob: UUID
) -> None:
    asked = {"json": {"url": receiver.url}, "headers": {"Idempotency-Key": "one"}}
    made = await room.ask(alice, "POST", ENDPOINTS, **asked)
    assert made.status_code == 201, made.text
    room.listeners.mock(side_effect=httpx.ConnectError("away"))
    again = await room.ask(alice, "POST", ENDPOINTS, **asked)
    assert (again.status_code, again.json()["id"]) == (201, made.json()["id"])
    answer = await hooks.ask(bob, "PATCH", made.json(), json={"event_types": None})
    assert answer.status_code == 404


async def test_all_listeners_are_named_in_pages_and_the_last_says_so(
    room: Room, hooks: Hooks, receiver: Receiver, alice: UUID, bob: UUID
) -> None:
    database, payments = room.database, room.service.state.wiring.payments
    await ask_for_all(database, payments)
    assert named(room.listeners) == [{"user_ids": [], "are_all": True}]

    await hooks.make(alice, receiver.url)
    await hooks.make(alice, receiver.url, event_types=["payment.created"])
    await hooks.make(bob, receiver.url, event_types=["payment.paid"])
    gone = await hooks.make(bob, receiver.url)
    await hooks.ask(bob, "DELETE", gone)
    before = len(room.listeners.calls)
    await ask_for_all(database, payments)
    assert named(room.listeners, before) == [{"user_ids": [str(alice)], "are_all": True}]

    async with database.unit_of_work() as uow:
        await uow.executemany(
            "INSERT INTO webhook_endpoint (id, user_id, url, is_active, secret, failures,"
            " created_at) VALUES ($1, $2, 'https://shop.example', true, '', 0, $3)",
            [(new_id(), new_id(), room.clock.now()) for _ in range(AT_ONCE)],
        )
    before = len(room.listeners.calls)
    await ask_for_all(database, payments)
    pages = named(room.listeners, before)
    assert [(len(page["user_ids"]), page["are_all"]) for page in pages] == [
        (AT_ONCE, False),
        (1, True),
    ]
    ids = [one for page in pages for one in page["user_ids"]]
    assert len(set(ids)) == AT_ONCE + 1
    assert str(alice) in ids
