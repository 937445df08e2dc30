"""Holds the verbs of budgets: set, change, delete, watch. Their caller commits."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from contracts.finance import BudgetReached
from finance.domain.books import BookOwner, FinanceBook
from finance.domain.categories import CategoryType, fitting
from finance.domain.dates.days import day_of, months_of
from finance.domain.reports.budgets import (
    MOST_BUDGETS,
    Budget,
    BudgetAlert,
    Grant,
    Spent,
    Standing,
    alerts_of,
    grants_in,
    worst_of,
)
from finance.refusals import BudgetNotFound, TooManyBudgets
from finance.repository import Books, Budgets, FinanceCategories
from kit.db import Connection, UnitOfWork
from kit.edits import Edition
from kit.logs import get_logger
from kit.messaging.outbox import emit

log = get_logger(__name__)


async def set_budget(uow: UnitOfWork, owner: BookOwner, new: Budget) -> Budget:
    """Store a new budget.

    Raises CategoryNotYours, CategoryTypeDiffers, TooManyBudgets and BudgetExists.
    """
    book = await Books(uow).lock(owner, uow.clock.now())
    categories = await FinanceCategories(uow).of(owner.user_id, [new.category_id])
    fitting(categories.get(new.category_id), CategoryType.EXPENSE)
    if await Budgets(uow).count(owner.user_id) >= MOST_BUDGETS:
        raise TooManyBudgets(most=MOST_BUDGETS)
    await Budgets(uow).add(new)
    await _watch(uow, book, new)
    return new


async def change_budget(
    uow: UnitOfWork,
    owner: BookOwner,
    budget_id: UUID,
    changes: Callable[[str], Mapping[str, Any]],
    edition: Edition,
) -> Budget:
    """Change a budget whose version the edit accepts.

    ``changes`` are read in its currency.

    Raises BudgetNotFound, EditStale, and what ``changes`` raises.
    """
    book, found = await _locked(uow, owner, budget_id, edition)
    changed = replace(found, **changes(found.currency))
    if changed == found:
        return found
    changed = replace(changed, version=found.version + 1, updated_at=uow.clock.now())
    await Budgets(uow).save(changed)
    await _watch(uow, book, changed)
    return changed


async def delete_budget(
    uow: UnitOfWork, owner: BookOwner, budget_id: UUID, edition: Edition
) -> None:
    """Delete a budget; the one before it holds again, and may be used up already.

    Raises BudgetNotFound and EditStale.
    """
    book, _ = await _locked(uow, owner, budget_id, edition)
    await Budgets(uow).delete(budget_id)
    await watch_book(uow, book)


async def standings_in(connection: Connection, user_id: UUID, month: date) -> list[Standing]:
    """Return how the budgets stand that hold in a month."""
    budgets = Budgets(connection)
    return await budgets.standings(grants_in(await budgets.until(user_id, month), month))


async def watch_budgets(uow: UnitOfWork, spent: Collection[Spent]) -> None:
    """Tell of budgets that what was written has brought to a threshold, each once.

    It is called after the write, by whatever has changed expense in a category, with all of a unit
    of work at once; the books are locked. Where nobody concerned has a budget it is one statement.
    What was spent in an earlier month may be carried over, so the present one is looked at, too; at
    the turn of months both, as books differ in their zones.
    """
    present = months_of(uow.clock.now())
    carried = {replace(one, month=now) for one in spent for now in present if one.month < now}
    concerned = await Budgets(uow).concerned({*spent, *carried}) if spent else []
    grants = [
        grant
        for (_, month), line in groupby(concerned, key=lambda one: (one[1].category_id, one[0]))
        for grant in grants_in(map(itemgetter(1), line), month)
    ]
    await _watch_granted(uow, grants)


async def watch_book(uow: UnitOfWork, book: FinanceBook) -> None:
    """Watch all budgets of a locked book in the present month.

    It is called by what moves spent money without booking any: categories that are put elsewhere,
    days of another zone; and where a budget goes.
    """
    month = day_of(uow.clock.now(), book.time_zone).replace(day=1)
    await _watch_granted(uow, grants_in(await Budgets(uow).until(book.user_id, month), month))


async def _watch_granted(uow: UnitOfWork, grants: Sequence[Grant]) -> None:
    budgets = Budgets(uow)
    alerts = [alert for one in await budgets.standings(grants) for alert in alerts_of(one)]
    if alerts:
        told = worst_of(await budgets.note(alerts))
        names = await budgets.categories([alert.budget for alert in told])
        for alert in told:
            _tell(uow, alert, names[alert.budget.category_id])


def _tell(uow: UnitOfWork, alert: BudgetAlert, category: str) -> None:
    budget = alert.budget
    event = BudgetReached(
        budget_id=budget.id,
        user_id=budget.user_id,
        category_id=budget.category_id,
        category=category,
        month=alert.month,
        threshold=alert.threshold,
        used_minor=alert.used_minor,
        available_minor=alert.available_minor,
        currency=budget.currency,
    )
    emit(uow, event, subject=str(budget.id))
    told = {"user_id": str(budget.user_id), "budget_id": str(budget.id)}
    uow.after_commit(partial(log.info, event.type, **told, threshold=alert.threshold))


async def _watch(uow: UnitOfWork, book: FinanceBook, budget: Budget) -> None:
    """Watch a budget that was written, in its first month and in the present one."""
    today = day_of(uow.clock.now(), book.time_zone)
    months = {budget.month, max(budget.month, today.replace(day=1))}
    await watch_budgets(uow, [Spent(budget.category_id, month) for month in months])


async def _locked(
    uow: UnitOfWork, owner: BookOwner, budget_id: UUID, edition: Edition
) -> tuple[FinanceBook, Budget]:
    book = await Books(uow).lock(owner, uow.clock.now())
    found = await Budgets(uow).find(owner.user_id, budget_id)
    if found is None:
        raise BudgetNotFound
    edition.check(found.version)
    return book, found
