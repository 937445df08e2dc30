"""Defines what rules may sort of what is booked already, and what of it changes; pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from finance.domain.movements import PAYMENT
from finance.domain.purchases import Purchase
from finance.domain.rules import (
    CategoryRule,
    Choice,
    RuleFacts,
    SplitChoice,
    choose,
    choose_for_purchase,
    folded,
)


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
        splits = (SplitChoice(UUID(category), *rest) for category, *rest in self.splits)
        return Choice(self.category_id, tuple(splits), tuple(self.tags))


class Change(NamedTuple):
    """A transaction that rules sort otherwise than it is sorted now."""

    row: SortedRow
    choice: Choice


def changes(
    rows: Iterable[SortedRow],
    rules: Sequence[CategoryRule],
    names: Mapping[UUID, str | None],
    purchases: Mapping[str, Purchase],
) -> list[Change]:
    """Return what rules sort otherwise; they add tags, and take none away."""
    found = []
    for row in rows:
        now = row.choice
        choice = _choice(row, rules, names, purchases)
        choice = choice._replace(tags=tuple(dict.fromkeys((*row.tags, *choice.tags))))
        if choice != now:
            found.append(Change(row, choice))
    return found


def _choice(
    row: SortedRow,
    rules: Sequence[CategoryRule],
    names: Mapping[UUID, str | None],
    purchases: Mapping[str, Purchase],
) -> Choice:
    name = None if row.counterparty_id is None else names.get(row.counterparty_id)
    facts = RuleFacts(
        type=row.type,
        amount_minor=row.amount_minor,
        currency=row.currency,
        account_id=row.account_id,
        payee_id=row.counterparty_id,
        purpose=row.purpose,
        kind=row.movement_kind,
        text=folded(row.description, name),
    )
    purchase = purchases.get(row.reference or "")
    if purchase is not None and row.movement_kind == PAYMENT:
        return choose_for_purchase(rules, facts, purchase)
    return choose(rules, facts)
