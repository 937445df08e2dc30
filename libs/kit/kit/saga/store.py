"""Stores saga instances in PostgreSQL, in batches. It holds all SQL of sagas."""

# ruff: noqa: S608 - every text is put together from the constants of this file, once, at import

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from asyncpg import Record

from kit.db.bulk import columns_of
from kit.db.unit_of_work import Connection, LastWrite, UnitOfWork
from kit.moments import microseconds_of, moment_at
from kit.saga.state import Decision, LogEntry, Note, Phase, SagaState

LISTED = 1000

# An array behind SELECT is as long as any to the planner. Else it plans a few rows anew each time,
# as it takes a plan for any number for the dearer one.
_INSERT = """
INSERT INTO saga (id, name, definition_version, phase, step, epoch, attempts, data, to_undo,
    started_at, deadline_at, next_at, updated_at, log)
SELECT id, name, definition_version, phase, step, epoch, 0, data,
    string_to_array(to_undo, ','), at, deadline_at, next_at, at, log
FROM unnest((SELECT $1::uuid[]), $2::text[], $3::int[], $4::text[], $5::text[], $6::int[],
    $7::jsonb[], $8::text[], $9::timestamptz[], $10::timestamptz[], $11::timestamptz[],
    $12::jsonb[])
    AS new (id, name, definition_version, phase, step, epoch, data, to_undo, deadline_at, next_at,
            at, log)
ORDER BY id
"""

# Not the log: nothing is decided by it.
_STATE = """
id, name, definition_version, phase, step, epoch, attempts, data, to_undo, reason, deadline_at,
next_at, needs_attention
"""

_LOCK = f"""
SELECT {_STATE} FROM saga
WHERE id = ANY((SELECT $1::uuid[])::uuid[]) AND name = $2 ORDER BY id FOR NO KEY UPDATE
"""

# What the sagas move is counted, so it is locked before the first saga is looked for. Of a saga
# that changed meanwhile the lock gives the newest version.
_LOCK_BEHIND = f"""
WITH moved AS MATERIALIZED ({{first}})
SELECT {_STATE} FROM saga
WHERE (SELECT count(*) FROM moved) >= 0 AND id = ANY((SELECT $1::uuid[])::uuid[]) AND name = $2
ORDER BY id FOR NO KEY UPDATE OF saga
"""

_SAVE = """
UPDATE saga SET phase = new.phase, step = new.step, epoch = new.epoch,
    attempts = new.attempts, data = new.data, to_undo = string_to_array(new.to_undo, ','),
    reason = new.reason, deadline_at = new.deadline_at, next_at = new.next_at,
    lease_until = NULL, needs_attention = new.needs_attention, updated_at = new.at,
    log = CASE WHEN new.log = '[]' THEN saga.log ELSE saga.log || new.log END
FROM unnest((SELECT $1::uuid[]), $2::text[], $3::text[], $4::int[], $5::int[], $6::jsonb[],
    $7::text[], $8::text[], $9::timestamptz[], $10::timestamptz[], $11::boolean[], $12::jsonb[],
    $13::timestamptz[])
    AS new (id, phase, step, epoch, attempts, data, to_undo, reason, deadline_at, next_at,
            needs_attention, log, at)
WHERE saga.id = new.id
"""

_NOTE = """
UPDATE saga SET log = saga.log || told.log
FROM unnest($1::uuid[], $2::jsonb[]) AS told (id, log) WHERE saga.id = told.id
"""

_DUE = "SELECT id FROM saga WHERE name = $1 AND next_at <= $2 ORDER BY next_at LIMIT $3"

_NEXT = "SELECT min(next_at) FROM saga WHERE name = $1"

# What nobody has leased is due now.
_NEXT_TASK = """
SELECT coalesce(lease_until, $3) FROM saga
WHERE name = $1 AND phase = 'running' AND step = ANY($2::text[]) AND next_at IS NOT NULL
ORDER BY lease_until NULLS FIRST LIMIT 1
"""

