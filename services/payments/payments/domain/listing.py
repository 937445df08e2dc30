"""What a list of payments can be narrowed by."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from payments.domain.payment import Status


class Direction(StrEnum):
    """Seen from the caller: paid by them, paid to them, or both."""

    OUT = "out"
    IN = "in"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Filters of one list; None does not narrow. Amounts are in whole units of any currency.

    ``created_from`` is included, ``created_to`` is not; both amounts are.
    """

    direction: Direction = Direction.ALL
    status: Status | None = None
    currency: str | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    amount_min: Decimal | None = None
    amount_max: Decimal | None = None
    search: str | None = None
    is_disputed: bool | None = None
