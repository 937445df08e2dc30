"""Stores people's limits, and what was counted against them day by day.

A day's row is locked after the payments that are counted in it; several rows are locked in the
order of their keys.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from kit.db import Connection, UnitOfWork
from kit.db.bulk import BulkInsert
from kit.money import Money
from payments.domain.limits import Limit
from payments.domain.payment import Payment

_OWN: Final = """
SELECT currency, per_payment_minor, per_day_minor FROM payment_limit WHERE user_id = $1
"""
_OWN_OF_MANY: Final = """
SELECT user_id, currency, per_payment_minor, per_day_minor FROM payment_limit
WHERE user_id = ANY($1)
"""
_PLANNED: Final = """
SELECT amount_minor FROM payment
WHERE payer_id = $1 AND listed_as = 'scheduled' AND currency = $2
    AND execute_at >= date_trunc('day', $3::timestamptz, 'UTC') AND execute_at <= $3
ORDER BY execute_at, id LIMIT $4
"""
_MOST_PLANNED: Final = 10_000
_FORGET_OWN: Final = "DELETE FROM payment_limit WHERE user_id = $1"
_SET_OWN: Final = BulkInsert(
    "payment_limit",
    user_id="uuid",
    currency="text",
    per_payment_minor="bigint",
    per_day_minor="bigint",
    set_by="uuid",
    set_at="timestamptz",
)
_SPENT: Final = "SELECT currency, spent_minor FROM payment_day WHERE user_id = $1 AND day = $2"

# The first payment of a day adds a row only if it fits; a later one changes the row only if it fits
# by the row's own figure.
_COUNT: Final = """
WITH counted AS (
    INSERT INTO payment_day (user_id, currency, day, spent_minor)
    SELECT $2, $3, $4, $5 WHERE $5::bigint <= $6::bigint
    ON CONFLICT (user_id, currency, day) DO UPDATE
        SET spent_minor = payment_day.spent_minor + excluded.spent_minor
        WHERE payment_day.spent_minor + excluded.spent_minor <= $6
    RETURNING day)
UPDATE payment SET counted_on = counted.day, counted_minor = $5 FROM counted WHERE id = $1
"""

# The update changes nothing: it locks the rows; missing ones are inserted.
_LOCK: Final = """
INSERT INTO payment_day (user_id, currency, day, spent_minor)
SELECT $1, currency, $2, 0 FROM unnest($3::text[]) AS given (currency) ORDER BY currency
ON CONFLICT (user_id, currency, day) DO UPDATE SET spent_minor = payment_day.spent_minor
RETURNING currency, spent_minor
"""
_ADD: Final = """
UPDATE payment_day SET spent_minor = spent_minor + given.minor
FROM unnest($3::text[], $4::bigint[]) AS given (currency, minor)
WHERE user_id = $1 AND day = $2 AND payment_day.currency = given.currency
"""
_LOCK_DAYS: Final = """
SELECT 1 FROM payment_day JOIN unnest($1::uuid[], $2::text[], $3::date[])
    AS given (user_id, currency, day) USING (user_id, currency, day)
ORDER BY user_id, currency, day FOR NO KEY UPDATE OF payment_day
"""
_GIVE_BACK: Final = """
UPDATE payment_day SET spent_minor = spent_minor - back.minor
FROM (SELECT user_id, currency, day, sum(minor) AS minor
      FROM unnest($1::uuid[], $2::text[], $3::date[], $4::bigint[])
          AS given (user_id, currency, day, minor) GROUP BY user_id, currency, day) AS back
WHERE payment_day.user_id = back.user_id AND payment_day.currency = back.currency
    AND payment_day.day = back.day
"""
_PURGE: Final = "DELETE FROM payment_day WHERE day < $1"


class Limits:
    """Stored limits and counts; changes need a unit of work, reads any connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def own(self, user_id: UUID) -> dict[str, Limit]:
        """Return the limits that a person has of their own, by currency."""
        rows = await self._connection.fetch(_OWN, user_id)
        return {row["currency"]: limit_of(row) for row in rows}

    async def own_of_many(self, user_ids: Iterable[UUID]) -> dict[tuple[UUID, str], Limit]:
        """Return the limits that people have of their own, by person and currency."""
        rows = await self._connection.fetch(_OWN_OF_MANY, list(user_ids))
        return {(row["user_id"], row["currency"]): limit_of(row) for row in rows}

    async def set_own(
        self, uow: UnitOfWork, user_id: UUID, limits: Mapping[str, Limit], set_by: UUID
    ) -> None:
        """Replace the limits that a person has of their own."""
        await uow.execute(_FORGET_OWN, user_id)
        now = uow.clock.now()
        rows = [
            (user_id, currency, limit.per_payment, limit.per_day, set_by, now)
            for currency, limit in limits.items()
        ]
        await _SET_OWN.insert(uow, rows)

    async def spent(self, user_id: UUID, day: date) -> dict[str, int]:
        """Return what has been counted of a day, by currency, in minor units."""
        rows = await self._connection.fetch(_SPENT, user_id, day)
        return {row["currency"]: row["spent_minor"] for row in rows}

    async def planned(self, user_id: UUID, currency: str, until: datetime) -> list[Money]:
        """Return what is scheduled on the day (UTC) of a time and up to it, in order."""
        rows = await self._connection.fetch(_PLANNED, user_id, currency, until, _MOST_PLANNED)
        return [Money(row["amount_minor"], currency) for row in rows]

    async def count(self, payment: Payment, minor: int, day: date, per_day: int) -> bool:
        """Count what is paid of a locked payment, if its payer's day has room for it.

        By one statement; False where there is no room.
        """
        counted = await self._connection.execute(
            _COUNT,
            payment.id,
            payment.payer_id,
            payment.currency,
            day,
            minor,
            per_day,
        )
        return counted == 1

    async def lock_day(self, user_id: UUID, day: date, currencies: Iterable[str]) -> dict[str, int]:
        """Lock a person's day; return what has been counted of it, by currency.

        In minor units.
        """
        rows = await self._connection.fetch(_LOCK, user_id, day, list(currencies))
        return {row["currency"]: row["spent_minor"] for row in rows}

    async def add(self, user_id: UUID, day: date, added: Mapping[str, int]) -> None:
        """Count more of a locked day."""
        await self._connection.execute(_ADD, user_id, day, list(added), list(added.values()))

    async def give_back(self, counted: Sequence[Payment]) -> None:
        """Subtract payments that failed or were cancelled from the days they count in.

        The payments are locked. What was counted is stored with each, by the statement that
        counted it.
        """
        days = (
            [payment.payer_id for payment in counted],
            [payment.currency for payment in counted],
            [payment.counted_on for payment in counted],
        )
        await self._connection.execute(_LOCK_DAYS, *days)
        amounts = [payment.counted_minor for payment in counted]
        await self._connection.execute(_GIVE_BACK, *days, amounts)

    async def purge(self, before: date) -> int:
        """Delete days before this one; return how many."""
        return await self._connection.execute(_PURGE, before)


def limit_of(row: Any) -> Limit:
    """Return the limit of a row."""
    return Limit(row["per_payment_minor"], row["per_day_minor"])
