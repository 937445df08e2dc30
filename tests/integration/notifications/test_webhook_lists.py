"""Lists of webhook endpoints and deliveries: in pages, narrowed, one's own, and an admin's."""

from collections.abc import AsyncIterator
from datetime import UTC, timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.integration.notifications.hooks import ENDPOINTS, Hooks
from tests.integration.notifications.room import Room, opened, paid

from kit.ids import new_id
from testkit.databases import Cluster

URL = "http://127.0.0.1:9001/hooks"
DELIVERIES = "/v1/webhook-deliveries"


@pytest.fixture
async def room(cluster: Cluster) -> AsyncIterator[Room]:
    async with opened(cluster, webhook_allow_loopback=True) as room:
        yield room


async def test_endpoints_are_listed_in_pages_newest_first(hooks: Hooks, alice: UUID) -> None:
    made = []
    for _ in range(5):
        made.append((await hooks.make(alice, URL))["id"])
        hooks.room.clock.advance(1)
    seen, cursor = [], None
    for size in (2, 2, 1):
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        answer = await hooks.room.ask(alice, "GET", ENDPOINTS, params=query)
        page = answer.json()
        assert len(page["items"]) == size
        assert (page["next_cursor"] is not None) is ("Link" in answer.headers)
        seen += [one["id"] for one in page["items"]]
        cursor = page["next_cursor"]
    assert cursor is None
    assert seen == made[::-1]


async def test_endpoints_are_narrowed_by_when_they_were_made(hooks: Hooks, alice: UUID) -> None:
    made = []
    for _ in range(2):
        made.append((await hooks.make(alice, URL))["id"])
        hooks.room.clock.advance(60)
    later = hooks.room.clock.now().isoformat()
    middle = (hooks.room.clock.now() - timedelta(seconds=60)).isoformat()
    for query, expected in (
        ({"to": middle}, made[:1]),
        ({"from": middle}, made[1:]),
        ({"from": later}, []),
    ):
        answer = await hooks.room.ask(alice, "GET", ENDPOINTS, params=query)
        assert [one["id"] for one in answer.json()["items"]] == expected


async def test_one_endpoint_is_seen_by_its_owner_and_by_admins(
    hooks: Hooks, alice: UUID, bob: UUID
) -> None:
    made = await hooks.make(alice, URL)
    secretless = {name: value for name, value in made.items() if name != "secret"}
    path = f"{ENDPOINTS}/{made['id']}"
    assert (await hooks.room.ask(alice, "GET", path)).json() == secretless
    assert (await hooks.room.ask_as_admin("GET", path)).json() == secretless
    assert (await hooks.room.ask(bob, "GET", path)).status_code == 404
    assert (await hooks.room.ask_as_admin("GET", f"{ENDPOINTS}/{new_id()}")).status_code == 404
    changes: dict[str, Any] = {"json": {"is_active": False}}
    assert (await hooks.room.ask_as_admin("PATCH", path, **changes)).status_code == 404
    assert (await hooks.room.ask_as_admin("DELETE", path)).status_code == 404


async def test_an_admin_lists_everybodys_endpoints_or_one_owners(
    hooks: Hooks, alice: UUID, bob: UUID
) -> None:
    await hooks.make(alice, URL)
    await hooks.make(bob, URL)

    async def owners(**query: str) -> set[str]:
        answer = await hooks.room.ask_as_admin("GET", ENDPOINTS, params=query)
        return {one["owner_id"] for one in answer.json()["items"]}

    assert await owners() == {str(alice), str(bob)}
    assert await owners(owner_id=str(bob)) == {str(bob)}
    assert await owners(owner_id=str(new_id())) == set()


@pytest.mark.parametrize("path", [ENDPOINTS, DELIVERIES])
async def test_nobody_else_lists_anothers(hooks: Hooks, alice: UUID, bob: UUID, path: str) -> None:
    await hooks.make(alice, URL)
    await hooks.room.told(paid(alice, bob))
    others = await hooks.room.ask(bob, "GET", path, params={"owner_id": str(alice)})
    assert (others.status_code, others.json()["code"]) == (404, "not_found")
    assert (await hooks.room.ask(bob, "GET", path)).json()["items"] == []
    own = await hooks.room.ask(alice, "GET", path, params={"owner_id": str(alice)})
    assert len(own.json()["items"]) == 1


@pytest.mark.parametrize(
    ("path", "query"),
    [
        (ENDPOINTS, {"user_id": str(UUID(int=1))}),
        (ENDPOINTS, {"owner_id": "alice"}),
        (ENDPOINTS, {"limit": "101"}),
        (DELIVERIES, {"created_from": "2026-01-01"}),
        (DELIVERIES, {"from": "1767225600"}),
        (DELIVERIES, {"status": "lost"}),
        (DELIVERIES, {"endpoint_id": "mine"}),
        (f"{ENDPOINTS}/{UUID(int=1)}/deliveries", {"owner_id": str(UUID(int=1))}),
    ],
)
async def test_a_filter_that_is_none_is_refused(
    hooks: Hooks, alice: UUID, path: str, query: dict[str, str]
) -> None:
    answer = await hooks.room.ask(alice, "GET", path, params=query)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


