"""Decides who gives back what a provider took of a charge: whoever was paid, or the house.

A provider takes by disputes, and by refunds that were made at its own pages. The decision is run
again whenever a fact it depends on changes, and says what is still to be moved; nothing in it
depends on the order of the facts, on balances or on holds.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Source(StrEnum):
    """Whose money it is that goes to the provider's clearing account."""

    PAYEE = "payee"
    HOUSE = "house"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One thing by which the provider took money: a dispute, or a refund of its own.

    Attributes:
        taken_minor: What it keeps now; 0 once it was given back, or never came to pass.
        collected_minor: What was moved for it so far from whoever was paid.
        borne_minor: What was moved for it so far from the house.
    """

    id: UUID
    taken_minor: int
    collected_minor: int = 0
    borne_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeStanding:
    """How a charge stands; integer minor units of its currency.

    Attributes:
        came_minor: What came of the card; 0 while that is not known.
        got_minor: What whoever is paid by it has really got of it.
        ours_minor: Of that, what refunds of ours have taken back, or are on their way to.
        gone_minor: What the provider has given to the card on our behalf.
        returning_minor: What goes back to the card by itself, or was refused on the way.
        pending_minor: Refunds made at the provider that are not done yet.
        is_unwanted: Nobody is or will be paid by it.
        claims: In the order in which they were heard of.
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
    """A sum to be moved for a claim: to the clearing account, or (below zero) from it."""

    claim_id: UUID
    source: Source
    minor: int


def decide_moves(standing: ChargeStanding) -> list[Move]:
    """Decide what is to be moved now, what is given back first.

    Whoever was paid gives back what was taken, and with refunds never more than they got: what is
    on its way back by a refund counts as back, until that is refused. Only what the provider has
    taken beyond all that came is the house's.
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
    """Decide how much is still to go back to the card by itself, as nobody is paid by it."""
    if not standing.is_unwanted or standing.got_minor:
        return 0
    out = standing.returning_minor + standing.pending_minor + standing.taken_minor
    return max(0, standing.came_minor - out)


def _allotted(wanted: Sequence[int], given: Sequence[int], limit: int) -> list[int]:
    """Part a limit among claims: each keeps what it was given, the rest goes by their order."""
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
