"""Owns the SQL of the delivery log: deliveries with their attempts."""

# ruff: noqa: S608 - every text is put together from the constants of this file; values are bound

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from kit.db import Connection
from notifications.domain.deliveries import WebhookDelivery
from notifications.domain.filters import DeliveryFilter

_ROW: Final = """
SELECT delivery.id, delivery.endpoint_id, message.user_id AS owner_id, message.payment_id,
    delivery.message_id, message.type, message.sequence, message.body, delivery.status,
    delivery.created_at, delivery.next_at, delivery.delivered_at,
    coalesce((SELECT jsonb_agg(to_jsonb(attempt) - 'delivery_id' ORDER BY attempt.number)
              FROM webhook_attempt AS attempt WHERE attempt.delivery_id = delivery.id),
             '[]'::jsonb) AS attempts
"""
_ONE: Final = f"""{_ROW}
FROM webhook_delivery AS delivery
JOIN webhook_message AS message ON message.id = delivery.message_id
WHERE delivery.id = $1
"""

# The newest deliveries of the filter, read along the index that narrows most: a payment's messages,
# one endpoint's deliveries, those of each endpoint of an owner, or all.
_FOUND: Final = """
    SELECT delivery.id, delivery.created_at FROM webhook_delivery AS delivery
    JOIN webhook_message AS message ON message.id = delivery.message_id
    WHERE {conditions}
    ORDER BY delivery.created_at DESC, delivery.id DESC LIMIT $1
"""
_OF_OWNER: Final = f"""
    SELECT found.id, found.created_at FROM webhook_endpoint AS endpoint
    CROSS JOIN LATERAL ({_FOUND}) AS found
    WHERE endpoint.user_id = {{owner}}
    ORDER BY found.created_at DESC, found.id DESC LIMIT $1
"""
_PAGE: Final = f"""
WITH found AS MATERIALIZED ({{found}})
{_ROW}
FROM found
JOIN webhook_delivery AS delivery ON delivery.id = found.id
JOIN webhook_message AS message ON message.id = delivery.message_id
ORDER BY delivery.created_at DESC, delivery.id DESC
"""


class DeliveryLog:
    """Reads the log of deliveries, and never changes it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def get(self, delivery_id: UUID) -> WebhookDelivery | None:
        """Return a delivery, anybody's."""
        row = await self._connection.fetchrow(_ONE, delivery_id)
        return None if row is None else WebhookDelivery(**row)

    async def page(
        self, wanted: DeliveryFilter, after: tuple[datetime, UUID] | None, limit: int
    ) -> list[WebhookDelivery]:
        """Return a page of deliveries, newest first, each with its attempts."""
        text, values = _asked(wanted, after)
        rows = await self._connection.fetch(text, limit, *values)
        return [WebhookDelivery(**row) for row in rows]


def _asked(wanted: DeliveryFilter, after: tuple[datetime, UUID] | None) -> tuple[str, list[Any]]:
    """Return the statement for the filter, and its values from $2 on."""
    values: list[Any] = []

    def bound(value: Any) -> str:
        values.append(value)
        return f"${len(values) + 1}"

    given = {
        "delivery.endpoint_id =": wanted.endpoint_id,
        "message.payment_id =": wanted.payment_id,
        "delivery.status =": wanted.status,
        "message.type =": wanted.type,
        "delivery.created_at >=": wanted.span.begin,
        "delivery.created_at <": wanted.span.end,
    }
    conditions = [f"{what} {bound(value)}" for what, value in given.items() if value is not None]
    if after is not None:
        place = f"({bound(after[0])}, {bound(after[1])})"
        conditions.append(f"(delivery.created_at, delivery.id) < {place}")
    if wanted.owner_id is None:
        found = _FOUND.format(conditions=" AND ".join(conditions) or "true")
    elif wanted.endpoint_id or wanted.payment_id:
        conditions.append(f"message.user_id = {bound(wanted.owner_id)}")
        found = _FOUND.format(conditions=" AND ".join(conditions))
    else:
        conditions.append("delivery.endpoint_id = endpoint.id")
        found = _OF_OWNER.format(conditions=" AND ".join(conditions), owner=bound(wanted.owner_id))
    return _PAGE.format(found=found), values
