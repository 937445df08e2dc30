"""The only SQL of payments: payments, billers, and what is known of people and wallets."""

from payments.repository.billers import Billers
from payments.repository.known import Known
from payments.repository.payments import Payments

__all__ = ["Billers", "Known", "Payments"]
