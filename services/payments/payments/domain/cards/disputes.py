"""Defines a dispute of a charge, and adds up facts that come in any order.

In a dispute the owner of a card wants the money back from their bank. Who bears that is decided
in ``recoveries.py``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID


class DisputeOutcome(StrEnum):
    """Says how the bank decided, from the side of whoever was paid."""

    WON = "won"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeNews:
    """Holds what one event says about a dispute.

    Attributes:
        reference: The provider's id of the dispute.
        amount_minor: What is disputed, in minor units of ``currency``; None, as is the currency,
            where that is not told: all that has not gone back.
        is_warning: The bank only asks (Stripe: ``warning_…``); no money moves.
        is_withdrawn: The provider has taken the money out of what it holds for us.
        is_reinstated: The provider has put it back.
        is_closed: Nothing more comes of it; ``outcome`` says how, where there was a decision.
        reason: The provider's word for why.
        at: When that was by the provider's clock, in seconds since 1970; None where not told.
    """

    reference: str
    amount_minor: int | None
    currency: str | None
    is_warning: bool = False
    is_withdrawn: bool = False
    is_reinstated: bool = False
    is_closed: bool = False
    outcome: DisputeOutcome | None = None
    reason: str | None = None
    at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """A dispute as stored; each fact once, under the time it was first told.

    Attributes:
        withdrawn_at: When the money was last taken, by the provider's clock where it says so.
        reinstated_at: When it was last put back, likewise.
        told_at: When others were told that the payment is disputed; never for a mere warning.
        end_told_at: When they were told how it ended.
    """

    id: UUID
    charge_id: UUID
    reference: str
    amount_minor: int
    opened_at: datetime
    is_warning: bool = False
    withdrawn_at: datetime | None = None
    reinstated_at: datetime | None = None
    closed_at: datetime | None = None
    outcome: DisputeOutcome | None = None
    reason: str | None = None
    told_at: datetime | None = None
    end_told_at: datetime | None = None

    @property
    def is_standing(self) -> bool:
        """Tell whether it is open or lost: neither won, nor closed without a decision."""
        is_open = self.closed_at is None and self.outcome is None
        return is_open or self.outcome is DisputeOutcome.LOST

    @property
    def taken_minor(self) -> int:
        """What the provider keeps of it now, in minor units."""
        if self.withdrawn_at is None:
            return 0
        is_back = self.reinstated_at is not None and self.reinstated_at >= self.withdrawn_at
        return 0 if is_back else self.amount_minor


@dataclass(frozen=True, slots=True)
class DisputeSummary:
    """What a payment says of its disputes: since when, how much, and how they ended."""

    disputed_at: datetime | None
    disputed_minor: int
    outcome: DisputeOutcome | None


def opened(dispute_id: UUID, charge_id: UUID, news: DisputeNews, now: datetime) -> Dispute:
    """Return a new dispute from the first event about it, whichever that is."""
    first = Dispute(
        id=dispute_id,
        charge_id=charge_id,
        reference=news.reference,
        amount_minor=news.amount_minor or 0,
        opened_at=now,
        is_warning=True,
    )
    return updated(first, news, now)


def updated(known: Dispute, news: DisputeNews, now: datetime) -> Dispute:
    """Return the dispute with what an event adds; any order gives the same dispute.

    A lost dispute was withdrawn, whether that was told or not. The amount is that of the
    withdrawal, once there is one: before it may still change. Money may be taken again after it was
    put back; the provider's clock tells, and where it says nothing, money put back stays put back.
    """
    is_lost = news.outcome is DisputeOutcome.LOST
    is_taken = news.is_withdrawn or news.is_reinstated or is_lost
    is_amount_open = known.withdrawn_at is None or news.is_withdrawn
    return replace(
        known,
        amount_minor=(news.amount_minor if is_amount_open else None) or known.amount_minor,
        is_warning=known.is_warning and news.is_warning and not is_taken,
        withdrawn_at=_withdrawn_at(known, news, now, is_lost=is_lost),
        reinstated_at=_reinstated_at(known, news, now),
        closed_at=known.closed_at or (now if news.is_closed else None),
        outcome=news.outcome or known.outcome,
        reason=news.reason or known.reason,
    )


def _withdrawn_at(
    known: Dispute, news: DisputeNews, now: datetime, *, is_lost: bool
) -> datetime | None:
    if news.is_withdrawn and news.at is not None:
        return _latest(known.withdrawn_at, news, now)
    if known.withdrawn_at is not None or not (news.is_withdrawn or is_lost):
        return known.withdrawn_at
    moment = _latest(None, news, now)
    return min(moment, known.reinstated_at or moment)  # not after it was put back


def _reinstated_at(known: Dispute, news: DisputeNews, now: datetime) -> datetime | None:
    return _latest(known.reinstated_at, news, now) if news.is_reinstated else known.reinstated_at


def _latest(known: datetime | None, news: DisputeNews, now: datetime) -> datetime:
    """Return the latest time the provider named; else when it was first reported."""
    if news.at is None:
        return known or now
    told = datetime.fromtimestamp(news.at, UTC)
    return told if known is None else max(known, told)


def summary_of(disputes: Iterable[Dispute]) -> DisputeSummary:
    """Return what the payment says of those disputes that others were told of.

    The sum is of what the bank has not decided for the payee: else a payment that is disputed anew
    after it was won would be disputed twice over. Where all are decided so, it is of all.
    """
    told = [one for one in disputes if one.told_at is not None]
    standing = [one for one in told if one.is_standing]
    return DisputeSummary(
        min((one.opened_at for one in told), default=None),
        sum(one.amount_minor for one in standing or told),
        _outcome(told),
    )


def _outcome(told: Sequence[Dispute]) -> DisputeOutcome | None:
    """Return how the disputes ended: None while one is open, lost where one was lost."""
    outcomes = {one.outcome for one in told if one.closed_at is None or one.outcome is not None}
    if None in outcomes or not outcomes:
        return None
    return DisputeOutcome.LOST if DisputeOutcome.LOST in outcomes else DisputeOutcome.WON