async def narrowed(hooks: Hooks, caller: UUID | None, **query: object) -> list[dict[str, Any]]:
    """Return what somebody, or an admin, sees of the deliveries, in pages of two."""
    found: list[dict[str, Any]] = []
    cursor = None
    while True:
        asked = query | {"limit": 2} | ({"cursor": cursor} if cursor else {})
        answer = await (
            hooks.room.ask_as_admin("GET", DELIVERIES, params=asked)
            if caller is None
            else hooks.room.ask(caller, "GET", DELIVERIES, params=asked)
        )
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            return found


async def test_deliveries_are_narrowed_by_owner_endpoint_payment_status_type_and_time(
    hooks: Hooks, alice: UUID, bob: UUID
) -> None:
    first, second = await hooks.make(alice, URL), await hooks.make(alice, URL)
    of_bob = await hooks.make(bob, URL)
    payment = paid(alice, bob)
    await hooks.room.told(payment)
    before = hooks.room.clock.now()
    hooks.room.clock.advance(3600)
    await hooks.room.told(paid(alice, bob), paid(bob, alice))
    await hooks.ask(alice, "POST", second, "/test")
    await hooks.ask(bob, "PATCH", of_bob, json={"is_active": False})
    after = hooks.room.clock.now().isoformat()

    async def count(caller: UUID | None, **query: object) -> int:
        found = await narrowed(hooks, caller, **query)
        assert len({one["id"] for one in found}) == len(found)
        assert [one["created_at"] for one in found] == sorted(
            (one["created_at"] for one in found), reverse=True
        )
        return len(found)

    assert await count(None) == 10
    assert await count(alice) == await count(None, owner_id=alice) == 7
    assert await count(bob) == await count(None, owner_id=bob) == 3
    assert await count(None, endpoint_id=first["id"]) == 3
    assert await count(alice, endpoint_id=second["id"]) == 4
    assert await count(bob, endpoint_id=second["id"]) == 0
    assert await count(None, payment_id=payment.payment_id) == 3
    assert await count(alice, payment_id=payment.payment_id) == 2
    assert await count(bob, payment_id=payment.payment_id) == 1
    assert await count(None, status="skipped") == 3
    assert await count(None, owner_id=alice, status="skipped") == 0
    assert await count(None, type="webhook.test") == 1
    assert await count(None, type="payment.paid", owner_id=alice) == 6
    assert await count(None, to=after) == 3
    assert await count(alice, **{"from": after}) == 5
    assert await count(None, **{"from": before.isoformat(), "to": after, "owner_id": bob}) == 1
    assert await count(None, **{"from": before.date().isoformat()}) == 10
    assert await count(None, to="2000-01-01") == 0


async def test_a_delivery_is_seen_by_its_owner_and_by_admins_and_says_whose_it_is(
    hooks: Hooks, alice: UUID, bob: UUID
) -> None:
    made = await hooks.make(alice, URL)
    payment = paid(alice, bob)
    await hooks.room.told(payment)
    [one] = await narrowed(hooks, alice)
    assert (one["owner_id"], one["endpoint_id"]) == (str(alice), made["id"])
    assert one["payment_id"] == str(payment.payment_id)
    path = f"{DELIVERIES}/{one['id']}"
    assert (await hooks.room.ask(alice, "GET", path)).json() == one
    assert (await hooks.room.ask_as_admin("GET", path)).json() == one
    missing = await hooks.room.ask(bob, "GET", path)
    assert (missing.status_code, missing.json()["code"]) == (404, "webhook_delivery_not_found")
    listed = await hooks.room.ask_as_admin("GET", f"{ENDPOINTS}/{made['id']}/deliveries")
    assert listed.json()["items"] == [one]
    await hooks.ask(alice, "DELETE", made)
    [left] = await narrowed(hooks, alice)
    assert (left["id"], left["status"]) == (one["id"], "skipped")


async def test_the_log_of_one_endpoint_is_narrowed_by_time_and_type(
    hooks: Hooks, alice: UUID, bob: UUID
) -> None:
    made = await hooks.make(alice, URL)
    await hooks.room.told(paid(alice, bob))
    hooks.room.clock.advance(60)
    await hooks.ask(alice, "POST", made, "/test")
    now = hooks.room.clock.now().astimezone(UTC)
    assert len(await hooks.log(alice, made)) == 2
    assert len(await hooks.log(alice, made, **{"from": now.isoformat()})) == 1
    assert len(await hooks.log(alice, made, to=now.isoformat())) == 1
    assert len(await hooks.log(alice, made, to="9999-12-31")) == 2
    [tried] = await hooks.log(alice, made, type="webhook.test")
    assert tried["type"] == "webhook.test"
