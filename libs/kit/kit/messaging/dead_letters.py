"""Stores failed messages: parked ones are retried, dead letters wait.

They live in PostgreSQL, so that a retry never depends on the broker's counters and nothing is lost.
A letter is the right to its event's effect: the event's inbox row was written with it. A command
that is sent again, and an answer that is given again, are one letter however often they come.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import DecodeError
from msgspec.json import decode

from kit.db.unit_of_work import Connection, UnitOfWork
from kit.ids import derived_id

MAX_ATTEMPTS = 10
FIRST_RETRY = timedelta(seconds=1)
LAST_RETRY = timedelta(minutes=5)
ERROR_LENGTH = 2000
NAME_LENGTH = 200
UNDECODABLE = "undecodable"
LISTED = 1000

_INSERT = """
INSERT INTO letter (consumer, id, key, type, body, state, reason, error, next_at)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9::timestamptz
WHERE $10::text IS NULL OR NOT EXISTS (
    SELECT FROM letter WHERE consumer = $1 AND key = $3 AND type = $4
    AND position(convert_to($10, 'UTF8') IN body) > 0)
ON CONFLICT DO NOTHING
"""

# Only the first of a key is due: those behind it wait, so that the order within the key holds.
_DUE = """
SELECT id FROM letter AS first
WHERE consumer = $1 AND state = 'parked' AND next_at <= $2 AND NOT EXISTS (
    SELECT FROM letter AS earlier WHERE earlier.consumer = first.consumer
    AND earlier.key = first.key AND earlier.state = 'parked' AND earlier.seq < first.seq)
ORDER BY next_at LIMIT 100
"""

_NEXT = "SELECT min(next_at) FROM letter WHERE consumer = $1 AND state = 'parked'"

_LOCK = """
SELECT * FROM letter WHERE consumer = $1 AND id = $2 AND state = 'parked'
FOR UPDATE SKIP LOCKED
"""

_FAILED = """
UPDATE letter SET attempts = attempts + 1, error = $3, updated_at = $4,
    state = CASE WHEN attempts + 1 >= $5 THEN 'dead' ELSE 'parked' END,
    next_at = CASE WHEN attempts + 1 >= $5 THEN NULL ELSE $6::timestamptz END
WHERE consumer = $1 AND id = $2 AND state = 'parked' RETURNING state
"""

_REPLAY_ANYWAY = """
UPDATE letter SET state = 'parked', attempts = 0, next_at = $2, updated_at = $2
WHERE id = $1 RETURNING consumer
"""
_REPLAY = """
UPDATE letter SET state = 'parked', attempts = 0, next_at = $2, updated_at = $2
WHERE id = $1 AND reason <> 'undecodable' RETURNING consumer
"""

_UNDECODABLE = """
UPDATE letter SET attempts = attempts + 1, error = $4, updated_at = $5, state = 'dead',
    next_at = NULL, reason = CASE reason WHEN 'unknown_command' THEN reason ELSE $3 END
WHERE consumer = $1 AND id = $2 AND state = 'parked'
"""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One message that could not be handled.

    ``key`` is what later messages wait behind. ``asked`` is the command's id, of a command and of
    its answers: every sending of either is an event of its own, but one letter is enough.
    """

    consumer: str
    id: UUID
    key: str
    type: str
    body: bytes
    reason: str
    error: str
    attempts: int = 0
    asked: str | None = None


def dead_letter(consumer: str, body: bytes, reason: str, error: str) -> DeadLetter:
    """Return the dead letter of an event, or of bytes that are none.

    Without a usable id the bytes themselves are its id, so the same bytes are the same letter.
    """
    known = _known(body)
    try:
        letter_id = UUID(known["id"])
    except (KeyError, TypeError, ValueError, AttributeError):
        letter_id = derived_id(consumer, body)
    return DeadLetter(
        consumer,
        letter_id,
        _text(known.get("subject", ""), NAME_LENGTH),
        _text(known.get("type", ""), NAME_LENGTH),
        body,
        reason,
        _text(error, ERROR_LENGTH),
        asked=_asked(known.get("data")),
    )


