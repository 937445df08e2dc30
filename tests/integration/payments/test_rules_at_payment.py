"""The rules of creation at every later moment: paying, paying a part, a schedule's time, a bulk.

What is accepted to be paid goes on by what held then; whatever waits is judged anew.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.integration.payments.room import Room
from tests.integration.payments.test_bulk import send, shown, work
from tests.integration.payments.test_limits import limit
from tests.integration.payments.test_paid_services import change, offer, order

from contracts.auth import UserChanged
from payments.loops.schedule import sweep_once

PRICE = "39.00"


async def told(room: Room, user_id: UUID, username: str, status: str, sequence: int) -> None:
    await room.told(
        UserChanged(user_id=user_id, number=1, username=username, status=status, roles=("user",)),
        sequence,
    )


async def ordered(room: Room, payer: UUID, service: dict[str, Any], **more: Any) -> UUID:
    answer = await order(room, payer, service["id"], **more)
    assert answer.status_code == 201, answer.text
    await room.settle()
    return UUID(answer.json()["id"])


async def carried_out(room: Room) -> None:
    wiring = room.service.state.wiring
    await sweep_once(room.database, wiring.engine, wiring.settings.policies)
    await room.settle()
    await room.check()


@pytest.mark.parametrize("amount", ["0.01", "38.99", "1"])
async def test_a_reserved_price_is_not_paid_in_part(
    room: Room, alice: UUID, bob: UUID, amount: str
) -> None:
    service = await offer(room, bob, price=PRICE)
    payment_id = await ordered(room, alice, service, reserve=True)
    refused = await room.pay(alice, payment_id, json={"amount": amount})
    assert (refused.status_code, refused.json()["code"]) == (422, "fixed_price_is_paid_whole")
    assert PRICE in refused.json()["detail"]
    assert await room.status(alice, payment_id) == "created"
    whole = await room.pay(alice, payment_id, json={"amount": "39"})
    assert whole.status_code == 202


@pytest.mark.parametrize("changes", [{"price": "50.00"}, {"price": None}])
async def test_a_price_that_changes_meanwhile_does_not_change_what_is_owed(
    room: Room, alice: UUID, bob: UUID, changes: dict[str, Any]
) -> None:
    service = await offer(room, bob, price=PRICE)
    payment_id = await ordered(room, alice, service, reserve=True)
    assert (await change(room, bob, service["id"], **changes)).status_code == 200
    refused = await room.pay(alice, payment_id, json={"amount": "1.00"})
    assert refused.json()["code"] == "fixed_price_is_paid_whole"
    accepted = await room.pay(alice, payment_id)
    assert (accepted.status_code, accepted.json()["amount"]) == (202, PRICE)


async def test_a_service_without_a_price_is_paid_in_part_though_it_has_one_now(
    room: Room, alice: UUID, bob: UUID
) -> None:
    service = await offer(room, bob)
    payment_id = await ordered(room, alice, service, amount="39.00", reserve=True)
    await change(room, bob, service["id"], price="50.00")
    assert (await room.pay(alice, payment_id, json={"amount": "1.00"})).status_code == 202


Switch = Callable[[Room, UUID, UUID, dict[str, Any]], Awaitable[Any]]


async def _service_ends(room: Room, _: UUID, bob: UUID, service: dict[str, Any]) -> None:
    await change(room, bob, service["id"], is_active=False)


async def _owner_ends(room: Room, _: UUID, bob: UUID, __: dict[str, Any]) -> None:
    await told(room, bob, "bob", "disabled", 2)


async def _payer_ends(room: Room, alice: UUID, _: UUID, __: dict[str, Any]) -> None:
    await told(room, alice, "alice", "disabled", 2)


async def _one_is_limited(room: Room, alice: UUID, _: UUID, __: dict[str, Any]) -> None:
    await limit(room, alice, per_payment="38.99")


async def _days_are_limited(room: Room, alice: UUID, _: UUID, __: dict[str, Any]) -> None:
    await limit(room, alice, per_day="38.99")


SWITCHES = [
    (_service_ends, "service_not_active"),
    (_owner_ends, "payee_not_active"),
    (_payer_ends, "payer_not_active"),
    (_one_is_limited, "limit_per_payment"),
    (_days_are_limited, "limit_per_day"),
]


@pytest.mark.parametrize("is_reserved", [False, True])
@pytest.mark.parametrize(("switch", "code"), SWITCHES)
async def test_whoever_pays_meets_what_holds_then(  # noqa: PLR0913 - a case and three people
    room: Room, alice: UUID, bob: UUID, *, switch: Switch, code: str, is_reserved: bool
) -> None:
    service = await offer(room, bob, price=PRICE)
    payment_id = await ordered(room, alice, service, reserve=is_reserved)
    await switch(room, alice, bob, service)
    refused = await room.pay(alice, payment_id)
    assert refused.status_code in (403, 422)
    assert refused.json()["code"] == code
    assert await room.status(alice, payment_id) == "created"


@pytest.mark.parametrize(("switch", "code"), SWITCHES)
async def test_a_scheduled_payment_meets_what_holds_at_its_time(
    room: Room, alice: UUID, bob: UUID, switch: Switch, code: str
) -> None:
    service = await offer(room, bob, price=PRICE)
    at = room.clock.now() + timedelta(hours=1)
    payment_id = await ordered(room, alice, service, execute_at=at.isoformat())
    early = await room.pay(alice, payment_id, json={"amount": "1.00"})
    assert early.json()["code"] == "only_reserved_may_be_paid_in_part"
    await switch(room, alice, bob, service)
    room.clock.advance(3600)
    room.tokens.clear()
    await carried_out(room)
    seen = await room.seen(alice, payment_id)
    assert (seen["status"], seen["failure_reason"]) == ("failed", code)


async def test_a_scheduled_payment_is_of_the_price_of_its_creation(
    room: Room, alice: UUID, bob: UUID
) -> None:
    service = await offer(room, bob, price=PRICE)
    at = room.clock.now() + timedelta(hours=1)
    payment_id = await ordered(room, alice, service, execute_at=at.isoformat())
    await change(room, bob, service["id"], price="99.00")
    early = await room.pay(alice, payment_id)
    assert (early.status_code, early.json()["amount"]) == (202, PRICE)


@pytest.mark.parametrize(("amount", "fate"), [("39.00", "processing"), ("1.00", "refused")])
async def test_a_row_of_a_bulk_pays_the_price_of_the_moment_it_is_decided_in(
    room: Room, alice: UUID, bob: UUID, amount: str, fate: str
) -> None:
    service = await offer(room, bob, price="1.00")
    row = {"payee": {"service_id": service["id"]}, "amount": amount}
    path = await send(room, alice, [row])
    await change(room, bob, service["id"], price=PRICE)
    await work(room)
    [item] = (await shown(room, alice, path))["items"]
    assert item["status"] == fate
    assert item["code"] == (None if fate == "processing" else "service_price_differs")


@pytest.mark.parametrize(("amount", "status"), [(None, 202), ("39.0", 202), ("0.01", 422)])
async def test_paying_in_the_same_call_pays_the_price(
    room: Room, alice: UUID, bob: UUID, amount: str | None, status: int
) -> None:
    service = await offer(room, bob, price=PRICE)
    more = {} if amount is None else {"amount": amount}
    answer = await order(room, alice, service["id"], confirm=True, **more)
    assert answer.status_code == status


async def test_the_database_restates_that_a_price_is_paid_whole(
    room: Room, alice: UUID, bob: UUID
) -> None:
    service = await offer(room, bob, price=PRICE)
    payment_id = await ordered(room, alice, service, reserve=True)
    await room.pay(alice, payment_id)
    await room.settle()
    await room.check()
    async with room.database.read() as connection:
        fixed = await connection.fetchval(
            "SELECT is_price_fixed FROM payment WHERE id = $1", payment_id
        )
    assert fixed is True
