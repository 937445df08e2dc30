"""The only SQL of payments: payments, refunds, and what is known of people and wallets."""

from payments.repository.known import Known
from payments.repository.payments import Payments
from payments.repository.refunds import Refunds

__all__ = ["Known", "Payments", "Refunds"]
