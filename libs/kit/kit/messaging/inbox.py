"""Deduplicates events: each has one effect per consumer, however often it comes.

The inbox is partitioned by the day inside the event's UUIDv7, so a duplicate always meets its first
copy, and retention is dropping a partition.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import lru_cache
from uuid import UUID

from kit.db.database import Database
from kit.db.unit_of_work import UnitOfWork
from kit.ids import uuid7_day

RETENTION_DAYS = 14
AHEAD_DAYS = 1  # clocks of other machines may be past midnight already

# Ids are sorted, so that two workers with the same events wait for each other and never deadlock.
_CLAIM = """
WITH claimed AS (
    INSERT INTO inbox (bucket, consumer, event_id)
    SELECT $2, $1, id FROM unnest($3::uuid[]) AS given (id) ORDER BY id
    ON CONFLICT DO NOTHING RETURNING event_id)
SELECT (SELECT array_agg(event_id) FROM claimed) AS fresh, (
    SELECT array_agg(DISTINCT key) FROM letter
    WHERE consumer = $1 AND state = 'parked' AND key = ANY($4::text[])) AS waiting
"""

# A letter of an event older than all these is of none of them, and in nobody's way but of its key.
_IN_THE_WAY = "FROM letter WHERE consumer = $1 AND (state = 'parked' OR id >= $2::uuid)"
_LOOK_LAST = f"SELECT {_IN_THE_WAY} LIMIT 1"

# Handlers that know a repeat by rows of their own need no row here. What has a letter, in whatever
# state, has no other right to its effect.
_LOOK = f"""
SELECT (SELECT array_agg(id) FROM letter
        WHERE consumer = $1 AND id = ANY((SELECT $3::uuid[])::uuid[])) AS known, (
    SELECT array_agg(DISTINCT key) FROM letter WHERE consumer = $1 AND state = 'parked'
    AND key = ANY((SELECT $4::text[])::text[])) AS waiting,
    EXISTS (SELECT {_IN_THE_WAY}) AS is_any_in_the_way
"""  # noqa: S608 (texts are put together from the constants of this file)


def is_stale(event_id: UUID, today: date) -> bool:
    """Tell whether an event is too old for the inbox to know its duplicates.

    An event too far ahead has no partition either.
    """
    try:
        day = uuid7_day(event_id)
    except ValueError:
        return True
    oldest, newest = _known_days(today)
    return not oldest <= day <= newest


@lru_cache(maxsize=1)
def _known_days(today: date) -> tuple[date, date]:
    return today - timedelta(days=RETENTION_DAYS), today + timedelta(days=AHEAD_DAYS)


async def claim(
    uow: UnitOfWork, consumer: str, ids: Sequence[UUID], keys: Iterable[str] = ()
) -> tuple[set[UUID], set[str]]:
    """Claim events, none of them stale, for this unit of work.

    Returns:
        The ids that are seen for the first time, and those of the keys whose earlier messages
        are parked.
    """
    by_day: dict[date, list[UUID]] = {}
    for event_id in ids:
        by_day.setdefault(uuid7_day(event_id), []).append(event_id)
    fresh, waiting, all_keys = set[UUID](), set[str](), list(keys)
    for day in sorted(by_day):  # one, except around midnight
        for row in await uow.fetch(_CLAIM, consumer, day, by_day[day], all_keys):
            fresh.update(row["fresh"] or ())
            waiting.update(row["waiting"] or ())
    return fresh, waiting


async def look(
    uow: UnitOfWork, consumer: str, ids: Sequence[UUID], keys: Iterable[str]
) -> tuple[set[UUID], set[str], bool]:
    """Return what `claim` does, but claim nothing, and if `look_last` would refuse.

    For handlers that know a repeat by rows of their own. An id is fresh unless it has a letter.
    """
    (row,) = await uow.fetch(_LOOK, consumer, min(ids), ids, list(keys))
    fresh = set(ids).difference(row["known"] or ())
    return fresh, set(row["waiting"] or ()), row["is_any_in_the_way"]


def look_last(uow: UnitOfWork, consumer: str, ids: Iterable[UUID]) -> None:
    """Refuse the COMMIT if a letter may be in the way: then a `look` is needed.

    Where there is none, as mostly, this takes no round trip of its own.
    """
    uow.refuse_if_found(_LOOK_LAST, consumer, min(ids))


async def maintain(database: Database) -> None:
    """Create the partitions of the coming days and drop those past retention."""
    async with database.unit_of_work() as uow:
        today = database.clock.now().date()
        await uow.execute("SELECT maintain_inbox($1, $2)", RETENTION_DAYS, today)
