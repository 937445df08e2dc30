"""Decides which category a transaction gets by its owner's rules; pure.

Rules are tried in their order, and the first that fits is taken. A rule fits only transactions of
its category's type, so one of income never sorts an expense.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final, NamedTuple
from uuid import UUID

from finance.domain.purchases import Purchase, PurchaseItem

SERVICE: Final = "service:"  # how wallet's `purpose` names a paid service
LONGEST_DESCRIPTION: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryRule:
    """Gives a category, and tags, to transactions that meet all of its conditions.

    Attributes:
        place: Where it stands among its owner's rules, from 1.
        type: The type of its category.
        payee_id: Who is at the other end.
        service_id: The paid service that was paid.
        product_category: A slug of the shop's; what stands below that category fits, too.
        kind: Wallet's kind of the movement: `payment`, `refund`, `top_up`, …
        words: Every one of them occurs in the description or in the other's name.
        amount_min_minor: At least so much, in minor units of ``currency``, whichever way it went.
        amount_max_minor: At most so much.
        currency: None fits every currency.
    """

    id: UUID
    user_id: UUID
    place: int
    category_id: UUID
    type: str
    tags: Sequence[str] = ()
    payee_id: UUID | None = None
    service_id: UUID | None = None
    product_category: str | None = None
    kind: str | None = None
    words: str | None = None
    amount_min_minor: int | None = None
    amount_max_minor: int | None = None
    currency: str | None = None
    account_id: UUID | None = None
    version: int = 1
    created_at: datetime
    updated_at: datetime


class RuleFacts(NamedTuple):
    """What rules see of a transaction, or of one item of a purchase.

    `text` is ``folded``; `categories` are the shop's, of an item alone.
    """

    type: str
    amount_minor: int
    currency: str
    account_id: UUID
    payee_id: UUID | None
    purpose: str | None
    kind: str | None
    text: str
    categories: Sequence[str] = ()


class SplitChoice(NamedTuple):
    """A part of a transaction, signed as the whole, and its category."""

    category_id: UUID
    amount_minor: int
    description: str | None


class Choice(NamedTuple):
    """What rules make of a transaction: one category, or splits, or neither."""

    category_id: UUID | None = None
    splits: tuple[SplitChoice, ...] = ()
    tags: tuple[str, ...] = ()


NO_CHOICE: Final = Choice()


def folded(*texts: str | None) -> str:
    """Return texts as one, without case and accents, in any script."""
    text = unicodedata.normalize("NFKD", "\n".join(one for one in texts if one))
    return "".join(one for one in text if not unicodedata.combining(one)).casefold()


def choose(rules: Iterable[CategoryRule], facts: RuleFacts) -> Choice:
    """Return what the first fitting rule gives."""
    rule = _first(rules, facts)
    return NO_CHOICE if rule is None else Choice(rule.category_id, tags=tuple(rule.tags))


def choose_for_purchase(
    rules: Sequence[CategoryRule], facts: RuleFacts, purchase: Purchase
) -> Choice:
    """Return what rules make of a payment whose items are known: each item is sorted by itself.

    Items of several categories become splits, one for each category. Where one has no category, or
    the items are not what was paid, nothing is guessed: the payment is sorted as a whole, as if it
    paid no product.
    """
    if purchase.total_minor != abs(facts.amount_minor):
        return choose(rules, facts)
    found = [_first(rules, facts._replace(categories=item.categories)) for item in purchase.items]
    fitting = [rule for rule in found if rule is not None]
    if len(fitting) < len(found):
        return choose(rules, facts)
    tags = tuple(dict.fromkeys(tag for rule in fitting for tag in rule.tags))
    items = defaultdict[UUID, list[PurchaseItem]](list)
    for rule, item in zip(fitting, purchase.items, strict=True):
        items[rule.category_id].append(item)
    if len(items) == 1:
        return Choice(fitting[0].category_id, tags=tags)
    sign = -1 if facts.amount_minor < 0 else 1
    splits = tuple(_split(category_id, sign, some) for category_id, some in items.items())
    return Choice(splits=splits, tags=tags)


def _split(category_id: UUID, sign: int, items: Sequence[PurchaseItem]) -> SplitChoice:
    names = ", ".join(item.name for item in items)
    minor = sum(item.amount_minor for item in items)
    return SplitChoice(category_id, sign * minor, names[:LONGEST_DESCRIPTION])


def _first(rules: Iterable[CategoryRule], facts: RuleFacts) -> CategoryRule | None:
    return next((rule for rule in rules if fits(rule, facts)), None)


def fits(rule: CategoryRule, facts: RuleFacts) -> bool:
    """Tell whether a transaction meets all conditions of a rule."""
    return (
        rule.type == facts.type
        and rule.account_id in (None, facts.account_id)
        and rule.payee_id in (None, facts.payee_id)
        and rule.kind in (None, facts.kind)
        and rule.currency in (None, facts.currency)
        and (rule.service_id is None or facts.purpose == f"{SERVICE}{rule.service_id}")
        and (rule.product_category is None or rule.product_category in facts.categories)
        and _is_within(rule, abs(facts.amount_minor))
        and (rule.words is None or all(word in facts.text for word in _words(rule.words)))
    )


@lru_cache(maxsize=10_000)  # a rule looks at thousands of transactions
def _words(text: str) -> list[str]:
    return folded(text).split()


def _is_within(rule: CategoryRule, minor: int) -> bool:
    return (rule.amount_min_minor is None or rule.amount_min_minor <= minor) and (
        rule.amount_max_minor is None or minor <= rule.amount_max_minor
    )
