"""What providers tell: kept before it is answered, each event once, until it has had its effect."""

# ruff: noqa: S608 - every text is put together from the constants of this file, once, at import

from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from kit.db import Connection
from kit.logs import get_logger
from payments.domain.charges import SOONEST, ChargeStatus, News, Notice

_KEEP: Final = """
INSERT INTO provider_event
    (provider, event_id, kind, charge_id, reference, news, is_dispute, received_at, next_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
ON CONFLICT DO NOTHING
"""

_TOLD: Final = "event_id, kind, charge_id, reference, news, is_dispute"

_GET: Final = f"SELECT {_TOLD} FROM provider_event WHERE provider = $1 AND event_id = $2"

_DUE: Final = f"""
SELECT {_TOLD} FROM provider_event
WHERE provider = $1 AND next_at <= $2
ORDER BY next_at, event_id LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED
"""

_HEARD: Final = """
UPDATE provider_event SET next_at = NULL WHERE provider = $1 AND event_id = ANY($2)
"""

_LATER: Final = """
UPDATE provider_event SET attempts = attempts + 1,
    next_at = $3::timestamptz + $4::interval * least(attempts + 1, 12)
WHERE provider = $1 AND event_id = $2
RETURNING attempts
"""


log = get_logger(__name__)


class ProviderEvents:
    """The events of one provider; all needs a unit of work."""

    def __init__(self, connection: Connection, provider: str) -> None:
        self._connection = connection
        self._provider = provider

    async def keep(self, notice: Notice, now: datetime) -> bool:
        """Keep an event that is believed, due at once; False where it is known.

        One that tells something else under an id that is known is kept beside the first: its id
        has then what it tells behind it.
        """
        if notice.is_dispute:
            notice = replace(notice, news=None)
        if await self._add(notice, now):
            return True
        row = await self._connection.fetchrow(_GET, self._provider, notice.event_id)
        if row is None or _notice(row) == notice:
            return False
        log.error("event_id_repeated", provider=self._provider, event_id=notice.event_id)
        digest = sha256(repr(notice).encode()).hexdigest()
        return await self._add(replace(notice, event_id=f"{notice.event_id}#{digest}"), now)

    async def _add(self, notice: Notice, now: datetime) -> bool:
        news = None if notice.news is None else asdict(notice.news)
        return bool(
            await self._connection.execute(
                _KEEP,
                self._provider,
                notice.event_id,
                notice.kind,
                notice.charge_id,
                notice.reference,
                news,
                notice.is_dispute,
                now,
            )
        )

    async def due(self, now: datetime, limit: int) -> list[Notice]:
        """Take events that are due, oldest first; nobody else gets them meanwhile."""
        return [
            _notice(row) for row in await self._connection.fetch(_DUE, self._provider, now, limit)
        ]

    async def heard(self, event_ids: Iterable[str]) -> None:
        """Note that events have had their effect."""
        await self._connection.execute(_HEARD, self._provider, list(event_ids))

    async def later(self, event_id: str, now: datetime) -> int:
        """Put one that failed off, a little longer each time; returns how often it has failed."""
        attempts: int = await self._connection.fetchval(
            _LATER, self._provider, event_id, now, SOONEST
        )
        return attempts


def _notice(row: Any) -> Notice:
    values = dict(row)
    if (news := values["news"]) is not None:
        values["news"] = News(**{**news, "status": ChargeStatus(news["status"])})
    return Notice(**values)
