"""What was counted of a day is stored, and exactly that goes back, whatever comes in between."""

import asyncio
import itertools
import runpy
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

import pytest
from deploy.generate.rooms import ROOT
from tests.integration.payments.room import Room
from tests.integration.payments.test_limits import limit, used
from tests.integration.payments.test_reserving import reserved

from contracts.wallet import HoldReleased
from kit.messaging import dead_letters
from kit.saga import store
from kit.saga.engine import waiting_sagas
from payments.domain.payment import PaymentStatus

STEPS = ("carry", "pay", "cancel", "carry again")
LIVE = ("processing", "created")
MIGRATION = "2026_11_28_0011_counted.py"


@asynccontextmanager
async def broken(room: Room) -> AsyncIterator[None]:
    """Let every answer that would end a payment as cancelled fail."""
    await room.as_owner(
        "ALTER TABLE payments.payment ADD CONSTRAINT broken CHECK (status <> 'cancelled')"
    )
    try:
        yield
    finally:
        await room.as_owner("ALTER TABLE payments.payment DROP CONSTRAINT broken")


async def spend(room: Room, payer: UUID, payee: UUID, amount: str) -> None:
    payment_id = await room.create(payer, payee, amount)
    assert (await room.pay(payer, payment_id)).status_code == 202
    await room.settle()


async def do(room: Room, step: str, alice: UUID, payment_id: UUID) -> None:
    if step == "pay":
        await room.pay(alice, payment_id, json={"amount": "1.00"})
    elif step == "cancel":
        await room.cancel(alice, payment_id)
    else:
        await room.settle()


async def counted_of(room: Room, payer: UUID) -> str:
    """Return what is to have been counted: what has been paid, in part or whole."""
    items = (await room.get(payer, "/v1/payments", direction="out")).json()["items"]
    paid = sum(round(float(one["paid_amount"]) * 100) for one in items if one["paid_amount"])
    return f"{paid // 100}.{paid % 100:02}"


@pytest.mark.parametrize("order", list(itertools.permutations(STEPS)))
async def test_a_part_called_off_gives_back_what_was_counted_of_it(
    room: Room, alice: UUID, bob: UUID, order: tuple[str, ...]
) -> None:
    await limit(room, alice, per_day="100.00")
    await spend(room, alice, bob, "98.00")
    payment_id = await room.create(alice, bob, "90.00", reserve=True)
    for step in order:
        await do(room, step, alice, payment_id)
    await room.settle()
    if await room.status(alice, payment_id) in LIVE:
        await room.cancel(alice, payment_id)
        await room.settle()
    assert await room.status(alice, payment_id) in ("paid", "cancelled")
    assert await used(room, alice) == await counted_of(room, alice)
    assert await room.count("letter") == 0


async def test_many_at_once_leave_the_figure_exact_and_nothing_stuck(
    room: Room, alice: UUID, bob: UUID
) -> None:
    await limit(room, alice, per_day="100.00")
    await spend(room, alice, bob, "98.00")

    async def one(waits: int) -> None:
        payment_id = await room.create(alice, bob, "90.00", reserve=True)
        for _ in range(waits):
            await asyncio.sleep(0)
        await asyncio.gather(
            room.pay(alice, payment_id, json={"amount": "1.00"}), room.cancel(alice, payment_id)
        )

    for turn in range(12):
        await asyncio.gather(one(turn), room.settle())
    await room.settle()
    items = (await room.get(alice, "/v1/payments", direction="out")).json()["items"]
    for item in items:
        if item["status"] in LIVE:
            await room.cancel(alice, UUID(item["id"]))
    await room.settle()
    assert await used(room, alice) == await counted_of(room, alice)
    assert await room.count("letter") == 0
    async with room.database.read() as connection:
        assert await store.listed(connection, everything=True) == []


@pytest.mark.parametrize(("part", "after"), [("40.00", "40.00"), (None, "90.00")])
async def test_of_a_reservation_paid_in_part_only_the_part_is_counted(
    room: Room, alice: UUID, bob: UUID, part: str | None, after: str
) -> None:
    await limit(room, alice, per_day="100.00")
    payment_id = await reserved(room, alice, bob, "90.00")
    await room.pay(alice, payment_id, json={} if part is None else {"amount": part})
    await room.settle()
    assert await used(room, alice) == after


