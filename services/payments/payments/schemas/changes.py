"""Shapes the events that a stream sends about payments."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from kit.money import decimal_text
from kit.refusals import Language
from kit.web.schemas import Model
from payments.domain.changes import Change
from payments.domain.payment import PaymentStatus
from payments.domain.reasons import reason_label, status_label

_WITH_REASON = frozenset({PaymentStatus.FAILED, PaymentStatus.CANCELLED})


class PaymentChange(Model):
    """One change of one payment.

    Only its payer sees why it failed, and what goes back to a card by itself.
    """

    payment_id: UUID
    direction: Literal["out", "in"]
    status: PaymentStatus
    status_label: str
    amount: str
    currency: str
    refunded: str
    disputed: str
    dispute_outcome: Literal["won", "lost"] | None
    returned: str | None
    return_status: Literal["pending", "returned", "refused"] | None
    reason: str | None
    reason_label: str | None
    at: datetime


def change_seen(change: Change, viewer_id: UUID, language: Language) -> bytes | None:
    """Return a change as its payer or payee may see it, as one line of JSON.

    None where it is for the payer alone, and somebody else looks.
    """
    is_own = change.payer_id == viewer_id
    if change.is_payers and not is_own:
        return None
    reason = change.reason if is_own and change.status in _WITH_REASON else None
    return (
        PaymentChange.model_construct(
            payment_id=change.payment_id,
            direction="out" if is_own else "in",
            status=change.status,
            status_label=status_label(change.status, language),
            amount=decimal_text(change.amount_minor, change.currency),
            currency=change.currency,
            refunded=decimal_text(change.refunded_minor, change.currency),
            disputed=decimal_text(change.disputed_minor, change.currency),
            dispute_outcome=change.dispute_outcome,
            returned=decimal_text(change.return_minor, change.currency) if is_own else None,
            return_status=change.return_status if is_own else None,
            reason=reason,
            reason_label=reason_label(reason, language),
            at=change.at,
        )
        .model_dump_json()
        .encode()
    )
