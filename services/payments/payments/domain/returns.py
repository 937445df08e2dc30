"""Says of a charge that nobody was paid by how its money goes back to the card."""

from dataclasses import dataclass

from payments.domain.card_refunds import CardRefundStatus, Origin
from payments.domain.cases import Case
from payments.domain.charges import ReturnStatus


@dataclass(frozen=True, slots=True)
class Return:
    """How much goes back, in minor units of the charge's currency, and how that stands."""

    minor: int = 0
    status: ReturnStatus | None = None


def return_of(case: Case) -> Return:
    """Add up what goes back by itself, and what the provider has given back unasked.

    It is refused while any of it is: somebody has to look after that.
    """
    if not case.standing.is_unwanted:
        return Return()
    refunds = [
        one
        for one in case.refunds
        if one.is_live or (one.origin is Origin.RETURN and one.status is CardRefundStatus.REFUSED)
    ]
    if not refunds:
        return Return()
    minor = sum(one.amount_minor for one in refunds)
    if any(not one.is_live for one in refunds):
        return Return(minor, ReturnStatus.REFUSED)
    is_done = all(one.is_done for one in refunds)
    return Return(minor, ReturnStatus.RETURNED if is_done else ReturnStatus.PENDING)
