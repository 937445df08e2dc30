"""Decides what movements of wallets become on linked accounts; pure.

An account's movements are taken exactly in the order of their numbers. What was taken before is
skipped; a gap is named, never guessed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from finance.domain.feed.purchases import Purchase
from finance.domain.feed.rules import (
    NO_CHOICE,
    CategoryRule,
    Choice,
    RuleFacts,
    choose,
    choose_for_purchase,
    folded,
)
from finance.domain.reports.budgets import Spent, spent_on

PAYMENT: Final = "payment"  # wallet's kind of the transfer by which a purchase is paid


class BookMovement(NamedTuple):
    """An entry of somebody's wallet, as wallet tells of it; amounts in minor units.

    Ids that are only stored stay texts, as a page has thousands of them.
    """

    position: int
    wallet_id: UUID
    owner_id: UUID
    currency: str
    wallet_name: str
    seq: int
    amount_minor: int
    balance_after_minor: int
    posted_at: datetime
    transfer_id: str
    kind: str
    reference: str
    description: str | None
    purpose: str | None
    counterparty_id: UUID | None
    is_own_counterparty: bool

    @property
    def type(self) -> str:
        """What it is in a book: between wallets of one owner neither income nor expense."""
        if self.is_own_counterparty:
            return "transfer"
        return "income" if self.amount_minor > 0 else "expense"


@dataclass(slots=True)
class LinkedAccount:
    """An account that shows a wallet as it is after its movement `seq`."""

    id: UUID
    user_id: UUID
    wallet_id: UUID
    seq: int
    balance_minor: int


class MovementGap(NamedTuple):
    """Movements of a wallet that did not come: those after `after_seq`."""

    wallet_id: UUID
    after_seq: int


class BalanceDifference(NamedTuple):
    """A movement after which the wallet has another balance than was booked plus it."""

    account_id: UUID
    seq: int
    expected_minor: int
    told_minor: int


class Booked(NamedTuple):
    """A movement with the account and day that it is booked on, and its category."""

    movement: BookMovement
    account: LinkedAccount
    date: date
    choice: Choice

    @property
    def spent(self) -> set[Spent]:
        """Where it counts in what is spent."""
        return spent_on(self.movement.type, self.date, self.choice.categories)


@dataclass(frozen=True, slots=True)
class BookedPage:
    """What a page of movements becomes.

    With ``gaps`` it is not whole: the accounts named need what is missing first.
    """

    booked: Sequence[Booked]
    gaps: Sequence[MovementGap]
    differences: Sequence[BalanceDifference]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known of the people whose movements are booked.

    Attributes:
        zones: What each owner means days in.
        rules: Each owner's rules, in their order.
        names: What people at the other end are called.
        purchases: What payments have paid for, by their ids.
    """

    zones: Mapping[UUID, ZoneInfo]
    rules: Mapping[UUID, Sequence[CategoryRule]] = field(default_factory=dict)
    names: Mapping[UUID, str | None] = field(default_factory=dict)
    purchases: Mapping[str, Purchase] = field(default_factory=dict)


def book_page(
    movements: Iterable[BookMovement],
    accounts: Mapping[UUID, LinkedAccount],
    around: Surroundings,
) -> BookedPage:
    """Book movements, in the order of `seq`, on their accounts, which move on.

    An account is given for each wallet. Movements that it has are skipped.
    """
    booked: list[Booked] = []
    gaps: dict[UUID, MovementGap] = {}
    differences: list[BalanceDifference] = []
    for one in movements:
        account = accounts[one.wallet_id]
        if one.seq <= account.seq:
            continue
        if one.seq > account.seq + 1:
            gaps.setdefault(one.wallet_id, MovementGap(one.wallet_id, account.seq))
            continue
        expected = account.balance_minor + one.amount_minor
        if expected != one.balance_after_minor:
            differences.append(
                BalanceDifference(account.id, one.seq, expected, one.balance_after_minor)
            )
        account.seq, account.balance_minor = one.seq, one.balance_after_minor
        day = one.posted_at.astimezone(around.zones[one.owner_id]).date()
        booked.append(Booked(one, account, day, _choice(one, account, around)))
    return BookedPage(booked, list(gaps.values()), differences)


def _choice(one: BookMovement, account: LinkedAccount, around: Surroundings) -> Choice:
    rules = around.rules.get(one.owner_id)
    if not rules or one.is_own_counterparty:
        return NO_CHOICE
    name = None if one.counterparty_id is None else around.names.get(one.counterparty_id)
    facts = RuleFacts(
        type=one.type,
        amount_minor=one.amount_minor,
        currency=one.currency,
        account_id=account.id,
        payee_id=one.counterparty_id,
        purpose=one.purpose,
        kind=one.kind,
        text=folded(one.description, name),
    )
    purchase = around.purchases.get(one.reference)
    if purchase is not None and purchase.user_id == one.owner_id and one.kind == PAYMENT:
        return choose_for_purchase(rules, facts, purchase)
    return choose(rules, facts)
