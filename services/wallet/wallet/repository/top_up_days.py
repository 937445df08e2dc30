"""Owns the SQL of the sum that an owner has topped up today."""

from datetime import date
from uuid import UUID

from kit.db.unit_of_work import UnitOfWork

# One row for each owner and currency, which starts again at 0 on the next day. So requests of one
# owner take turns here, and there is nothing to purge.
_ADD = """
INSERT INTO top_up_day (owner_id, currency, day, asked_minor) VALUES ($1, $2, $3, $4)
ON CONFLICT (owner_id, currency) DO UPDATE SET day = excluded.day,
    asked_minor = CASE WHEN top_up_day.day = excluded.day THEN top_up_day.asked_minor ELSE 0 END
        + excluded.asked_minor
RETURNING asked_minor
"""


async def add_to_day(
    uow: UnitOfWork, owner_id: UUID, currency: str, day: date, amount_minor: int
) -> int:
    """Add an amount and return the day's sum with it, in minor units."""
    asked: int = await uow.fetchval(_ADD, owner_id, currency, day, amount_minor)
    return asked