def _known(body: bytes) -> dict[str, Any]:
    try:
        event = decode(body)
    except (DecodeError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}


def _asked(data: object) -> str | None:
    # Sagas ask again until they are answered: without this, an answer that can't be handled would
    # be another letter every minute, for ever.
    known = data if isinstance(data, dict) else {}
    asked = known.get("command_id") or known.get("in_reply_to")
    return _text(asked, NAME_LENGTH) if asked else None


def _text(value: object, length: int) -> str:
    """Return a value as text that PostgreSQL stores: without NUL, cut to a length."""
    return str(value).replace("\x00", "\ufffd")[:length]


async def park(uow: UnitOfWork, parked: Sequence[DeadLetter]) -> None:
    """Keep messages for a retry; the caller has claimed them in the inbox."""
    await _insert(uow, parked, "parked", retry_at(uow.clock.now(), attempts=0))
    uow.after_commit(uow.wake_up.set)


async def bury(uow: UnitOfWork, dead: Sequence[DeadLetter]) -> None:
    """Keep messages that no retry can help; the caller has claimed them in the inbox."""
    await _insert(uow, dead, "dead", None)


async def _insert(
    uow: UnitOfWork, letters: Sequence[DeadLetter], state: str, next_at: datetime | None
) -> None:
    rows = [
        (
            one.consumer,
            one.id,
            one.key,
            one.type,
            one.body,
            state,
            one.reason,
            one.error,
            next_at,
            one.asked,
        )
        for one in letters
    ]
    if rows:
        await uow.executemany(_INSERT, rows)


def retry_at(now: datetime, attempts: int) -> datetime:
    """Return when to try again: 1 s, 2 s, 4 s … up to 5 min."""
    return now + min(LAST_RETRY, FIRST_RETRY * 2.0 ** min(attempts, 20))


async def due(connection: Connection, consumer: str, now: datetime) -> list[UUID]:
    """Return the ids of parked letters that are due, only the first of each key."""
    return [row["id"] for row in await connection.fetch(_DUE, consumer, now)]


async def next_at(connection: Connection, consumer: str) -> datetime | None:
    """Return when the first parked letter is due; None where there is none."""
    at: datetime | None = await connection.fetchval(_NEXT, consumer)
    return at


async def lock(uow: UnitOfWork, consumer: str, letter_id: UUID) -> DeadLetter | None:
    """Lock a parked letter for a retry; None where another worker has it."""
    row = await uow.fetchrow(_LOCK, consumer, letter_id)
    if row is None:
        return None
    return DeadLetter(
        row["consumer"],
        row["id"],
        row["key"],
        row["type"],
        row["body"],
        row["reason"],
        row["error"],
        row["attempts"],
    )


async def delivered(uow: UnitOfWork, letter: DeadLetter) -> None:
    """Remove a letter that has been handled after all."""
    await uow.execute("DELETE FROM letter WHERE consumer = $1 AND id = $2", *_key(letter))


async def failed(uow: UnitOfWork, letter: DeadLetter, error: str) -> bool:
    """Count a failed retry; return whether the letter is dead now."""
    now = uow.clock.now()
    state = await uow.fetchval(
        _FAILED,
        *_key(letter),
        _text(error, ERROR_LENGTH),
        now,
        MAX_ATTEMPTS,
        retry_at(now, letter.attempts + 1),
    )
    return bool(state == "dead")


async def undecodable(uow: UnitOfWork, letter: DeadLetter, error: str) -> None:
    """Mark a parked letter as dead, because it can't be decoded."""
    now = uow.clock.now()
    await uow.execute(_UNDECODABLE, *_key(letter), UNDECODABLE, _text(error, ERROR_LENGTH), now)


def _key(letter: DeadLetter) -> tuple[str, UUID]:
    return letter.consumer, letter.id


async def waited_for(connection: Connection, keys: Sequence[str]) -> set[str]:
    """Return those of the keys that have a parked or dead letter."""
    found = await connection.fetch(
        "SELECT DISTINCT key FROM letter WHERE key = ANY($1) AND state IN ('parked', 'dead')", keys
    )
    return {row["key"] for row in found}


