"""What stands in the way of deleting a user."""

from typing import Literal, NamedTuple
from uuid import UUID


class Open(NamedTuple):
    """Something of a user's that is not over; amounts in minor units, where it has one."""

    kind: Literal["payment", "refund", "charge", "bulk", "dispute", "movement", "return"]
    id: UUID
    status: str
    amount_minor: int | None
    currency: str | None
