"""Makes webhook messages: one for each person or account that an event concerns.

Their body is `{"type", "timestamp", "data"}`, as Standard Webhooks recommends. `data.sequence`
counts the events of the payment or account from 1 without a gap, so that receivers can order them.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson

from contracts.payments import (
    PaymentCancelled,
    PaymentCreated,
    PaymentDisputeClosed,
    PaymentDisputed,
    PaymentEvent,
    PaymentFailed,
    PaymentPaid,
    PaymentRefunded,
    PaymentRefundFailed,
)
from contracts.wallet import FundsMoved, PostedTransfer
from kit.ids import derived_id, new_id
from kit.jsonable import plain
from kit.messaging.messages import Envelope, Message
from kit.money import decimal_text
from notifications.domain.deliveries import WebhookMessage
from notifications.domain.endpoints import TEST_TYPE, EventType

PAYMENT_TYPES: Final[Mapping[type[PaymentEvent], EventType]] = {
    PaymentCreated: EventType.PAYMENT_CREATED,
    PaymentPaid: EventType.PAYMENT_PAID,
    PaymentFailed: EventType.PAYMENT_FAILED,
    PaymentCancelled: EventType.PAYMENT_CANCELLED,
    PaymentRefunded: EventType.PAYMENT_REFUNDED,
    PaymentRefundFailed: EventType.PAYMENT_REFUND_FAILED,
    PaymentDisputed: EventType.PAYMENT_DISPUTED,
    PaymentDisputeClosed: EventType.PAYMENT_DISPUTE_CLOSED,
}


def recipients(envelope: Envelope) -> set[UUID]:
    """Return the users whose webhooks an event is for, maybe none."""
    event = envelope.message
    moved = _movement_of(event)
    owners = {entry.owner_id for entry in moved.entries if entry.owner_id} if moved else set()
    return owners | {event.payer_id, event.payee_id} if isinstance(event, PaymentEvent) else owners


def messages_of(envelope: Envelope, users: Collection[UUID]) -> Iterator[WebhookMessage]:
    """Yield an event's messages to those of these users whom it concerns."""
    event = envelope.message
    if isinstance(event, PaymentEvent):
        yield from _of_payment(envelope, event, users)
    moved = _movement_of(event)
    if moved is not None:
        yield from _of_funds(envelope, moved, users)


def _movement_of(event: Message) -> PostedTransfer | None:
    """Return the transfer of an event: wallet's own, or of a paid payment."""
    if isinstance(event, PaymentPaid):
        return event.movement
    return event if isinstance(event, FundsMoved) else None


def trial_message(user_id: UUID, endpoint_id: UUID, now: datetime) -> WebhookMessage:
    """Return the message of a test event."""
    return _message(new_id(), user_id, TEST_TYPE, None, now, {"endpoint_id": endpoint_id})


def _of_payment(
    envelope: Envelope, event: PaymentEvent, users: Collection[UUID]
) -> Iterator[WebhookMessage]:
    """Yield messages to payer and payee.

    Only the payer gets the reason of a failure, because it may say what the payer lacks.
    """
    shared: dict[str, Any] = {
        "payment_id": event.payment_id,
        "status": event.status,  # type: ignore[attr-defined] # every event of a payment has one
        "amount": decimal_text(event.amount_minor, event.currency),
        "currency": event.currency,
        "payer_id": event.payer_id,
        "payee_id": event.payee_id,
        **_of_money(event),
    }
    of_payer: dict[str, Any] = {"direction": "out"}
    if isinstance(event, PaymentFailed | PaymentCancelled):
        of_payer["reason"] = event.reason
    for user_id, more in ((event.payer_id, of_payer), (event.payee_id, {"direction": "in"})):
        if user_id in users:
            yield _message(
                derived_id("webhook", envelope.id, user_id),
                user_id,
                PAYMENT_TYPES[type(event)],
                envelope.sequence,
                event.at,
                {**shared, **more},
                event.payment_id,
            )


def _of_money(event: PaymentEvent) -> dict[str, Any]:
    """Return the fields of money that moved, came back or is disputed, for both."""
    if isinstance(event, PaymentPaid):
        paid_minor = event.amount_minor if event.paid_minor is None else event.paid_minor
        return {
            "transfer_id": event.transfer_id,
            "paid_amount": decimal_text(paid_minor, event.currency),
        }
    if isinstance(event, PaymentRefunded):
        return {
            "refund_id": event.refund_id,
            "transfer_id": event.transfer_id,
            "refunded_amount": decimal_text(event.refunded_minor, event.currency),
            "is_full": event.is_full,
        }
    if isinstance(event, PaymentRefundFailed):
        return {
            "refund_id": event.refund_id,
            "refunded_amount": decimal_text(event.refunded_minor, event.currency),
        }
    if isinstance(event, PaymentDisputed):
        # The reason is the card owner's claim, which the payee has to answer, so both get it.
        return {
            "dispute_id": event.dispute_id,
            "provider": event.provider,
            "reason": event.reason,
        }
    if isinstance(event, PaymentDisputeClosed):
        return {"dispute_id": event.dispute_id, "outcome": event.outcome}
    return {}


def _of_funds(
    envelope: Envelope, moved: PostedTransfer, users: Collection[UUID]
) -> Iterator[WebhookMessage]:
    """Yield to each account's owner a message about their own entry only."""
    for entry in moved.entries:
        if entry.owner_id is not None and entry.owner_id in users:
            yield _message(
                derived_id("webhook", envelope.id, entry.account_id),
                entry.owner_id,
                EventType.FUNDS_MOVED,
                entry.seq,
                moved.posted_at,
                {
                    "wallet_id": entry.account_id,
                    "account_id": entry.account_id,  # its former name
                    "transfer_id": moved.transfer_id,
                    "kind": moved.kind,
                    "reference": moved.reference,
                    "description": moved.description,
                    "amount": decimal_text(entry.amount_minor, moved.currency),
                    "balance_after": decimal_text(entry.balance_after_minor, moved.currency),
                    "currency": moved.currency,
                },
            )


def _message(  # noqa: PLR0913, PLR0917 (a message has these fields)
    message_id: UUID,
    user_id: UUID,
    kind: str,
    sequence: int | None,
    at: datetime,
    data: Mapping[str, Any],
    payment_id: UUID | None = None,
) -> WebhookMessage:
    counted = {} if sequence is None else {"sequence": sequence}
    said = {"type": kind, "timestamp": at, "data": {**data, **counted}}
    body = orjson.dumps(said, plain, option=orjson.OPT_UTC_Z)
    return WebhookMessage(message_id, user_id, kind, sequence, body, at, payment_id)