_NEEDING_ATTENTION = """
SELECT count(*) FROM saga WHERE name = $1 AND next_at IS NOT NULL AND needs_attention
"""

_POSTPONE = """
UPDATE saga SET next_at = $2, needs_attention = true, updated_at = $3,
    log = log || jsonb_build_array(
        jsonb_build_array((extract(epoch FROM $3::timestamptz) * 1000000)::bigint,
            'timer_failed', step, $4::text))
WHERE id = $1 AND next_at IS NOT NULL
"""

_LEASE = f"""
UPDATE saga SET lease_until = $4 WHERE id IN (
    SELECT id FROM saga WHERE name = $1 AND phase = 'running' AND step = ANY($2::text[])
        AND next_at IS NOT NULL AND (lease_until IS NULL OR lease_until < $3)
    ORDER BY next_at LIMIT $5 FOR NO KEY UPDATE SKIP LOCKED)
RETURNING {_STATE}
"""

# A row that is locked is left out: whoever holds it is about to end the lease anyway.
_RENEW = """
UPDATE saga SET lease_until = $2 WHERE id IN (
    SELECT id FROM saga WHERE id = ANY($1::uuid[]) AND lease_until IS NOT NULL
    FOR NO KEY UPDATE SKIP LOCKED)
"""

_LISTED = """
SELECT id, name, phase, step, attempts, needs_attention, reason, next_at, started_at, updated_at
FROM saga WHERE next_at IS NOT NULL AND ($1 OR needs_attention) ORDER BY started_at LIMIT $2
"""


def insert(uow: UnitOfWork, decisions: Iterable[Decision], now: datetime) -> None:
    """Store new instances with the COMMIT, or before any are looked at."""
    for decision in decisions:
        uow.before_commit(_inserted, (decision, now))


def _inserted(_: UnitOfWork, begun: list[tuple[Decision, datetime]]) -> LastWrite:
    rows = [
        (
            state.id,
            state.name,
            state.version,
            state.phase.value,
            state.step,
            state.epoch,
            state.data,
            ",".join(state.to_undo),
            state.deadline_at,
            state.next_at,
            now,
            tuple((microseconds_of(now), *entry) for entry in log),
        )
        for state, log, now in ((one.state, one.log, now) for one, now in begun)
    ]
    return LastWrite(_INSERT, columns_of(rows, 12))


def locking(first: str | None) -> str:
    """Return the statement that locks instances, after it has locked what they move."""
    return _LOCK if first is None else _LOCK_BEHIND.format(first=first)


async def lock(
    uow: UnitOfWork, name: str, ids: Iterable[UUID], statement: str = _LOCK
) -> dict[UUID, SagaState]:
    """Lock instances in id order and return their present state.

    What this unit of work has begun or changed is written before. ``statement`` is as ``locking``
    gives it.
    """
    await uow.write_now(_inserted, _saved, _noted)
    rows = await uow.fetch(statement, list(ids), name)
    return {row["id"]: _state(row) for row in rows}


def save(
    uow: UnitOfWork,
    changed: Iterable[SagaState],
    log: Sequence[tuple[UUID, LogEntry]],
    now: datetime,
) -> None:
    """Store new states and log entries of locked instances as ``insert`` does."""
    told: dict[UUID, tuple[Any, ...]] = {}
    at = microseconds_of(now)
    for saga_id, entry in log:
        told[saga_id] = (*told.get(saga_id, ()), (at, *entry))
    for state in changed:
        uow.before_commit(_saved, (state, told.pop(state.id, ()), now))
    for saga_id, entries in told.items():
        uow.before_commit(_noted, (saga_id, entries))


