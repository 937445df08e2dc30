"""Saga instances in PostgreSQL: locked, loaded and saved by the batch. The only SQL of sagas."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from asyncpg import Record

from kit.db.unit_of_work import Connection, UnitOfWork
from kit.saga.decide import Decision, Phase, State

# Instance and log in one round trip: it is on the way of every request that starts a saga.
_INSERT = """
WITH started AS (
    INSERT INTO saga (id, name, definition_version, phase, step, epoch, attempts, data, to_undo,
        started_at, deadline_at, next_at, updated_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $10)
    ON CONFLICT DO NOTHING RETURNING id)
INSERT INTO saga_log (saga_id, at, entry, step, detail)
SELECT started.id, $10, given.entry, given.step, given.detail
FROM started, unnest($13::text[], $14::text[], $15::text[])
    WITH ORDINALITY AS given (entry, step, detail, position)
ORDER BY position
"""

_LOCK = """
SELECT * FROM saga WHERE id = ANY($1::uuid[]) AND name = $2 ORDER BY id FOR NO KEY UPDATE
"""

_UPDATE = """
UPDATE saga SET phase = new.phase, step = new.step, epoch = new.epoch, attempts = new.attempts,
    data = new.data, to_undo = string_to_array(new.to_undo, ','), reason = new.reason,
    deadline_at = new.deadline_at, next_at = new.next_at, lease_until = NULL,
    needs_attention = new.needs_attention, updated_at = $12
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::int[], $5::int[], $6::jsonb[], $7::text[],
    $8::text[], $9::timestamptz[], $10::timestamptz[], $11::boolean[])
    AS new (id, phase, step, epoch, attempts, data, to_undo, reason, deadline_at, next_at,
            needs_attention)
WHERE saga.id = new.id
"""

_LOG = """
INSERT INTO saga_log (saga_id, at, entry, step, detail)
SELECT given.saga_id, $5, given.entry, given.step, given.detail
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[])
    WITH ORDINALITY AS given (saga_id, entry, step, detail, position)
ORDER BY position
"""

# Tasks wait for a worker, not for their deadline, so a step under a live lease is left alone.
_DUE = "SELECT id FROM saga WHERE name = $1 AND next_at <= $2 ORDER BY next_at LIMIT $3"

_LEASE = """
UPDATE saga SET lease_until = $4 WHERE id IN (
    SELECT id FROM saga WHERE name = $1 AND phase = 'running' AND step = ANY($2::text[])
        AND next_at IS NOT NULL AND (lease_until IS NULL OR lease_until < $3)
    ORDER BY next_at LIMIT $5 FOR UPDATE SKIP LOCKED)
RETURNING *
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which tasks to lease: of one saga, at these steps, free at ``now``, until ``until``."""

    name: str
    steps: tuple[str, ...]
    now: datetime
    until: datetime


async def insert(uow: UnitOfWork, decision: Decision, now: datetime) -> bool:
    """Store a new instance; False where one with this id exists already."""
    state = decision.state
    entries, steps, details = zip(*decision.log, strict=True)
    logged = await uow.execute(
        _INSERT,
        state.id,
        state.name,
        state.version,
        state.phase.value,
        state.step,
        state.epoch,
        state.attempts,
        state.data,
        list(state.to_undo),
        now,
        state.deadline_at,
        state.next_at,
        list(entries),
        list(steps),
        list(details),
    )
    return bool(logged)


async def lock(uow: UnitOfWork, name: str, ids: Iterable[UUID]) -> dict[UUID, State]:
    """Lock instances in id order and return their present state."""
    rows = await uow.fetch(_LOCK, list(ids), name)
    return {row["id"]: _state(row) for row in rows}


async def save(uow: UnitOfWork, decisions: Sequence[Decision], now: datetime) -> None:
    """Store new states and their log entries, one statement each."""
    states = list({one.state.id: one.state for one in decisions if one.is_change}.values())
    if states:
        await _update(uow, states, now)
    await _write_log(uow, decisions, now)


async def _update(uow: UnitOfWork, states: Sequence[State], now: datetime) -> None:
    await uow.execute(
        _UPDATE,
        [state.id for state in states],
        [state.phase.value for state in states],
        [state.step for state in states],
        [state.epoch for state in states],
        [state.attempts for state in states],
        [state.data for state in states],
        [",".join(state.to_undo) for state in states],
        [state.reason for state in states],
        [state.deadline_at for state in states],
        [state.next_at for state in states],
        [state.needs_attention for state in states],
        now,
    )


async def _write_log(uow: UnitOfWork, decisions: Sequence[Decision], now: datetime) -> None:
    entries = [(decision.state.id, *entry) for decision in decisions for entry in decision.log]
    if entries:
        ids, names, steps, details = zip(*entries, strict=True)
        await uow.execute(_LOG, list(ids), list(names), list(steps), list(details), now)


async def note(
    uow: UnitOfWork, saga_id: UUID, entries: Sequence[tuple[str, str | None, str | None]]
) -> None:
    """Add log entries to an instance without changing it."""
    if entries:
        names, steps, details = zip(*entries, strict=True)
        ids = [saga_id] * len(entries)
        await uow.execute(_LOG, ids, list(names), list(steps), list(details), uow.clock.now())


async def due(connection: Connection, name: str, now: datetime, limit: int) -> list[UUID]:
    """Return instances whose time has come, the longest due first."""
    return [row["id"] for row in await connection.fetch(_DUE, name, now, limit)]


async def lease(uow: UnitOfWork, wanted: Wanted, limit: int) -> list[State]:
    """Take instances that stand at a task; nobody else gets them before the lease ends."""
    values = (wanted.name, list(wanted.steps), wanted.now, wanted.until, limit)
    return [_state(row) for row in await uow.fetch(_LEASE, *values)]


async def renew(uow: UnitOfWork, ids: Collection[UUID], until: datetime) -> None:
    """Keep leases for longer; those of instances that have moved on mean nothing."""
    if ids:
        await uow.execute("UPDATE saga SET lease_until = $2 WHERE id = ANY($1)", list(ids), until)


async def log_of(connection: Connection, saga_id: UUID) -> list[dict[str, Any]]:
    """Return an instance's log, oldest first: at, entry, step, detail."""
    rows = await connection.fetch(
        "SELECT at, entry, step, detail FROM saga_log WHERE saga_id = $1 ORDER BY seq", saga_id
    )
    return [dict(row) for row in rows]


def _state(row: Record) -> State:
    return State(
        id=row["id"],
        name=row["name"],
        version=row["definition_version"],
        phase=Phase(row["phase"]),
        step=row["step"],
        epoch=row["epoch"],
        attempts=row["attempts"],
        data=row["data"],
        to_undo=tuple(row["to_undo"]),
        reason=row["reason"],
        deadline_at=row["deadline_at"],
        next_at=row["next_at"],
        needs_attention=row["needs_attention"],
    )
