"""Holds the verb of a book's settings. Its caller commits."""

from dataclasses import replace

from finance.domain.books import BookOwner, FinanceBook
from finance.repository import Books, Transactions
from finance.service.reports.budgets import watch_book
from kit.db import UnitOfWork


async def change_zone(uow: UnitOfWork, owner: BookOwner, time_zone: str) -> FinanceBook:
    """Mean days in another zone; what has a moment is dated anew.

    Raises ZoneUnknown.
    """
    now = uow.clock.now()
    book = await Books(uow).lock(owner, now)
    if book.time_zone != time_zone:
        await Books(uow).save_zone(owner.user_id, time_zone)
        await Transactions(uow).redate(owner.user_id, time_zone, now)
    changed = replace(book, time_zone=time_zone)
    await watch_book(uow, changed)
    return changed
