"""Holds the only SQL of payments, a class for each kind of row."""

from payments.repository.bulks import Bulks
from payments.repository.cards.charges import Charges
from payments.repository.cards.disputes import Disputes
from payments.repository.cards.movements import Movements
from payments.repository.cards.provider_events import ProviderEvents
from payments.repository.cards.provider_faults import ProviderFaults
from payments.repository.cards.refunds import CardRefunds
from payments.repository.changes import Changes, StreamPosition
from payments.repository.key_days import KeyDays
from payments.repository.known import KnownPeople
from payments.repository.limits import Limits
from payments.repository.listeners import Listeners
from payments.repository.lists import Lists
from payments.repository.merchants import Merchants
from payments.repository.oversight import ChargesWanted, Oversight, RefundsWanted
from payments.repository.paid_services import PaidServices
from payments.repository.payments import Payments
from payments.repository.refunds import Refunds
from payments.repository.watched import Watched

__all__ = [
    "Bulks",
    "CardRefunds",
    "Changes",
    "Charges",
    "ChargesWanted",
    "Disputes",
    "KeyDays",
    "KnownPeople",
    "Limits",
    "Listeners",
    "Lists",
    "Merchants",
    "Movements",
    "Oversight",
    "PaidServices",
    "Payments",
    "ProviderEvents",
    "ProviderFaults",
    "Refunds",
    "RefundsWanted",
    "StreamPosition",
    "Watched",
]
