"""Reads which payment or refund a notification of YooKassa is about.

A notification carries no signature, so it is only believed about what to read again. There is
none about chargebacks: the shop learns of one by mail, and an administrator moves the money.
Source: yookassa.ru/developers/using-api/webhooks.
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
    """Return which payment to read again, and whether to read its refunds too.

    An event has no id of its own: its kind and its object's id stand for it.

    Raises:
        WebhookUnreadableError: it can't be read.
    """
    try:
        notification = _Notification.model_validate_json(body)
    except ValidationError as error:
        raise WebhookUnreadableError from error
    return ProviderNotice(
        event_id=f"{notification.event}:{notification.object.id}",
        kind=notification.event,
        reference=notification.object.payment_id or notification.object.id,
        has_refunds=notification.event.startswith(_OF_REFUNDS),
        is_believed=False,
    )
