"""Stores providers' events, each once, before the webhook is answered.

An event is due until it was applied.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

import orjson

from kit.db import Connection
from kit.logs import get_logger
from payments.domain.cards.charges import SOONEST, Charge, ChargeStatus, News, ProviderNotice
from payments.domain.cards.disputes import DisputeNews, DisputeOutcome
from payments.domain.cards.refunds import CardRefundStatus, RefundNews

LONGEST_PAUSE: Final = timedelta(hours=1)

# A known id with other content is an event of its own. Events stored before there were digests
# have none, so theirs can't be compared.
_KEEP: Final = """
INSERT INTO provider_event (provider, event_id, digest, kind, charge_id, reference, news, dispute,
    refund, has_refunds, received_at, next_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)
ON CONFLICT DO NOTHING
RETURNING EXISTS (SELECT FROM provider_event AS known
                  WHERE known.provider = $1 AND known.event_id = $2 AND known.digest <> '')
"""

_DUE: Final = """
SELECT event_id, digest, kind, charge_id, reference, news, dispute, refund, has_refunds,
    received_at, attempts
FROM provider_event
WHERE provider = $1 AND next_at <= $2
ORDER BY next_at, event_id LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED
"""

_MARK_APPLIED: Final = """
UPDATE provider_event SET next_at = NULL
FROM unnest($2::text[], $3::text[]) AS one (event_id, digest)
WHERE provider = $1 AND provider_event.event_id = one.event_id
  AND provider_event.digest = one.digest
"""

_GIVE_UP: Final = """
UPDATE provider_event SET next_at = NULL, given_up_at = $4
WHERE provider = $1 AND event_id = $2 AND digest = $3
"""

_LATER: Final = """
UPDATE provider_event SET attempts = attempts + 1,
    next_at = $4::timestamptz + least($5::interval * power(2, least(attempts, 12)), $6::interval)
WHERE provider = $1 AND event_id = $2 AND digest = $3
RETURNING attempts
"""

# Events that are locked are being applied right now, and find the charge by themselves.
_WAKE: Final = """
UPDATE provider_event SET next_at = $2, given_up_at = NULL
WHERE (provider, event_id, digest) IN (
    SELECT provider, event_id, digest FROM provider_event
    WHERE provider = $1 AND attempts > 0 AND (next_at > $2 OR given_up_at IS NOT NULL)
      AND (charge_id = ANY($3) OR reference = ANY($4))
    FOR NO KEY UPDATE SKIP LOCKED)
"""

_PURGE: Final = """
DELETE FROM provider_event WHERE (provider, event_id, digest) IN (
    SELECT provider, event_id, digest FROM provider_event
    WHERE received_at < $1 AND next_at IS NULL ORDER BY received_at LIMIT $2)
