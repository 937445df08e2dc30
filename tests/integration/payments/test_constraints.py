"""PostgreSQL refuses by itself what the domain would never ask for."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from asyncpg.exceptions import CheckViolationError
from tests.integration.payments.room import Room

from kit.db import migrations
from kit.ids import new_id
from kit.saga import store
from payments.repository.watched import EVERYBODY
from payments.tables import METADATA
from testkit.databases import Cluster

ALICE, BOB = UUID(int=1), UUID(int=2)
PAID = {"status": "paid", "paid_at": "now", "paid_minor": 100, "transfer_id": new_id()}
BROKEN: list[tuple[dict[str, Any], str]] = [
    ({"status": "settled"}, "status_has_its_facts"),
    ({"payee_id": ALICE}, "order_is_sound"),
    ({"amount_minor": 0}, "order_is_sound"),
    ({"amount_minor": 10**15 + 1}, "order_is_sound"),
    ({"currency": "rub"}, "order_is_sound"),
    ({"card_last4": "12345"}, "order_is_sound"),
    ({"card_last4": "٤٢٤٢"}, "order_is_sound"),
    ({"version": 0}, "order_is_sound"),
    ({"status": "paid"}, "status_has_its_facts"),
    ({**PAID, "status": "created"}, "status_has_its_facts"),
    ({**PAID, "reason": "x"}, "status_has_its_facts"),
    ({**PAID, "refunded_at": "now"}, "status_has_its_facts"),
    ({"status": "paid", "transfer_id": new_id()}, "status_has_its_facts"),
    ({"status": "paid", "paid_at": "now", "paid_minor": 100}, "status_has_its_facts"),
    ({"status": "paid", "paid_at": "now", "transfer_id": new_id()}, "status_has_its_facts"),
    ({**PAID, "paid_minor": 101}, "paid_and_refunded_fit"),
    ({**PAID, "refunded_minor": 101}, "paid_and_refunded_fit"),
    ({"refunded_minor": 1}, "paid_and_refunded_fit"),
    ({**PAID, "is_price_fixed": True, "paid_minor": 99}, "paid_and_refunded_fit"),
    ({"counted_minor": 1}, "counted_has_its_day"),
    ({**PAID, "status": "refunded"}, "status_has_its_facts"),
    ({"status": "scheduled"}, "order_is_sound"),
    ({"disputed_at": "now"}, "disputed_has_its_sum"),
    ({"disputed_minor": 1}, "disputed_has_its_sum"),
    ({"dispute_outcome": "drawn"}, "disputed_has_its_sum"),
    ({"method": "cash"}, "order_is_sound"),
    ({"reserved_at": "now"}, "order_is_sound"),
    ({"is_reserved": True, "execute_at": "now"}, "order_is_sound"),
    ({"status": "failed", "reason": "x"}, "status_has_its_facts"),
    ({"status": "cancelled", "reason": "x"}, "status_has_its_facts"),
    ({"status": "failed", "failed_at": "now"}, "status_has_its_facts"),
    ({"reason": "x"}, "status_has_its_facts"),
]


async def test_a_row_that_breaks_a_rule_is_refused(room: Room) -> None:
    now = room.clock.now()
    good = {
        "id": new_id(),
        "status": "created",
        "payer_id": ALICE,
        "payee_id": BOB,
        "amount_minor": 100,
        "currency": "RUB",
        "version": 1,
        "created_at": now,
        "expires_at": now,
    }
    for changes, constraint in BROKEN:
        row = good | {n: now if value == "now" else value for n, value in changes.items()}
        with pytest.raises(CheckViolationError, match=f"ck_payment_{constraint}"):
            await _insert(room, "payment", row)


BROKEN_REFUNDS: list[tuple[dict[str, Any], str]] = [
    ({"status": "lost"}, "status_is_known"),
    ({"amount_minor": 0}, "amount_is_above_zero"),
    ({"version": 0}, "version_counts_from_one"),
    ({"status": "completed"}, "completed_has_its_time"),
    ({"origin": "nobody"}, "origin_is_known"),
    ({"status": "completed", "completed_at": "now"}, "completed_has_its_transfer"),
    ({"status": "failed", "failure_reason": "x"}, "failed_has_its_time"),
    ({"status": "failed", "failed_at": "now"}, "failed_has_its_reason"),
]


async def test_a_refund_that_breaks_a_rule_is_refused(room: Room) -> None:
    now = room.clock.now()
    good = {
        "id": new_id(),
        "payment_id": await room.create(await room.arrives("a"), await room.arrives("b")),
        "status": "processing",
        "amount_minor": 100,
        "requested_by": BOB,
        "version": 1,
        "created_at": now,
    }
    for changes, constraint in BROKEN_REFUNDS:
        row = good | {n: now if value == "now" else value for n, value in changes.items()}
        with pytest.raises(CheckViolationError, match=f"ck_refund_{constraint}"):
            await _insert(room, "refund", row)


async def _insert(room: Room, table: str, row: dict[str, Any]) -> None:
    columns = ", ".join(row)
    places = ", ".join(f"${place}" for place in range(1, len(row) + 1))
    async with room.database.unit_of_work() as uow:
        await uow.execute(f"INSERT INTO {table} ({columns}) VALUES ({places})", *row.values())


async def test_migrations_make_what_the_tables_say_and_can_be_taken_back(cluster: Cluster) -> None:
    await cluster.prepare("payments")
    config, url = cluster.alembic("payments"), cluster.url("payments_owner")
    assert await asyncio.to_thread(migrations.pending, url, METADATA) == []
    await asyncio.to_thread(migrations.downgrade, config, "base")
    await asyncio.to_thread(migrations.upgrade, config)
    assert await asyncio.to_thread(migrations.pending, url, METADATA) == []


async def test_what_was_stored_before_rows_were_hot_is_carried_there_and_back(
    room: Room, cluster: Cluster, alice: UUID, bob: UUID
) -> None:
    config = cluster.alembic("payments")
    created, waiting = await room.create(alice, bob), await room.create(alice, bob)
    await room.pay(alice, created)
    await room.settle()
    await room.pay(alice, waiting)
    before = await _logs(room, created, waiting)
    assert [entry["entry"] for entry in before[0]][-1] == "completed"
    await asyncio.to_thread(migrations.downgrade, config, "0018")
    assert await room.count("saga_log") == sum(len(log) for log in before)
    await asyncio.to_thread(migrations.upgrade, config)
    # Connections that were open know the tables as they were.
    await cluster.end_connections("payments")
    assert await _logs(room, created, waiting) == before
    await room.settle()
    for payment_id in (created, waiting):
        assert await room.status(alice, payment_id) == "paid"
    answer = await room.get(alice, "/v1/payments", status="paid")
    assert {UUID(one["id"]) for one in answer.json()["items"]} == {created, waiting}


async def test_after_an_upgrade_everybodys_changes_are_noted_for_a_week(
    room: Room, cluster: Cluster, alice: UUID, bob: UUID
) -> None:
    config = cluster.alembic("payments")
    await asyncio.to_thread(migrations.downgrade, config, "0025")
    await cluster.end_connections("payments")
    for _ in range(3):
        await room.create(alice, bob)
    assert await room.count("payment_event") == 3
    async with room.database.unit_of_work() as uow:
        await uow.execute(
            "DELETE FROM payment_event WHERE seq IN (SELECT min(seq) FROM payment_event)"
        )
        kept_from = await uow.fetchval("SELECT min(seq) FROM payment_event")
    await asyncio.to_thread(migrations.upgrade, config)
    await cluster.end_connections("payments")
    async with room.database.read() as connection:
        row = await connection.fetchrow(
            "SELECT *, until - now() > '6 days' AS is_long FROM watched"
        )
    assert row is not None
    assert (row["subject"], row["since"], row["is_long"]) == (EVERYBODY, kept_from - 1, True)
    await room.create(alice, bob)
    assert await room.count("payment_event") == 3


async def _logs(room: Room, *saga_ids: UUID) -> list[list[dict[str, Any]]]:
    async with room.database.read() as connection:
        return [(await store.shown(connection, one) or {})["log"] for one in saga_ids]
