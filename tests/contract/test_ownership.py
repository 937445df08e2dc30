"""Whose object it is: every operation on one, asked by its owner, by a stranger, about nothing.

A stranger is answered as if it did not exist, to the letter; the authorisation matrix beside this
one is about kinds of callers, this one about whose the thing is. A new operation has to be placed.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import httpx
import pytest
from deploy.generate import rooms
from deploy.generate.operations import Operation, committed, operations
from tests.integration.finance.files import opened_desk
from tests.integration.finance.room import FINANCE
from tests.integration.notifications import room as notifications
from tests.integration.payments import room as payments
from tests.integration.payments.test_refunding import paid, refund
from tests.integration.shop import till
from tests.integration.wallet.world import World, transfer

from kit.ids import new_id
from testkit.databases import Cluster
from testkit.verification import Desk
from wallet.app import build as build_wallet
from wallet.settings import Settings as WalletSettings

Ids = dict[str, str]
Ask = Callable[[UUID, Operation, str, Any], Awaitable[httpx.Response]]


@dataclass(frozen=True)
class Owned:
    """A room with somebody in it, whose objects are made anew for every operation.

    The stranger makes some of their own where a path names an object within another.
    """

    owner: UUID
    stranger: UUID
    make: Callable[[], Awaitable[Ids]]
    ask: Ask
    make_strangers: Callable[[], Awaitable[Ids]] | None = None


OWNED = {
    room: [
        one
        for one in operations(room, committed(room))
        if one.access == "owner" and "{" in one.path
    ]
    for room in rooms.services()
}
# These are tested where a login is at hand; none is of administrators.
ELSEWHERE = {
    "delete_session": "tests/integration/auth/test_sessions.py",
    "remove_passkey": "tests/integration/auth/factors/test_passkeys.py",
    "rename_passkey": "tests/integration/auth/factors/test_passkeys.py",
} | dict.fromkeys(
    ("get_api_key", "change_api_key", "rotate_api_key", "revoke_api_key"),
    "tests/integration/auth/test_api_keys.py",
)
BODIES: Mapping[str, Any] = {
    "refund_payment": {"amount": "1.00"},
    "change_budget": {"amount": "2.00", "carry_over": False},
    "choose_import_reading": {"decimal": ","},
    "change_account": {"name": "Another name"},
    "change_finance_category": {"colour": "#000000"},
    "change_recurring": {"amount": "2.00"},
    "change_transaction": {"amount": "2.00"},
    "change_service": {"name": "Another name"},
    "change_webhook_endpoint": {"is_active": False},
    "replace_rule": {"category_id": str(UUID(int=1)), "kind": "payment"},
    "replay_webhook_span": {"from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z"},
    "rotate_webhook_secret": {"overlap_hours": 1},
}
# What anybody may see is no secret, so that a stranger is told why.
SEEN_BY_ALL = {"change_service": (403, "only_owner_may_edit")}


@asynccontextmanager
async def of_payments(cluster: Cluster) -> AsyncIterator[Owned]:
    async with payments.opened(cluster) as room:
        alice, bob, carol = [await room.arrives(name) for name in ("alice", "bob", "carol")]
        room.service.state.is_stopping = lambda: True  # streams begin, and end

        async def make(owner: UUID) -> Ids:
            payment_id = await paid(room, bob, owner)
            given = await refund(room, owner, payment_id, "2.00")
            rows = [{"payee": {"username": "bob"}, "amount": "1.00"}]
            bulk = await room.post(owner, "/v1/payments/bulk", json=rows)
            service = {"name": "Phone", "currency": "RUB"}
            made = await room.post(owner, "/v1/services", json=service)
            return {
                "payment_id": str(payment_id),
                "refund_id": given.json()["id"],
                "bulk_id": bulk.json()["id"],
                "service_id": made.json()["id"],
            }

        async def ask(caller: UUID, one: Operation, path: str, body: Any) -> httpx.Response:
            [answer] = await room.carried(room.ask(caller, one.method, path, json=body))
            return answer

        yield Owned(alice, carol, partial(make, alice), ask, partial(make, carol))


@asynccontextmanager
async def of_notifications(cluster: Cluster) -> AsyncIterator[Owned]:
    async with notifications.opened(cluster, webhook_allow_loopback=True) as room:
        alice, bob, carol = [await room.arrives(name) for name in ("alice", "bob", "carol")]

        async def make(owner: UUID) -> Ids:
            url = {"url": "http://127.0.0.1:9001/"}
            endpoint = (await room.ask(owner, "POST", "/v1/webhook-endpoints", json=url)).json()
            await room.told(notifications.paid(owner, bob))
            path = f"/v1/webhook-endpoints/{endpoint['id']}/deliveries"
            [delivery] = (await room.ask(owner, "GET", path)).json()["items"]
            notice, *_ = await room.notices(owner)
            return {
                "endpoint_id": endpoint["id"],
                "delivery_id": delivery["id"],
                "notice_id": notice["id"],
            }

        async def ask(caller: UUID, one: Operation, path: str, body: Any) -> httpx.Response:
            return await room.ask(caller, one.method, path, json=body)

        yield Owned(alice, carol, partial(make, alice), ask, partial(make, carol))


@asynccontextmanager
async def of_wallet(cluster: Cluster) -> AsyncIterator[Owned]:
    service, desk = build_wallet(WalletSettings(environment="test")), await Desk.open()
    state = service.state
    async with cluster.database("wallet") as database, AsyncExitStack() as stack:
        state.database, state.tokens, state.clock = database, desk.verifier, database.clock
        transport = httpx.ASGITransport(app=service.web)
        async with httpx.AsyncClient(transport=transport, base_url="http://wallet") as http:
            world = World(service, database, http, desk.mint)
            for resource in service.resources:
                await stack.enter_async_context(resource(service))
            alice = new_id()
            wallet_id = await world.fund(alice)

            async def make() -> Ids:
                move = transfer(alice, new_id())
                await world.ask(move)
                return {"wallet_id": str(wallet_id), "transfer_id": str(move.transfer_id)}

            async def ask(caller: UUID, one: Operation, path: str, _: Any) -> httpx.Response:
                headers = {"Authorization": f"Bearer {desk.mint.user(caller)}"}
                return await http.request(one.method, path, headers=headers)

            yield Owned(alice, new_id(), make, ask)


@asynccontextmanager
async def of_shop(cluster: Cluster) -> AsyncIterator[Owned]:
    async with till.opened(cluster) as shop:
        product = await shop.product(stock=1000)

        async def make() -> Ids:
            return {"order_id": await shop.order((product, 1))}

        async def ask(caller: UUID, one: Operation, path: str, body: Any) -> httpx.Response:
            return await shop.ask(one.method, path, caller, json=body)

        yield Owned(shop.buyer, new_id(), make, ask)


@asynccontextmanager
async def of_finance(cluster: Cluster) -> AsyncIterator[Owned]:
    async with opened_desk(cluster, most_open_files=1000) as desk:
        room = desk.room
        room.service.state.is_stopping = lambda: True  # streams begin, and end

        async def make() -> Ids:
            name = str(new_id())
            account = await room.account(name)
            booked = await room.book(account)
            plan = await room.plan(account)
            category = await room.category(name)
            rule = await room.make("/rules", category_id=category, kind="payment")
            month = {"month": "2026-01", "amount": "1.00", "currency": "RUB"}
            budget = await room.make("/budgets", category_id=category, **month)
            handed_in = await desk.hand_in(account, "date,amount\n2026-01-31,-1.00\n")
            return {
                "account_id": account,
                "category_id": category,
                "rule_id": rule["id"],
                "transaction_id": booked["id"],
                "recurring_id": plan["id"],
                "budget_id": budget["id"],
                "export_id": (await desk.order())["id"],
                "import_id": handed_in.json()["id"],
            }

        async def ask(caller: UUID, one: Operation, path: str, body: Any) -> httpx.Response:
            below = path.removeprefix(FINANCE)
            return await room.ask(one.method, below, by=caller, json=body)

        yield Owned(room.user, new_id(), make, ask)


PER_REQUEST = {"instance", "request_id"}
OPENED = {
    "payments": of_payments,
    "notifications": of_notifications,
    "wallet": of_wallet,
    "shop": of_shop,
    "finance": of_finance,
}
_ID = re.compile(r"{(\w+)}")
# Operations on an object within another, of the rooms that have any.
NESTED = {
    room: nested
    for room in OPENED
    if (nested := [one for one in OWNED[room] if len(_ID.findall(one.path)) > 1])
}


def name_of(operation: Operation) -> str:
    return str(operation.declared["operationId"])


def placed(operation: Operation, ids: Ids) -> str:
    return _ID.sub(lambda found: ids[found[1]], operation.path)


def said(answer: httpx.Response) -> tuple[int, Any]:
    """Return what an answer says, without what differs from request to request."""
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, {k: v for k, v in problem.items() if k not in PER_REQUEST}


def test_every_operation_on_somebodys_object_is_asked_here_or_elsewhere() -> None:
    found = {room: [name_of(one) for one in owned] for room, owned in OWNED.items() if owned}
    assert found.keys() - OPENED.keys() == {"auth"}
    assert set(found["auth"]) == set(ELSEWHERE)
    taking = {name_of(one) for room in OPENED for one in OWNED[room] if _needs_body(one)}
    assert taking <= BODIES.keys()


def _needs_body(operation: Operation) -> bool:
    return bool(operation.declared.get("requestBody", {}).get("required"))


@pytest.mark.check(1)
@pytest.mark.parametrize("room", OPENED)
async def test_a_stranger_is_answered_as_if_it_were_not_there(cluster: Cluster, room: str) -> None:
    async with OPENED[room](cluster) as owned:
        for operation in OWNED[room]:
            name, ids = name_of(operation), await owned.make()
            body = BODIES.get(name)
            mine = placed(operation, ids)
            asked = await owned.ask(owned.stranger, operation, mine, body)
            missing = placed(operation, dict.fromkeys(ids, str(new_id())))
            nothing = await owned.ask(owned.stranger, operation, missing, body)
            assert nothing.status_code == 404, name
            if name in SEEN_BY_ALL:
                assert (asked.status_code, asked.json()["code"]) == SEEN_BY_ALL[name]
            else:
                assert said(asked) == said(nothing), name
            found = await owned.ask(owned.owner, operation, mine, body)
            assert found.status_code != 404, f"{name}: its owner finds it"


def test_objects_within_others_are_known() -> None:
    found = {name_of(one) for nested in NESTED.values() for one in nested}
    assert found >= {"get_refund", "replay_webhook_delivery"}


@pytest.mark.check(2)
@pytest.mark.parametrize("room", NESTED)
async def test_an_object_is_found_through_its_own_path_alone(cluster: Cluster, room: str) -> None:
    """Neither its owner nor a stranger finds it through a parent that is not its own."""
    async with OPENED[room](cluster) as owned:
        assert owned.make_strangers, "the stranger needs parents of their own"
        for operation in NESTED[room]:
            one, other, strangers = [
                await make() for make in (owned.make, owned.make, owned.make_strangers)
            ]
            *parents, child = _ID.findall(operation.path)
            body = BODIES.get(name_of(operation))
            for caller, ids in (
                (owned.owner, other | {child: one[child]}),
                (owned.owner, strangers | {child: one[child]}),
                (owned.owner, one | {child: strangers[child]}),
                (owned.owner, one | dict.fromkeys(parents, str(new_id()))),
                (owned.stranger, strangers | {child: one[child]}),
                (owned.stranger, one | {child: strangers[child]}),
            ):
                path = placed(operation, ids)
                answer = await owned.ask(caller, operation, path, body)
                assert answer.status_code == 404, path
            for caller, ids in ((owned.owner, one), (owned.stranger, strangers)):
                answer = await owned.ask(caller, operation, placed(operation, ids), body)
                assert answer.is_success, f"{name_of(operation)}: found through its own parent"