@dataclass(frozen=True, slots=True)
class DeadLetterFilter:
    """A filter of letters for an operator; None does not narrow.

    Attributes:
        state: Discarded ones are found only where this asks for them.
        type: A part of the message's type.
        error: A part of the error or of the reason, in any case.
        before: Only letters from before this time.
    """

    state: str | None = None
    type: str | None = None
    error: str | None = None
    before: datetime | None = None


_WANTED = """
FROM letter WHERE (state = $1 OR ($1::text IS NULL AND state <> 'discarded'))
AND ($2::text IS NULL OR position($2 in type) > 0)
AND ($3::text IS NULL OR position(lower($3) in lower(reason || ' ' || error)) > 0)
AND ($4::timestamptz IS NULL OR created_at < $4)
"""
_LISTED = f"""
SELECT consumer, id, key, type, state, reason, left(error, 200) AS error, attempts, next_at,
    created_at {_WANTED} ORDER BY seq LIMIT {LISTED}
"""
_COUNTED = f"""
SELECT consumer, type, state, reason, left(error, 200) AS error, count(*) AS count,
    min(created_at) AS oldest, max(created_at) AS newest {_WANTED}
GROUP BY 1, 2, 3, 4, 5 ORDER BY count DESC, oldest LIMIT {LISTED}
"""


async def listed(
    connection: Connection, state: str | None, wanted: DeadLetterFilter | None = None
) -> list[dict[str, object]]:
    """Return letters for an operator, oldest first: 1,000 at most, without bodies."""
    return await _found(connection, _LISTED, wanted or DeadLetterFilter(state))


async def counted(connection: Connection, wanted: DeadLetterFilter) -> list[dict[str, object]]:
    """Count letters by queue, type, state and error, with the oldest and newest time."""
    return await _found(connection, _COUNTED, wanted)


async def _found(
    connection: Connection, query: str, wanted: DeadLetterFilter
) -> list[dict[str, object]]:
    asked = (wanted.state, wanted.type, wanted.error, wanted.before)
    return [dict(row) for row in await connection.fetch(query, *asked)]


async def shown(connection: Connection, letter_id: UUID) -> list[dict[str, object]]:
    """Return all letters of an event whole, with what operators did to each."""
    rows = await connection.fetch("SELECT * FROM letter WHERE id = $1 ORDER BY seq", letter_id)
    actions = await connection.fetch(
        "SELECT consumer, action, actor, at FROM letter_action WHERE id = $1 ORDER BY at",
        letter_id,
    )
    return [
        {
            **row,
            "actions": [
                {name: one[name] for name in ("action", "actor", "at")}
                for one in actions
                if one["consumer"] == row["consumer"]
            ],
        }
        for row in rows
    ]


async def replay(uow: UnitOfWork, letter_id: UUID, actor: str, *, anyway: bool = False) -> int:
    """Make the letters of an event due at once; return how many. Safe to repeat.

    A letter that can't be decoded stays as it is, since no retry helps it; with `anyway` it is
    tried once, for use after its decoder was mended.
    """
    return await _act(
        uow,
        _REPLAY_ANYWAY if anyway else _REPLAY,
        letter_id,
        "replay",
        actor,
    )


async def discard(uow: UnitOfWork, letter_id: UUID, actor: str) -> int:
    """Discard the letters of an event until a replay; return how many."""
    return await _act(
        uow,
        "UPDATE letter SET state = 'discarded', next_at = NULL, updated_at = $2"
        " WHERE id = $1 AND state <> 'discarded' RETURNING consumer",
        letter_id,
        "discard",
        actor,
    )


async def _act(uow: UnitOfWork, update: str, letter_id: UUID, action: str, actor: str) -> int:
    changed = await uow.fetch(update, letter_id, uow.clock.now())
    uow.after_commit(uow.wake_up.set)
    await uow.executemany(
        "INSERT INTO letter_action (consumer, id, action, actor, at) VALUES ($1, $2, $3, $4, $5)",
        [(row["consumer"], letter_id, action, actor, uow.clock.now()) for row in changed],
    )
    return len(changed)