async def test_what_was_counted_goes_back_though_the_limits_have_changed_since(
    room: Room, alice: UUID, bob: UUID
) -> None:
    await limit(room, alice, per_day="100.00")
    payment_id = await room.create(alice, bob, "90.00", reserve=True)
    await room.pay(alice, payment_id, json={"amount": "7.00"})
    await limit(room, alice, per_day=None, per_payment="1.00")
    room.clock.advance(timedelta(hours=1).total_seconds())
    await room.cancel(alice, payment_id)
    await room.settle()
    await limit(room, alice, per_day="100.00")
    assert await used(room, alice) == "0.00"


async def test_a_day_that_was_wrong_before_is_made_right_and_holds_no_saga_up(
    room: Room, alice: UUID, bob: UUID
) -> None:
    await limit(room, alice, per_day="100.00")
    await spend(room, alice, bob, "8.00")
    learnt = await reserved(room, alice, bob, "70.00")
    await room.pay(alice, learnt, json={"amount": "2.00"})
    kept = await room.create(alice, bob, "90.00", reserve=True)
    await room.pay(alice, kept, json={"amount": "1.00"})
    # As the version before left it: a day given back more than it had counted, and no sums.
    async with room.database.unit_of_work() as uow:
        await uow.execute("UPDATE payment SET counted_minor = NULL")
        await uow.execute("UPDATE payment_day SET spent_minor = 0")
    repair = runpy.run_path(str(ROOT / "services/payments/migrations/versions" / MIGRATION))
    await room.as_owner(f"SET search_path TO payments; {repair['COUNTED']}; {repair['SPENT']}")
    assert await used(room, alice) == "11.00"
    await room.cancel(alice, kept)
    await room.settle()
    assert await room.status(alice, kept) == "cancelled"
    assert await room.status(alice, learnt) == "paid"
    assert await used(room, alice) == "10.00"
    assert await room.count("letter") == 0


async def test_an_answer_that_can_not_be_handled_is_one_letter_and_calls_for_somebody(
    room: Room, alice: UUID, bob: UUID
) -> None:
    await limit(room, alice, per_day="100.00")
    payment_id = await reserved(room, alice, bob, "90.00")
    engine = room.service.state.wiring.engine
    async with broken(room):
        await room.cancel(alice, payment_id)
        for _ in range(40):
            await room.wake(61)
            await room.retry()
        assert await room.status(alice, payment_id) == "created"
        assert await room.count("letter") == 1
        async with room.database.read() as connection:
            [stuck] = await store.listed(connection, everything=False)
            [kept] = await dead_letters.listed(connection, None)
            told = (await store.shown(connection, payment_id) or {})["log"]
        assert (stuck["id"], stuck["needs_attention"]) == (payment_id, True)
        assert (kept["key"], kept["type"]) == (str(payment_id), HoldReleased.type)
        assert len(told) < 20  # nor does the log grow by a line a minute
        assert await engine.count_stuck(room.database) == 1
        assert waiting_sagas.labels("payment")._value.get() == 1
    # Mended, it ends by itself, though its letter was given up meanwhile.
    await room.wake(61)
    assert await room.status(alice, payment_id) == "cancelled"
    assert await engine.count_stuck(room.database) == 0


async def test_a_saga_calls_for_somebody_as_soon_as_an_answer_is_parked(
    room: Room, alice: UUID, bob: UUID
) -> None:
    payment_id = await reserved(room, alice, bob, "90.00")
    async with broken(room):
        await room.cancel(alice, payment_id)
        await room.settle()
        await room.wake(6)
    async with room.database.read() as connection:
        [stuck] = await store.listed(connection, everything=False)
    assert (stuck["id"], stuck["attempts"]) == (payment_id, 1)
    assert await room.status(alice, payment_id) == PaymentStatus.CREATED
