"""PostgreSQL refuses by itself what the domain would never ask for."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from asyncpg.exceptions import CheckViolationError
from tests.integration.payments.room import Room

from kit.db import migrations
from kit.ids import new_id
from payments.tables import METADATA
from testkit.databases import Cluster

ALICE, BOB = UUID(int=1), UUID(int=2)
PAID = {"status": "paid", "paid_at": "now", "paid_minor": 100, "transfer_id": new_id()}
BROKEN: list[tuple[dict[str, Any], str]] = [
    ({"status": "settled"}, "status_is_known"),
    ({"payee_id": ALICE}, "payer_is_not_payee"),
    ({"amount_minor": 0}, "amount_is_in_range"),
    ({"amount_minor": 10**15 + 1}, "amount_is_in_range"),
    ({"currency": "rub"}, "currency_is_a_code"),
    ({"card_last4": "12345"}, "card_last4_is_four_digits"),
    ({"card_last4": "٤٢٤٢"}, "card_last4_is_four_digits"),
    ({"version": 0}, "version_counts_from_one"),
    ({"status": "paid", "transfer_id": new_id()}, "paid_has_its_time"),
    ({"status": "paid", "paid_at": "now", "paid_minor": 100}, "paid_has_its_transfer"),
    ({"status": "paid", "paid_at": "now", "transfer_id": new_id()}, "paid_has_its_amount"),
    ({**PAID, "paid_minor": 101}, "paid_fits_the_amount"),
    ({**PAID, "refunded_minor": 101}, "refunds_fit_what_was_paid"),
    ({"refunded_minor": 1}, "refunds_fit_what_was_paid"),
    ({**PAID, "status": "refunded"}, "refunded_has_its_time"),
    ({"status": "scheduled"}, "scheduled_has_its_time"),
    ({"disputed_at": "now"}, "disputed_has_its_sum"),
    ({"disputed_minor": 1}, "disputed_has_its_sum"),
    ({"dispute_outcome": "drawn"}, "dispute_outcome_is_known"),
    ({"method": "cash"}, "method_is_known"),
    ({"reserved_at": "now"}, "set_aside_is_what_was_reserved"),
    ({"is_reserved": True, "execute_at": "now"}, "reserved_is_not_scheduled"),
    ({"status": "failed", "reason": "x"}, "failed_has_its_time"),
    ({"status": "cancelled", "reason": "x"}, "cancelled_has_its_time"),
    ({"status": "failed", "failed_at": "now"}, "failed_and_cancelled_have_a_reason"),
    ({"reason": "x"}, "failed_and_cancelled_have_a_reason"),
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
