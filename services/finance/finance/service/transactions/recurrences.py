"""Holds the verbs of what recurs: add, change, delete, book what is due.

Their caller commits.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import UUID

from finance.domain.accounts import usable
from finance.domain.books import BookOwner, FinanceBook
from finance.domain.dates.days import day_of
from finance.domain.transactions.recurrence_drafts import (
    RecurrenceDraft,
    decide_recurrence,
    decide_recurrence_change,
)
from finance.domain.transactions.recurrences import MOST_RECURRENCES, Recurrence, decide_due
from finance.refusals import RecurrenceNotFound, TooManyRecurrences
from finance.repository import Accounts, Books, FinanceCategories, Recurrences
from finance.service.transactions.bookings import book
from kit.db import UnitOfWork
from kit.edits import Edition
from kit.ids import new_id
from kit.logs import get_logger

log = get_logger(__name__)


async def add_recurrence(uow: UnitOfWork, owner: BookOwner, draft: RecurrenceDraft) -> Recurrence:
    """Store a recurring entry; what is due of it already is booked at the next look.

    Raises TooManyRecurrences, AccountNotYours, AccountLinked, those of ``require_days`` and of
    ``decide_recurrence``.
    """
    now = uow.clock.now()
    kept = await Books(uow).lock(owner, now)
    if await Recurrences(uow).count(owner.user_id) >= MOST_RECURRENCES:
        raise TooManyRecurrences(most=MOST_RECURRENCES)
    draft.require_days(day_of(now, kept.time_zone))
    added = Recurrence(
        id=new_id(),
        user_id=owner.user_id,
        **await _decided(uow, kept, draft),
        version=1,
        created_at=now,
        updated_at=now,
    )
    await Recurrences(uow).add(added)
    return added


async def change_recurrence(
    uow: UnitOfWork,
    owner: BookOwner,
    recurring_id: UUID,
    changes: Mapping[str, Any],
    edition: Edition,
) -> Recurrence:
    """Change an entry whose version the edit accepts.

    `changes` are fields of its draft.

    Raises RecurrenceNotFound, EditStale, and the refusals of ``add_recurrence``.
    """
    now = uow.clock.now()
    kept = await Books(uow).lock(owner, now)
    found = await _find(uow, owner, recurring_id)
    edition.check(found.version)
    draft = RecurrenceDraft.of(found).changed(changes)
    today = day_of(now, kept.time_zone)
    if changes.keys() & {"next_date", "end_date"}:
        draft.require_days(today)
    fields = await _decided(uow, kept, draft)
    changed = decide_recurrence_change(found, fields, today=today, now=now)
    if changed != found:
        await Recurrences(uow).save([changed])
    return changed


async def delete_recurrence(
    uow: UnitOfWork, owner: BookOwner, recurring_id: UUID, edition: Edition
) -> None:
    """Delete an entry; what it has booked stays.

    Raises RecurrenceNotFound and EditStale.
    """
    await Books(uow).lock(owner, uow.clock.now())
    found = await _find(uow, owner, recurring_id)
    edition.check(found.version)
    await Recurrences(uow).delete(found.id)


async def book_due(uow: UnitOfWork, owner: BookOwner) -> int:
    """Book what is due of one user, each day of each entry once; return how much.

    An entry that its account can hold no more of is paused.
    """
    now = uow.clock.now()
    kept = await Books(uow).lock(owner, now)
    today = day_of(now, kept.time_zone)
    entries = await Recurrences(uow).due_of(owner.user_id, now)
    accounts = await Accounts(uow).of(owner.user_id, {one.account_id for one in entries})
    balances = {one.id: one.balance_minor for one in accounts.values()}
    booked = await Recurrences(uow).booked(entries)
    found = []
    for entry in entries:
        due = decide_due(
            entry,
            balances[entry.account_id],
            today=today,
            now=now,
            booked=booked.get(entry.id, ()),
        )
        balances[entry.account_id] += sum(one.amount_minor for one in due.transactions)
        if not due.entry.is_active:
            paused = {"recurring_id": str(entry.id), "reason": "balance_out_of_range"}
            uow.after_commit(partial(log.warning, "recurring_paused", **paused))
        found.append(due)
    await book(uow, [one for due in found for one in due.transactions])
    await Recurrences(uow).save([due.entry for due in found])
    return sum(len(due.transactions) for due in found)


async def _find(uow: UnitOfWork, owner: BookOwner, recurring_id: UUID) -> Recurrence:
    found = await Recurrences(uow).find(owner.user_id, recurring_id)
    if found is None:
        raise RecurrenceNotFound
    return found


async def _decided(uow: UnitOfWork, kept: FinanceBook, draft: RecurrenceDraft) -> dict[str, Any]:
    account = usable(await Accounts(uow).find(kept.user_id, draft.account_id))
    named = () if draft.category_id is None else (draft.category_id,)
    categories = await FinanceCategories(uow).of(kept.user_id, named)
    now = uow.clock.now()
    return decide_recurrence(draft, account, categories, zone=kept.time_zone, now=now)
