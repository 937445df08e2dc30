"""Decides what of the refunds that a provider made stands on the payment, and who bears it.

A refund at the card is one of the payment, whoever's money it was: the payee's, or the house's
where a dispute had taken that before. Only of what nobody paid, or beyond all that was paid,
nothing can be booked.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from payments.domain.cases import Case
from payments.domain.recoveries import Source
from payments.domain.refunds import Refund


@dataclass(frozen=True, slots=True)
class Booking:
    """A sum of a refund that the provider made, to be booked as one of the payment."""

    payment_id: UUID
    claim_id: UUID
    minor: int


def decide_unbooking(case: Case) -> list[Refund]:
    """Decide which booked refunds never came to pass after all."""
    done = {one.id for one in case.made_by_provider if one.is_done}
    return [one for one in case.booked if one.claim_id not in done]


def decide_bookings(case: Case) -> Iterator[Booking]:
    """Decide what is still to be booked: what was moved, as far as it fits the payment."""
    if case.payment is None or case.payment.paid_minor is None:
        return
    room = case.payment.paid_minor - case.payment.refunded_minor
    for one in case.made_by_provider:
        minor = min(_moved(case, one.id) - _booked(case, one.id), room)
        if one.is_done and minor > 0:
            room -= minor
            yield Booking(case.payment.id, one.id, minor)


def decide_shares(case: Case) -> Iterator[tuple[Refund, int]]:
    """Decide what of each booked refund the house bears; what does not fit is the house's first."""
    for one in case.made_by_provider:
        borne = case.moved.get((one.id, Source.HOUSE), 0)
        left = max(0, borne - (_moved(case, one.id) - _booked(case, one.id)))
        for refund in reversed([booked for booked in case.booked if booked.claim_id == one.id]):
            share = min(left, refund.amount_minor)
            left -= share
            yield refund, share


def _moved(case: Case, claim_id: UUID) -> int:
    return sum(case.moved.get((claim_id, source), 0) for source in Source)


def _booked(case: Case, claim_id: UUID) -> int:
    return sum(one.amount_minor for one in case.booked if one.claim_id == claim_id)