def _saved(_: UnitOfWork, changed: list[tuple[SagaState, tuple[Any, ...], datetime]]) -> LastWrite:
    rows = [
        (
            state.id,
            state.phase.value,
            state.step,
            state.epoch,
            state.attempts,
            state.data,
            ",".join(state.to_undo),
            state.reason,
            state.deadline_at,
            state.next_at,
            state.needs_attention,
            log,
            now,
        )
        for state, log, now in changed
    ]
    return LastWrite(_SAVE, columns_of(rows, 13))


def _noted(_: UnitOfWork, told: list[tuple[UUID, tuple[Any, ...]]]) -> LastWrite:
    return LastWrite(_NOTE, columns_of(told, 2))


async def note(uow: UnitOfWork, saga_id: UUID, step: str | None, notes: Iterable[Note]) -> None:
    """Add a worker's notes to an instance's log, each under its own time."""
    await uow.write_now(_inserted, _saved, _noted)
    told = tuple((microseconds_of(one.at), "noted", step, one.text) for one in notes)
    await uow.execute(_NOTE, [saga_id], [told])


async def due(connection: Connection, name: str, now: datetime, limit: int) -> list[UUID]:
    """Return the ids of due instances, the longest due first."""
    return [row["id"] for row in await connection.fetch(_DUE, name, now, limit)]


async def next_at(connection: Connection, name: str) -> datetime | None:
    """Return when the first instance is due; None where none is live."""
    at: datetime | None = await connection.fetchval(_NEXT, name)
    return at


async def next_task_at(
    connection: Connection, name: str, steps: Sequence[str], now: datetime
) -> datetime | None:
    """Return when the first task may be leased; None where no instance waits for one."""
    at: datetime | None = await connection.fetchval(_NEXT_TASK, name, list(steps), now)
    return at


async def needing_attention(connection: Connection, name: str) -> int:
    """Count the live instances that need attention."""
    return int(await connection.fetchval(_NEEDING_ATTENTION, name))


async def postpone(uow: UnitOfWork, saga_id: UUID, until: datetime, why: str) -> None:
    """Postpone an instance that can't be woken, and call for attention."""
    await uow.execute(_POSTPONE, saga_id, until, uow.clock.now(), why.replace("\x00", "\ufffd"))


@dataclass(frozen=True, slots=True)
class Lease:
    """Says which instances a worker leases, and until when."""

    name: str
    steps: Sequence[str]
    until: datetime
    limit: int


async def take(uow: UnitOfWork, lease: Lease) -> list[SagaState]:
    """Lease instances that wait for a task, so that no other worker takes them."""
    now = uow.clock.now()
    rows = await uow.fetch(_LEASE, lease.name, list(lease.steps), now, lease.until, lease.limit)
    return [_state(row) for row in rows]


async def renew(uow: UnitOfWork, ids: Iterable[UUID], until: datetime) -> None:
    """Prolong the leases of instances that are being worked on."""
    await uow.execute(_RENEW, list(ids), until)


async def listed(connection: Connection, *, everything: bool) -> list[dict[str, Any]]:
    """Return live instances for an operator, oldest first.

    They are all of them, or those that need attention.
    """
    return [dict(row) for row in await connection.fetch(_LISTED, everything, LISTED)]


async def shown(connection: Connection, saga_id: UUID) -> dict[str, Any] | None:
    """Return an instance and its log, for an operator; None where there is none."""
    row = await connection.fetchrow("SELECT * FROM saga WHERE id = $1", saga_id)
    return None if row is None else {**row, "log": _read(row["log"])}


def _read(log: Iterable[Any]) -> list[dict[str, Any]]:
    return [
        {"at": _moment(at), "entry": entry, "step": step, "detail": detail}
        for at, entry, step, detail in log
    ]


def _moment(at: int | str) -> datetime:
    """Return when something was logged; older versions wrote it as text."""
    return moment_at(at) if isinstance(at, int) else datetime.fromisoformat(at)


def _state(row: Record) -> SagaState:
    return SagaState(
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
