"""Defines categories and the tree of a book, and decides how they may change."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from finance.domain.names import name_key
from finance.refusals import (
    CategoriesSame,
    CategoryNotYours,
    CategoryTypeDiffers,
    FinanceCategoryCycle,
    FinanceCategoryExists,
    FinanceCategoryInUse,
    FinanceCategoryNotFound,
    FinanceCategoryTooDeep,
    FinanceParentNotFound,
    TooManyFinanceCategories,
)

MOST_CATEGORIES: Final = 1_000  # of one book
DEEPEST: Final = 5  # levels of the tree
MOVE_TO: Final = "query/move_to"


class CategoryType(StrEnum):
    """Which way the money of a category goes."""

    INCOME = "income"
    EXPENSE = "expense"


@dataclass(frozen=True, slots=True, kw_only=True)
class FinanceCategory:
    """What money is for, or comes from.

    Attributes:
        colour: As `#rrggbb`; None: whatever the reader likes.
        parent_id: The category of the same type that it stands in.
        version: 1, then one more with each edit.
    """

    id: UUID
    user_id: UUID
    name: str
    type: CategoryType
    colour: str | None
    parent_id: UUID | None
    version: int
    created_at: datetime
    updated_at: datetime

    @property
    def key(self) -> tuple[CategoryType, str]:
        """What no other category of the book has."""
        return self.type, name_key(self.name)


class CategoryTree:
    """All categories of one book."""

    def __init__(self, categories: Iterable[FinanceCategory]) -> None:
        self._by_id = {one.id: one for one in categories}

    def get(self, category_id: UUID) -> FinanceCategory:
        """Return one of them.

        Raises:
            FinanceCategoryNotFound: there is no such one.
        """
        if category_id not in self._by_id:
            raise FinanceCategoryNotFound
        return self._by_id[category_id]

    def decide_addition(self, new: FinanceCategory) -> FinanceCategory:
        """Return a category that may be added, or raise the first refusal that applies."""
        if len(self._by_id) >= MOST_CATEGORIES:
            raise TooManyFinanceCategories(most=MOST_CATEGORIES)
        return self._placed(new)

    def decide_change(
        self,
        category_id: UUID,
        changes: Mapping[str, Any],
        uses: Mapping[str, int],
        now: datetime,
    ) -> FinanceCategory:
        """Return the changed category, or raise the first refusal that applies.

        An edit that changes nothing leaves the version.
        """
        found = self.get(category_id)
        changed = replace(found, **changes)
        if changed == found:
            return found
        if changed.type != found.type and uses:
            raise FinanceCategoryInUse(uses)
        return self._placed(replace(changed, version=found.version + 1, updated_at=now))

    def heir(self, category: FinanceCategory, move_to: UUID) -> FinanceCategory:
        """Return the category that takes over what a deleted one has."""
        heir = self._by_id.get(move_to)
        if heir is None:
            raise CategoryNotYours(MOVE_TO)
        if heir.id == category.id:
            raise CategoriesSame(MOVE_TO)
        if heir.type != category.type:
            raise CategoryTypeDiffers(MOVE_TO)
        return heir

    def _placed(self, category: FinanceCategory) -> FinanceCategory:
        if any(other.key == category.key and other.id != category.id for other in self):
            raise FinanceCategoryExists
        if category.parent_id is None:
            return category
        above = self._above(category)
        if self._by_id[category.parent_id].type != category.type:
            raise CategoryTypeDiffers("parent_id")
        if above + self._levels(category.id) > DEEPEST:
            raise FinanceCategoryTooDeep(most=DEEPEST)
        return category

    def __iter__(self) -> Any:
        return iter(self._by_id.values())

    def _above(self, category: FinanceCategory) -> int:
        """Return how many categories are above one, which may not be among them."""
        found, parent_id = 0, category.parent_id
        while parent_id is not None:
            if parent_id == category.id:
                raise FinanceCategoryCycle
            if parent_id not in self._by_id:
                raise FinanceParentNotFound
            found, parent_id = found + 1, self._by_id[parent_id].parent_id
        return found

    def _levels(self, category_id: UUID) -> int:
        """Return how many levels a category and those below it take."""
        below = [one.id for one in self if one.parent_id == category_id]
        return 1 + max(map(self._levels, below), default=0)


def fitting(
    category: FinanceCategory | None, kind: str | None, *, at: str = "category_id"
) -> FinanceCategory:
    """Return a category that money of this type may have; `at` says where it is named.

    Raises:
        CategoryNotYours: there is none.
        CategoryTypeDiffers: it is of the other type.
    """
    if category is None:
        raise CategoryNotYours(at)
    if kind is not None and category.type != kind:
        raise CategoryTypeDiffers(at)
    return category
