"""Decides which category a transaction gets by its owner's rules; pure.

Rules are tried in their order, and the first that fits is taken. A rule fits only transactions of
its category's type, so one of income never sorts an expense.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Final, NamedTuple
from uuid import UUID

from finance.domain.feed.purchases import Purchase, PurchaseItem
from finance.domain.transactions.transactions import MOST_SPLITS, MOST_TAGS, Split
from kit.ids import new_id

SERVICE: Final = "service:"  # how wallet's `purpose` names a paid service
LONGEST_DESCRIPTION: Final = 200
MOST_RULES: Final = 200  # of one book
MOST_PLACES: Final = 1_000_000


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
    tags: tuple[str, ...] = ()
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

    def replaced(self, by: "CategoryRule", *, keeps_place: bool) -> "CategoryRule":
        """Return the rule as another one says; what changes nothing leaves the version."""
        place = self.place if keeps_place else by.place
        as_before = replace(
            by,
            id=self.id,
            place=place,
            version=self.version,
            created_at=self.created_at,
            updated_at=self.updated_at,
        )
        if as_before == self:
            return self
        return replace(as_before, version=self.version + 1, updated_at=by.updated_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleDraft:
    """A rule as its owner has written it.

    Attributes:
        place: None: the last.
        payee_id: None with a name: there is nobody of it.
        payee_username: The name by which the payee was found, where its owner has written one.
    """

    category_id: UUID
    tags: tuple[str, ...]
    place: int | None
    payee_id: UUID | None
    payee_username: str | None
    service_id: UUID | None
    product_category: str | None
    kind: str | None
    words: str | None
    amount_min_minor: int | None
    amount_max_minor: int | None
    currency: str | None
    account_id: UUID | None

    def rule(
        self,
        owner_id: UUID,
        *,
        type: str,  # noqa: A002 - named as everywhere
        last: int,
        now: datetime,
    ) -> CategoryRule:
        """Return the rule that it comes to: of its category's type, by default the last."""
        return CategoryRule(
            id=new_id(),
            user_id=owner_id,
            place=min(last + 1, MOST_PLACES) if self.place is None else self.place,
            category_id=self.category_id,
            type=type,
            tags=self.tags,
            payee_id=self.payee_id,
            service_id=self.service_id,
            product_category=self.product_category,
            kind=self.kind,
            words=self.words,
            amount_min_minor=self.amount_min_minor,
            amount_max_minor=self.amount_max_minor,
            currency=self.currency,
            account_id=self.account_id,
            created_at=now,
            updated_at=now,
        )


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


class Choice(NamedTuple):
    """What rules make of a transaction: one category, or splits, or neither."""

    category_id: UUID | None = None
    splits: tuple[Split, ...] = ()
    tags: tuple[str, ...] = ()

    @property
    def categories(self) -> Sequence[UUID | None]:
        """What the whole, and each of its parts, is for."""
        return (self.category_id, *(part.category_id for part in self.splits))


NO_CHOICE: Final = Choice()


def folded(*texts: str | None) -> str:
    """Return texts as one, without case and accents, in any script."""
    text = unicodedata.normalize("NFKD", "\n".join(one for one in texts if one))
    return "".join(one for one in text if not unicodedata.combining(one)).casefold()


def choose(rules: Iterable[CategoryRule], facts: RuleFacts) -> Choice:
    """Return what the first fitting rule gives."""
    rule = _first(rules, facts)
    return NO_CHOICE if rule is None else Choice(rule.category_id, tags=rule.tags)


def choose_for_purchase(
    rules: Sequence[CategoryRule], facts: RuleFacts, purchase: Purchase
) -> Choice:
    """Return what rules make of a payment whose items are known, each by itself.

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
    tags = tuple(dict.fromkeys(tag for rule in fitting for tag in rule.tags))[:MOST_TAGS]
    items = defaultdict[UUID, list[PurchaseItem]](list)
    for rule, item in zip(fitting, purchase.items, strict=True):
        items[rule.category_id].append(item)
    if len(items) > MOST_SPLITS:
        return choose(rules, facts)
    if len(items) == 1:
        return Choice(fitting[0].category_id, tags=tags)
    sign = -1 if facts.amount_minor < 0 else 1
    splits = tuple(_split(category_id, sign, some) for category_id, some in items.items())
    return Choice(splits=splits, tags=tags)


def _split(category_id: UUID, sign: int, items: Sequence[PurchaseItem]) -> Split:
    names = ", ".join(item.name for item in items)
    minor = sum(item.amount_minor for item in items)
    return Split(category_id, sign * minor, names[:LONGEST_DESCRIPTION])


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
