"""Real processes die in the middle of payments: nothing acknowledged is lost, nothing doubles."""

import asyncio
import signal
import time
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx
import pytest
from deploy.stack import Stack

from kit.tasks import spawn
from testkit.people import FINAL, Person, eventually

PAYMENTS = 200
SETTLE_SECONDS = 30


def _kill(service: str) -> Callable[[Stack], None]:
    def fault(stack: Stack) -> None:
        stack.kill_service(service)
        stack.start_service(service)

    return fault


def _stop_postgres(stack: Stack) -> None:
    stack.infrastructure.postgres.stop(signal.SIGQUIT)
    stack.infrastructure.postgres.start()


def _restart_rabbitmq(stack: Stack) -> None:
    stack.infrastructure.rabbitmq.stop()
    stack.infrastructure.rabbitmq.start()


@pytest.mark.check(51)
@pytest.mark.parametrize(
    "fault",
    [_kill("wallet"), _kill("payments"), _restart_rabbitmq, _stop_postgres],
    ids=["kill -9 wallet", "kill -9 payments", "RabbitMQ restart", "PostgreSQL immediate stop"],
)
async def test_a_fault_in_the_middle_of_200_payments_loses_and_doubles_nothing(
    stack: Stack, http: httpx.AsyncClient, fault: Callable[[Stack], None]
) -> None:
    alice, bob = await Person.arrive(http, "alice"), await Person.arrive(http, "bob")
    await alice.top_up("1000.00")
    created = [await alice.create(bob, "1.00") for _ in range(PAYMENTS)]
    ids = [payment["id"] for payment in created]
    hurting = spawn(_pay_all(alice, ids), "paying")
    await eventually(
        lambda: _paid(alice), lambda count: count >= PAYMENTS // 10, within=SETTLE_SECONDS
    )
    await asyncio.to_thread(fault, stack)
    await hurting
    await eventually(lambda: _accepted(alice, ids), bool, within=SETTLE_SECONDS)
    ended = await asyncio.gather(*(_settled(alice, one) for one in ids))
    assert Counter(payment["status"] for payment in ended) == {"paid": PAYMENTS}
    assert await alice.balance() == Decimal(1000 - PAYMENTS)
    assert await bob.balance() == Decimal(PAYMENTS)
    assert await alice.held() == 0


async def _pay_all(alice: Person, ids: list[str]) -> None:
    for one in ids:
        await _until_accepted(alice, one)


async def _until_accepted(alice: Person, payment_id: str) -> None:
    """Ask to pay until it is acknowledged, as a client would over a fault."""
    until = time.monotonic() + 2 * SETTLE_SECONDS
    while time.monotonic() < until:
        try:
            answer = await alice.pay(payment_id)
        except httpx.TransportError:
            await asyncio.sleep(0.1)
            continue
        if answer.status_code in (200, 202, 409):
            return
        assert answer.status_code in (500, 502, 503, 504), answer.text
        await asyncio.sleep(0.1)
    raise AssertionError(f"{payment_id} was never accepted")


async def _paid(alice: Person) -> int:
    answer = await alice.get("/v1/payments", status="paid", limit=100)
    return len(answer.json()["items"]) if answer.status_code == 200 else 0


async def _accepted(alice: Person, ids: list[str]) -> bool:
    answer = await alice.get(f"/v1/payments/{ids[-1]}")
    return answer.status_code == 200 and answer.json()["status"] != "created"


async def _settled(alice: Person, payment_id: str) -> dict[str, Any]:
    async def look() -> dict[str, Any]:
        answer = await alice.get(f"/v1/payments/{payment_id}")
        found: dict[str, Any] = answer.json()
        return found

    return await eventually(look, lambda found: found.get("status") in FINAL, within=SETTLE_SECONDS)


@pytest.mark.check(64)
async def test_with_the_broker_away_paying_is_accepted_and_settles_when_it_is_back(
    stack: Stack, http: httpx.AsyncClient
) -> None:
    alice, bob = await Person.arrive(http, "alice"), await Person.arrive(http, "bob")
    await alice.top_up("10.00")
    payment = await alice.create(bob, "4.00")
    await asyncio.to_thread(stack.infrastructure.rabbitmq.stop)
    try:
        answer = await alice.pay(payment["id"])
        assert answer.status_code == 202, answer.text
        assert (await alice.payment(payment["id"]))["status"] == "processing"
    finally:
        await asyncio.to_thread(stack.infrastructure.rabbitmq.start)
    ended = await alice.settled(payment["id"], within=SETTLE_SECONDS)
    assert ended["status"] == "paid"
    assert (await alice.balance(), await bob.balance()) == (Decimal(6), Decimal(4))
