"""The only SQL of payments: payments, charges, refunds, billers, and people as far as known."""

from payments.repository.billers import Billers
from payments.repository.bulks import Bulks
from payments.repository.card_refunds import CardRefunds
from payments.repository.changes import Changes, Place
from payments.repository.charges import Charges
from payments.repository.disputes import Disputes
from payments.repository.known import Known
from payments.repository.limits import Limits
from payments.repository.lists import Lists
from payments.repository.movements import Movements
from payments.repository.oversight import ChargesWanted, Oversight, RefundsWanted
from payments.repository.payments import Payments
from payments.repository.provider_events import ProviderEvents
from payments.repository.provider_faults import ProviderFaults
from payments.repository.refunds import Refunds

__all__ = [
    "Billers",
    "Bulks",
    "CardRefunds",
    "Changes",
    "Charges",
    "ChargesWanted",
    "Disputes",
    "Known",
    "Limits",
    "Lists",
    "Movements",
    "Oversight",
    "Payments",
    "Place",
    "ProviderEvents",
    "ProviderFaults",
    "Refunds",
    "RefundsWanted",
]
