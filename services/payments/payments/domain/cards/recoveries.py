"""Decides who gives back what a provider took of a charge: the payee or the house.

A provider takes by disputes, and by refunds made at its own pages. The decision is made again
whenever a fact it depends on changes, and says what is still to be moved; it does not depend on
the order of the facts, on balances or on holds. The payee is whoever was paid: also the owner of
a wallet that was topped up.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Source(StrEnum):
    """Says whose money goes to the provider's clearing account."""

    PAYEE = "payee"
    HOUSE = "house"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A reason why the provider took money: a dispute, or a refund made at its pages.

    Attributes:
        taken_minor: What it keeps now; 0 once it was given back, or was not done after all.
        collected_minor: What was moved for it so far from whoever was paid.
        borne_minor: What was moved for it so far from the house.
    """

    id: UUID
    taken_minor: int
    collected_minor: int = 0
    borne_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeStanding:
    """How a charge stands, in integer minor units of its currency.

    Attributes:
        came_minor: What came from the card; 0 while that is not known.
        got_minor: What whoever is paid by it has really got of it.
        ours_minor: Of that, what our refunds have taken back, or are taking back.
        gone_minor: What the provider has given to the card on our behalf.
        returning_minor: What goes back to the card by itself, or was refused on the way.
        pending_minor: Refunds made at the provider that are not done yet.
        is_unwanted: Nobody is or will be paid by it.
        claims: In the order in which they were first told of.
    """

    came_minor: int
    got_minor: int
    ours_minor: int = 0
    gone_minor: int = 0
    returning_minor: int = 0
    pending_minor: int = 0
    is_unwanted: bool = False
    claims: Sequence[Claim] = ()

    @property
    def taken_minor(self) -> int:
        """What the provider has taken by claims."""
        return sum(claim.taken_minor for claim in self.claims)


@dataclass(frozen=True, slots=True)
class Move:
    """A sum to move for a claim: to the clearing account, or (below zero) from it."""

    claim_id: UUID
    source: Source
    minor: int


def decide_moves(standing: ChargeStanding) -> list[Move]:
    """Decide what to move now; what is given back comes first.

    Whoever was paid gives back what was taken, and with refunds never more than they got: what is
    on its way back by a refund counts as back, until that is refused. The house only bears what the
    provider has taken beyond all that came.
    """
    claims = standing.claims
    collected = _allotted(
        [claim.taken_minor for claim in claims],
        [claim.collected_minor for claim in claims],
        max(0, standing.got_minor - standing.ours_minor),
    )
    beyond = standing.gone_minor + standing.taken_minor - standing.came_minor
    borne = _allotted(
        [claim.taken_minor - mine for claim, mine in zip(claims, collected, strict=True)],
        [claim.borne_minor for claim in claims],
        max(0, beyond) if standing.came_minor else 0,
    )
    moves = _moves(claims, collected, borne)
    return sorted(moves, key=lambda move: move.minor > 0)


def decide_return(standing: ChargeStanding) -> int:
    """Decide how much must still go back to the card of a charge that pays nobody."""
    if not standing.is_unwanted or standing.got_minor:
        return 0
    out = standing.returning_minor + standing.pending_minor + standing.taken_minor
    return max(0, standing.came_minor - out)


def _allotted(wanted: Sequence[int], given: Sequence[int], limit: int) -> list[int]:
    """Divide a limit among claims: each keeps its own, the rest goes in their order.

    If they keep more than the limit, the last ones lose first.
    """
    kept = [min(have, want) for have, want in zip(given, wanted, strict=True)]
    over = max(0, sum(kept) - limit)
    for place in reversed(range(len(kept))):
        cut = min(over, kept[place])
        kept[place] -= cut
        over -= cut
    left = limit - sum(kept)
    for place, want in enumerate(wanted):
        more = min(left, want - kept[place])
        kept[place] += more
        left -= more
    return kept


def _moves(
    claims: Sequence[Claim], collected: Sequence[int], borne: Sequence[int]
) -> Iterator[Move]:
    for claim, mine, theirs in zip(claims, collected, borne, strict=True):
        if mine != claim.collected_minor:
            yield Move(claim.id, Source.PAYEE, mine - claim.collected_minor)
        if theirs != claim.borne_minor:
            yield Move(claim.id, Source.HOUSE, theirs - claim.borne_minor)
