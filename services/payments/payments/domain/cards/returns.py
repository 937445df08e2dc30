"""Sums up how the money of a charge that paid nobody goes back to the card."""

from dataclasses import dataclass

from payments.domain.cards.cases import Case
from payments.domain.cards.charges import ReturnStatus
from payments.domain.cards.refunds import CardRefundOrigin, CardRefundStatus


@dataclass(frozen=True, slots=True)
class Return:
    """How much goes back, in minor units of the charge's currency, and its status."""

    minor: int = 0
    status: ReturnStatus | None = None


def return_of(case: Case) -> Return:
    """Add up what goes back by itself, and what the provider gave back unasked.

    It is refused as long as any of it is: somebody has to see to that.
    """
    if not case.standing.is_unwanted:
        return Return()
    refunds = [
        one
        for one in case.refunds
        if one.is_live
        or (one.origin is CardRefundOrigin.RETURN and one.status is CardRefundStatus.REFUSED)
    ]
    if not refunds:
        return Return()
    minor = sum(one.amount_minor for one in refunds)
    if any(not one.is_live for one in refunds):
        return Return(minor, ReturnStatus.REFUSED)
    is_done = all(one.is_done for one in refunds)
    return Return(minor, ReturnStatus.RETURNED if is_done else ReturnStatus.PENDING)
