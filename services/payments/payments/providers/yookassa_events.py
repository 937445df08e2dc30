"""What YooKassa notifies of: payments and refunds (yookassa.ru/developers/using-api/webhooks).

A notification carries no signature, so nothing in one is believed but what to read again. Of a
chargeback there is none: the shop hears of it by mail, and an administrator moves the money.
"""

from typing import Final, Literal

from pydantic import BaseModel, ValidationError

from payments.domain.cards.charges import ProviderNotice
from payments.providers.fields import ProviderId
from payments.providers.protocol import WebhookUnreadableError

_OF_REFUNDS: Final = "refund."


class _Object(BaseModel):
    id: ProviderId
    payment_id: ProviderId | None = None


class _Notification(BaseModel):
    type: Literal["notification"]
    event: ProviderId
    object: _Object


def read_notification(body: bytes) -> ProviderNotice:
    """Return which payment to read again, and whether its refunds. What an event says is its id.

    Raises WebhookUnreadableError.
    """
    try:
        told = _Notification.model_validate_json(body)
    except ValidationError as error:
        raise WebhookUnreadableError from error
    return ProviderNotice(
        event_id=f"{told.event}:{told.object.id}",
        kind=told.event,
        reference=told.object.payment_id or told.object.id,
        has_refunds=told.event.startswith(_OF_REFUNDS),
        is_believed=False,
    )
