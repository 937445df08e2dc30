"""The only SQL of payments: payments, charges, and what is known of people and wallets."""

from payments.repository.charges import Charges
from payments.repository.known import Known
from payments.repository.payments import Payments

__all__ = ["Charges", "Known", "Payments"]
