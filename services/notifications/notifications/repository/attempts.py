"""Owns the SQL that reads attempts by payment."""

from typing import Final
from uuid import UUID

from kit.db import Connection
from notifications.domain.deliveries import PaymentAttempt

_OF_PAYMENT: Final = """
SELECT message.user_id, delivery.endpoint_id, endpoint.url, delivery.id AS delivery_id,
    message.id AS webhook_id, message.type, message.sequence, attempt.number, attempt.at,
    attempt.milliseconds, attempt.status_code, attempt.error
FROM webhook_message AS message
JOIN webhook_delivery AS delivery ON delivery.message_id = message.id
JOIN webhook_endpoint AS endpoint ON endpoint.id = delivery.endpoint_id
JOIN webhook_attempt AS attempt ON attempt.delivery_id = delivery.id
WHERE message.payment_id = $1 AND ($2::uuid IS NULL OR message.user_id = $2)
ORDER BY attempt.at, delivery.id, attempt.number LIMIT $3
"""


class Attempts:
    """Reads attempts, and never changes them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def of_payment(
        self, payment_id: UUID, user_id: UUID | None, limit: int
    ) -> list[PaymentAttempt]:
        """Return attempts to deliver a payment's events, oldest first.

        They go to everybody's endpoints, or only to those of one user.
        """
        rows = await self._connection.fetch(_OF_PAYMENT, payment_id, user_id, limit)
        return [PaymentAttempt(**row) for row in rows]
