"""Shapes the file of payments: one line each, as its payer or payee may see it."""

from typing import Final
from uuid import UUID

from kit.csv_text import text_cell, time_cell
from kit.money import decimal_text
from payments.domain.payment import Payment

COLUMNS: Final = (
    "id",
    "created_at",
    "direction",
    "status",
    "amount",
    "currency",
    "payer",
    "payer_id",
    "payee",
    "payee_id",
    "description",
    "card_last4",
    "reason",
    "paid_at",
    "transfer_id",
    "paid_amount",
    "refunded_amount",
    "disputed_amount",
    "disputed_at",
    "dispute_outcome",
    "returned_amount",
    "return_status",
)


def cells(payment: Payment, viewer_id: UUID) -> tuple[str, ...]:
    """Return the cells of a payment's line; free text is made safe from formulas.

    Amounts are numbers.
    """
    is_own = payment.payer_id == viewer_id
    return (
        str(payment.id),
        time_cell(payment.created_at),
        "out" if is_own else "in",
        payment.status,
        decimal_text(payment.amount_minor, payment.currency),
        payment.currency,
        text_cell(payment.payer_username),
        str(payment.payer_id),
        text_cell(payment.payee_username),
        str(payment.payee_id),
        text_cell(payment.description),
        (payment.card_last4 or "") if is_own else "",
        (payment.reason or "") if is_own else "",
        time_cell(payment.paid_at),
        "" if payment.transfer_id is None else str(payment.transfer_id),
        "" if payment.paid_minor is None else decimal_text(payment.paid_minor, payment.currency),
        decimal_text(payment.refunded_minor, payment.currency),
        decimal_text(payment.disputed_minor, payment.currency),
        time_cell(payment.disputed_at),
        payment.dispute_outcome or "",
        decimal_text(payment.return_minor or 0, payment.currency) if is_own else "",
        (payment.return_status or "") if is_own else "",
    )