"""

# Whichever process finds it due takes it, so that one reads at a time.
_BEGIN_READING: Final = """
INSERT INTO provider_reading AS reading (provider, read_to, next_at) VALUES ($1, $3, $4)
ON CONFLICT (provider) DO UPDATE SET next_at = $4 WHERE reading.next_at <= $2
RETURNING read_to
"""

_END_READING: Final = """
UPDATE provider_reading SET read_to = $2, next_at = $3 WHERE provider = $1
"""

log = get_logger(__name__)


class Kept:
    """A stored event: what it tells, when it came, and how often it was tried."""

    def __init__(self, row: Any) -> None:
        """Take a stored row."""
        self.notice = _notice(row)
        self.digest: str = row["digest"]
        self.received_at: datetime = row["received_at"]
        self.attempts: int = row["attempts"]


_NEXT: Final = "SELECT min(next_at) FROM provider_event WHERE provider = $1"


class ProviderEvents:
    """The stored events of one provider; everything needs a unit of work."""

    def __init__(self, connection: Connection, provider: str) -> None:
        self._connection = connection
        self._provider = provider

    async def keep(self, notice: ProviderNotice, now: datetime) -> bool:
        """Store a believed event, due at once; False where it is known.

        An event with a known id and other content is stored too, and logged as an error.
        """
        facts = [
            None if one is None else asdict(one)
            for one in (notice.news, notice.dispute, notice.refund)
        ]
        told = orjson.dumps([notice.kind, notice.charge_id, notice.reference, facts])
        is_repeated: bool | None = await self._connection.fetchval(
            _KEEP,
            self._provider,
            notice.event_id,
            sha256(told).hexdigest(),
            notice.kind,
            notice.charge_id,
            notice.reference,
            *facts,
            notice.has_refunds,
            now,
        )
        if is_repeated:
            log.error("event_id_repeated", provider=self._provider, event_id=notice.event_id)
        return is_repeated is not None

    async def due(self, now: datetime, limit: int) -> list[Kept]:
        """Take events that are due, oldest first; nobody else gets them meanwhile."""
        rows = await self._connection.fetch(_DUE, self._provider, now, limit)
        return [Kept(row) for row in rows]

    async def next_at(self) -> datetime | None:
        """Return when the first event is due; None where none is."""
        at: datetime | None = await self._connection.fetchval(_NEXT, self._provider)
        return at

    async def mark_applied(self, events: Iterable[Kept]) -> None:
        """Store that events were applied."""
        known = list(events)
        ids, digests = [one.notice.event_id for one in known], [one.digest for one in known]
        await self._connection.execute(_MARK_APPLIED, self._provider, ids, digests)

    async def later(self, event: Kept, now: datetime) -> int:
        """Put an event off, each time for longer, up to an hour; return how often."""
        attempts: int = await self._connection.fetchval(
            _LATER,
            self._provider,
            event.notice.event_id,
            event.digest,
            now,
            SOONEST,
            LONGEST_PAUSE,
        )
        return attempts

    async def give_up(self, event: Kept, now: datetime) -> None:
        """Try an event no more; it stays stored for operators."""
        await self._connection.execute(
            _GIVE_UP, self._provider, event.notice.event_id, event.digest, now
        )

    async def begin_reading(
        self, now: datetime, first: datetime, again: datetime
    ) -> datetime | None:
        """Take over reading the provider's log; return the time to read from.

        None where it is not due yet. It is due again at ``again``, even if this reading fails.
        """
        since: datetime | None = await self._connection.fetchval(
            _BEGIN_READING, self._provider, now, first, again
        )
        return since

    async def end_reading(self, until: datetime, again: datetime) -> None:
        """Store up to when the log was read, and when to read on."""
        await self._connection.execute(_END_READING, self._provider, until, again)

    async def wake(self, charges: Sequence[Charge], now: datetime) -> None:
        """Make events due that wait for these charges to be known."""
        names = {name for one in charges for name in (one.reference, one.settlement) if name}
        ids = [one.id for one in charges]
        await self._connection.execute(_WAKE, self._provider, now, ids, list(names))


async def purge_events(connection: Connection, before: datetime, limit: int) -> int:
    """Delete old events that are not due, the oldest first; return how many."""
    return await connection.execute(_PURGE, before, limit)


def _notice(row: Any) -> ProviderNotice:
    news, dispute, refund = row["news"], row["dispute"], row["refund"]
    if news is not None:
        news = News(**{**news, "status": ChargeStatus(news["status"])})
    if dispute is not None:
        outcome = dispute.get("outcome")
        dispute = DisputeNews(
            **{**dispute, "outcome": None if outcome is None else DisputeOutcome(outcome)}
        )
    if refund is not None:
        ours = refund["refund_id"]
        known = {
            "status": CardRefundStatus(refund["status"]),
            "refund_id": None if ours is None else UUID(ours),
        }
        refund = RefundNews(**{**refund, **known})
    return ProviderNotice(
        event_id=row["event_id"],
        kind=row["kind"],
        charge_id=row["charge_id"],
        reference=row["reference"],
        news=news,
        dispute=dispute,
        refund=refund,
        has_refunds=row["has_refunds"],
    )
