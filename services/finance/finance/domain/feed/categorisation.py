"""Decides what rules make of what is booked already; pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID

from finance.domain.feed.movements import PAYMENT
from finance.domain.feed.purchases import Purchase
from finance.domain.feed.rules import (
    CategoryRule,
    Choice,
    RuleFacts,
    choose,
    choose_for_purchase,
    fits,
    folded,
)
from finance.domain.reports.budgets import Spent, spent_on
from finance.domain.transactions.transactions import MOST_TAGS, Split, Transaction, TransactionType


class SortedRow(NamedTuple):
    """A transaction that rules may sort, as it is sorted now.

    Left out are transfers, what its owner has sorted, and what has a category though the wallet
    has not told of it.
    """

    id: UUID
    user_id: UUID
    account_id: UUID
    type: str
    amount_minor: int
    currency: str
    description: str | None
    date: date
    tags: Sequence[str]
    movement_kind: str | None
    reference: str | None
    counterparty_id: UUID | None
    purpose: str | None
    category_id: UUID | None
    splits: Sequence[Sequence[Any]]

    @property
    def choice(self) -> Choice:
        """How it is sorted now."""
        splits = (Split(UUID(category), *rest) for category, *rest in self.splits)
        return Choice(self.category_id, tuple(splits), tuple(self.tags))


class SortingChange(NamedTuple):
    """A transaction that rules sort otherwise than it is sorted now."""

    row: SortedRow
    choice: Choice

    @property
    def spent(self) -> set[Spent]:
        """Where it counts in what is spent from now on."""
        return spent_on(self.row.type, self.row.date, self.choice.categories)


@dataclass(frozen=True, slots=True)
class Sorting:
    """What sorting somebody's transactions needs.

    Attributes:
        rules: Theirs, in their order.
        names: What people at the other end are called.
        purchases: What payments have paid for, by their ids.
    """

    rules: Sequence[CategoryRule]
    names: Mapping[UUID, str | None]
    purchases: Mapping[str, Purchase]


class RuleTrial(NamedTuple):
    """How many a rule was tried on, how many of them fit, and what would change."""

    looked_at: int
    fitting: int
    changes: Sequence[SortingChange]

    @classmethod
    def total(cls, trials: Sequence["RuleTrial"]) -> "RuleTrial":
        """Return what trials on parts of the past come to."""
        looked_at, fitting, found = zip(*trials, strict=True) if trials else ((), (), ())
        return cls(sum(looked_at), sum(fitting), [change for some in found for change in some])


def changes(rows: Iterable[SortedRow], around: Sorting) -> list[SortingChange]:
    """Return what rules sort otherwise; they add tags, and take none away."""
    found = []
    for row in rows:
        now, choice = row.choice, _choice(row, around)
        choice = choice._replace(tags=_tags(row.tags, choice.tags))
        if choice != now:
            found.append(SortingChange(row, choice))
    return found


def place(rules: Sequence[CategoryRule], new: Transaction) -> Transaction:
    """Return a new transaction with what rules give it, if nobody has placed it."""
    if new.category_id is not None or new.splits or new.type is TransactionType.TRANSFER:
        return new
    facts = RuleFacts(
        type=new.type,
        amount_minor=new.amount_minor,
        currency=new.currency,
        account_id=new.account_id,
        payee_id=new.counterparty_id,
        purpose=new.purpose,
        kind=new.movement_kind,
        text=folded(new.description),
    )
    choice = choose(rules, facts)
    tags = _tags(new.tags, choice.tags)
    return replace(new, category_id=choice.category_id, tags=tags)


def try_rule(tried: CategoryRule, rows: Sequence[SortedRow], around: Sorting) -> RuleTrial:
    """Return what a rule would do if it stood among the others, or took its old place.

    What only the old one fits may change, too: the next that fits is taken, or none.
    """
    others = [one for one in around.rules if one.id != tried.id]
    old = [one for one in around.rules if one.id == tried.id]
    rules = sorted((*others, tried), key=attrgetter("place", "id"))
    met = [row for row in rows if _meets(row, tried, around)]
    concerned = [row for row in rows if any(_meets(row, one, around) for one in (tried, *old))]
    return RuleTrial(len(rows), len(met), changes(concerned, replace(around, rules=rules)))


def _meets(row: SortedRow, rule: CategoryRule, around: Sorting) -> bool:
    """Tell whether a transaction fits a rule, or something that it has bought does."""
    facts, purchase = _facts(row, around), _purchase(row, around)
    items = () if purchase is None else purchase.items
    return fits(rule, facts) or any(
        fits(rule, facts._replace(categories=item.categories)) for item in items
    )


def _choice(row: SortedRow, around: Sorting) -> Choice:
    facts, purchase = _facts(row, around), _purchase(row, around)
    if purchase is None:
        return choose(around.rules, facts)
    return choose_for_purchase(around.rules, facts, purchase)


def _purchase(row: SortedRow, around: Sorting) -> Purchase | None:
    found = around.purchases.get(row.reference or "")
    is_theirs = found is not None and found.user_id == row.user_id
    return found if is_theirs and row.movement_kind == PAYMENT else None


def _facts(row: SortedRow, around: Sorting) -> RuleFacts:
    name = None if row.counterparty_id is None else around.names.get(row.counterparty_id)
    return RuleFacts(
        type=row.type,
        amount_minor=row.amount_minor,
        currency=row.currency,
        account_id=row.account_id,
        payee_id=row.counterparty_id,
        purpose=row.purpose,
        kind=row.movement_kind,
        text=folded(row.description, name),
    )


def _tags(there: Sequence[str], added: Sequence[str]) -> tuple[str, ...]:
    """Return the tags of both, each once, as many as there may be."""
    return tuple(dict.fromkeys((*there, *added)))[:MOST_TAGS]
