"""Serves the operations that other services call with a service token.

The gateway does not route them.
"""

from typing import Annotated, Final
from uuid import UUID

from fastapi import Query

from kit.web.routes import Router
from notifications.repository import Attempts
from notifications.schemas.internal import PaymentAttemptAnswer, PaymentAttempts
from notifications.wiring import Wired

MOST: Final = 1_000

router = Router(tags=["internal"])


@router.get(
    "/internal/payments/{payment_id}/deliveries",
    access="service",
    operation_id="list_payment_deliveries",
    summary="List all attempts at a payment's webhooks",
    description=f"Oldest first, {MOST:,} at most. The list is empty for a payment without webhooks"
    " and for an unknown one. The caller must show a user only the attempts with their `user_id`.",
    response_model=PaymentAttempts,
)
async def list_payment_deliveries(
    payment_id: UUID,
    wired: Wired,
    user_id: Annotated[UUID | None, Query(description="Only to this user's endpoints.")] = None,
) -> PaymentAttempts:
    """Read the log; one attempt beyond the limit tells that it is not complete."""
    async with wired.database.read() as connection:
        found = await Attempts(connection).of_payment(payment_id, user_id, MOST + 1)
    return PaymentAttempts(
        items=[PaymentAttemptAnswer.of(one) for one in found[:MOST]],
        is_complete=len(found) <= MOST,
    )
