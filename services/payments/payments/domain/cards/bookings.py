"""Decides which refunds made at the provider are booked, and who bears them.

A refund to the card is one of the payment, whoever's money it was: the payee's, or the house's
where a dispute had taken that before. Nothing is booked where nobody was paid, or beyond all that
was paid.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from payments.domain.cards.cases import Case
from payments.domain.cards.recoveries import Source
from payments.domain.refunds import Refund


@dataclass(frozen=True, slots=True)
class Booking:
    """A sum of a refund made at the provider, to be booked as one of the payment."""

    payment_id: UUID
    claim_id: UUID
    minor: int


def decide_unbooking(case: Case) -> list[Refund]:
    """Decide which booked refunds were not done at the provider after all."""
    done = {one.id for one in case.made_by_provider if one.is_done}
    return [one for one in case.booked if one.claim_id not in done]


def decide_bookings(case: Case) -> Iterator[Booking]:
    """Decide what to book: refunds whose money was moved, where they fit the payment."""
    if case.payment is None or case.payment.paid_minor is None:
        return
    room = case.payment.paid_minor - case.payment.refunded_minor
    for one in case.made_by_provider:
        minor = min(_moved(case, one.id) - _booked(case, one.id), room)
        if one.is_done and minor > 0:
            room -= minor
            yield Booking(case.payment.id, one.id, minor)


def decide_shares(case: Case) -> Iterator[tuple[Refund, int]]:
    """Decide how much of each booked refund the house bears, in minor units.

    The house's share of a refund first covers what was not booked.
    """
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
