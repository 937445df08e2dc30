"""A payment as tests of the domain change it."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from payments.domain.payment import Payment, PaymentStatus

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
PAID = Payment(
    id=UUID(int=3),
    status=PaymentStatus.PAID,
    payer_id=UUID(int=1),
    payee_id=UUID(int=2),
    payer_account_id=None,
    payee_account_id=None,
    payer_username="alice",
    payee_username="bob",
    amount_minor=15000,
    currency="RUB",
    card_last4=None,
    card_holder=None,
    description=None,
    metadata=None,
    reason=None,
    transfer_id=None,
    version=2,
    created_at=NOW,
    expires_at=NOW + timedelta(hours=1),
    processing_at=NOW,
    cancel_requested_at=None,
    paid_at=NOW,
    failed_at=None,
    cancelled_at=None,
    paid_minor=15000,
)
