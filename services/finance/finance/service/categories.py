"""Holds the verbs of categories: add, change, delete. Their caller commits."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from finance.domain.books import BookOwner
from finance.domain.categories import FinanceCategory
from finance.refusals import FinanceCategoryInUse
from finance.repository import Books, Budgets, FinanceCategories
from finance.service.reports.budgets import watch_book
from kit.db import UnitOfWork
from kit.edits import Edition


async def add_category(uow: UnitOfWork, owner: BookOwner, new: FinanceCategory) -> FinanceCategory:
    """Store a new category.

    Raises the refusals of ``CategoryTree.decide_addition``.
    """
    categories = FinanceCategories(uow)
    await Books(uow).lock(owner, uow.clock.now())
    tree = await categories.tree(owner.user_id)
    added = tree.decide_addition(new)
    await categories.add(added)
    return added


async def change_category(
    uow: UnitOfWork,
    owner: BookOwner,
    category_id: UUID,
    changes: Mapping[str, Any],
    edition: Edition,
) -> FinanceCategory:
    """Change a category whose version the edit accepts.

    Raises the refusals of ``CategoryTree.decide_change``, and EditStale.
    """
    categories = FinanceCategories(uow)
    book = await Books(uow).lock(owner, uow.clock.now())
    tree = await categories.tree(owner.user_id)
    found = tree.get(category_id)
    edition.check(found.version)
    uses = await categories.uses(category_id) if "type" in changes else {}
    if "type" in changes and (budgets := await Budgets(uow).count_on(category_id)):
        uses["budgets"] = budgets  # they go with a category, but are of expense
    changed = tree.decide_change(category_id, changes, uses, uow.clock.now())
    if changed != found:
        await categories.save(changed)
        await watch_book(uow, book)
    return changed


async def delete_category(
    uow: UnitOfWork, owner: BookOwner, category_id: UUID, edition: Edition, move_to: UUID | None
) -> None:
    """Delete a category; what has it gets another one of the same type, if named.

    Then the categories in it go up to its own parent.

    Raises FinanceCategoryNotFound, FinanceCategoryInUse, EditStale, those of
    ``CategoryTree.heir``.
    """
    categories = FinanceCategories(uow)
    book = await Books(uow).lock(owner, uow.clock.now())
    tree = await categories.tree(owner.user_id)
    found = tree.get(category_id)
    edition.check(found.version)
    if move_to is not None:
        heir = tree.heir(found, move_to)
        await categories.hand_over(found, heir.id, uow.clock.now())
    elif uses := await categories.uses(category_id):
        raise FinanceCategoryInUse(uses)
    await categories.delete(found.id)
    await watch_book(uow, book)
