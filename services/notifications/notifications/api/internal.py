"""What other services ask, with a token of their own; not reachable through the gateway."""

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
    summary="Every attempt to tell of a payment by webhook",
    description=f"Oldest first, {MOST:,} at most. A payment that nobody has had webhooks of, or"
    " that is not there, has none. Whoever asks shows a user only what went to that user:"
    " `user_id`.",
    response_model=PaymentAttempts,
)
async def list_payment_deliveries(
    payment_id: UUID,
    wired: Wired,
    user_id: Annotated[UUID | None, Query(description="Only to this user's endpoints.")] = None,
) -> PaymentAttempts:
    """Read the log; one more than is shown tells whether that is all."""
    async with wired.database.read() as connection:
        found = await Attempts(connection).of_payment(payment_id, user_id, MOST + 1)
    return PaymentAttempts(
        items=[PaymentAttemptAnswer.of(one) for one in found[:MOST]],
        is_complete=len(found) <= MOST,
    )
