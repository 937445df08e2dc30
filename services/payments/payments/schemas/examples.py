"""Holds one example payment for the documents, in each of its states."""

from typing import Any

_ALICE = {"user_id": "0197a1de-0d3f-7c4b-9c39-6f2a4a1b0c01", "username": "alice"}
_BOB = {"user_id": "0197a1de-0d40-7e21-8f0a-1d2c3b4a5f02", "username": "bob"}
SEEN: dict[str, Any] = {
    "id": "0197a1df-6a11-7b52-a1c3-5e6f7a8b9c03",
    "direction": "out",
    "status": "paid",
    "status_label": "Paid",
    "amount": "150.00",
    "currency": "RUB",
    "payer": _ALICE,
    "payee": {**_BOB, "wallet_id": None},
    "service": None,
    "description": "For the concert tickets",
    "order_id": None,
    "transfer_id": "0197a1df-6a2c-7d43-b2d4-6f7a8b9c0d04",
    "created_at": "2026-01-31T12:00:00Z",
    "expires_at": "2026-02-01T12:00:00Z",
    "processing_at": "2026-01-31T12:00:05Z",
    "paid_at": "2026-01-31T12:00:05Z",
    "failed_at": None,
    "cancelled_at": None,
    "reserved_at": None,
    "execute_at": None,
    "paid_amount": "150.00",
    "refunded_amount": "0.00",
    "refunded_at": None,
    "disputed_amount": "0.00",
    "disputed_at": None,
    "dispute_outcome": None,
}
PAID: dict[str, Any] = {
    **SEEN,
    "from_wallet_id": None,
    "card_last4": "4242",
    "card_holder": "ALICE LIDDELL",
    "metadata": None,
    "lines": None,
    "method": "wallet",
    "next_action": None,
    "returned_amount": "0.00",
    "return_status": None,
    "failure_reason": None,
    "cancellation_reason": None,
    "reason_label": None,
}
_NOT_PAID: dict[str, Any] = {
    **PAID,
    "transfer_id": None,
    "processing_at": None,
    "paid_at": None,
    "paid_amount": None,
}
# The same payment in the other states that operations answer with.
CREATED = {**_NOT_PAID, "status": "created", "status_label": "Created"}
PROCESSING = {
    **_NOT_PAID,
    "status": "processing",
    "status_label": "Processing",
    "processing_at": "2026-01-31T12:00:05Z",
}
CANCELLED = {
    **_NOT_PAID,
    "status": "cancelled",
    "status_label": "Cancelled",
    "cancelled_at": "2026-01-31T12:00:05Z",
    "cancellation_reason": "cancelled_by_payer",
    "reason_label": "Cancelled by the payer",
}
