"""Serves transactions: list, show, add, change, delete."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import date
from typing import Annotated, Final
from uuid import UUID

from fastapi import Query, Request

from finance.api.owners import CREATED, OK, Owning, require_own
from finance.domain.transactions.transactions import Transaction
from finance.refusals import (
    AccountLinked,
    AccountNotYours,
    BalanceOutOfRange,
    CategoryNotYours,
    CategoryTypeDiffers,
    DateOutOfRange,
    ListTooWide,
    SplitsDiffer,
    TransactionLinked,
    TransactionNotFound,
    TransferFixed,
    TypeNotSaid,
)
from finance.repository import (
    Books,
    FinancePeople,
    TransactionLists,
    Transactions,
)
from finance.schemas.transactions.queries import TransactionsQuery
from finance.schemas.transactions.transactions import (
    TransactionAnswer,
    TransactionChange,
    TransactionRequest,
)
from finance.service.transactions import transactions as service
from finance.wiring import Wired
from kit.db import Connection, UnitOfWork
from kit.edits import EditStale
from kit.http import ETAG, LOCATION
from kit.refusals import CursorInvalid
from kit.web.answers import Answer
from kit.web.etags import IfMatch, IfMatchMalformed, etag
from kit.web.idempotency import idempotently
from kit.web.identity import Caller
from kit.web.pagination import KeyPosition, page_of
from kit.web.routes import Router
from kit.web.schemas import Page

PATH: Final = "/v1/finance/transactions"
_ONE: Final = f"{PATH}/{{transaction_id}}"
_EDIT: Final = (TransactionNotFound, TransactionLinked, EditStale, IfMatchMalformed)
_BOOK: Final = (
    AccountNotYours,
    AccountLinked,
    CategoryNotYours,
    CategoryTypeDiffers,
    TypeNotSaid,
    SplitsDiffer,
    DateOutOfRange,
    BalanceOutOfRange,
)

router = Router(tags=["transactions"], scope="finance")


@router.get(
    PATH,
    access="user",
    operation_id="list_transactions",
    summary="List one's transactions",
    description="Newest day first. Plain days are meant in the zone of one's settings.",
    response_model=Page[TransactionAnswer],
    refusals=(CursorInvalid, AccountNotYours, CategoryNotYours, ListTooWide),
)
async def list_transactions(
    owner: Owning, caller: Caller, query: Annotated[TransactionsQuery, Query()], wired: Wired
) -> Page[TransactionAnswer]:
    """Show a page of the caller's transactions."""
    cursors = query.key_cursors(
        wired.settings.cursor_secret, list_name="list_transactions", subject=caller.subject
    )
    after = cursors.decode(query.cursor)
    place = None if after is None else (date.fromisoformat(str(after.key)), after.id)
    async with wired.database.read() as connection:
        wanted = query.wanted(await Books(connection).find(owner))
        await require_own(
            connection,
            owner.user_id,
            account_id=wanted.account_id,
            category_id=wanted.category_id,
            within="query/",
        )
        async with _bounded(wired.settings.list_seconds):
            found = await TransactionLists(connection).page(wanted, place, query.limit + 1)
        names = await _names(connection, *found)
    return page_of(
        Page[TransactionAnswer],
        found,
        lambda one: TransactionAnswer.of(one, names),
        limit=query.limit,
        cursors=cursors,
        place=lambda one: KeyPosition(one.day.isoformat(), one.id),
    )


@router.get(
    _ONE,
    access="owner",
    operation_id="get_transaction",
    summary="Show one transaction",
    response_model=TransactionAnswer,
    answer_headers=(ETAG,),
    refusals=(TransactionNotFound,),
)
async def get_transaction(transaction_id: UUID, owner: Owning, wired: Wired) -> Answer:
    """Show a transaction to its owner."""
    async with wired.database.read() as connection:
        found = await Transactions(connection).find(owner.user_id, transaction_id)
        if found is None:
            raise TransactionNotFound
        names = await _names(connection, found)
    return _answer(OK, found, names)


@router.post(
    PATH,
    access="user",
    operation_id="create_transaction",
    summary="Book a transaction",
    description="`type` says which way the money goes; a category says it, too. Parts (`splits`)"
    " with a category each stand in place of one category.",
    status_code=201,
    response_model=TransactionAnswer,
    answer_headers=(LOCATION, ETAG),
    is_idempotent=True,
    refusals=_BOOK,
)
async def create_transaction(
    request: Request, caller: Caller, owner: Owning, body: TransactionRequest
) -> Answer:
    """Book what the caller has written, and move the account's balance."""

    async def work(uow: UnitOfWork) -> Answer:
        added = await service.add_transaction(uow, owner, body.draft())
        return _answer(CREATED, added, {}, {LOCATION: f"{PATH}/{added.id}"})

    return await idempotently(request, caller, operation="create_transaction", body=body, work=work)


@router.patch(
    _ONE,
    access="owner",
    operation_id="change_transaction",
    summary="Change a transaction",
    description="Date and description of a transfer change on both of its sides.",
    response_model=TransactionAnswer,
    answer_headers=(ETAG,),
    refusals=(*_EDIT, *_BOOK, TransferFixed),
)
async def change_transaction(
    transaction_id: UUID, owner: Owning, body: TransactionChange, edition: IfMatch, wired: Wired
) -> Answer:
    """Change the fields that the request names."""
    changes = body.changes()
    async with wired.database.unit_of_work() as uow:
        changed = await service.change_transaction(uow, owner, transaction_id, changes, edition)
        names = await _names(uow, changed)
    return _answer(OK, changed, names)


@router.delete(
    _ONE,
    access="owner",
    operation_id="delete_transaction",
    summary="Delete a transaction",
    description="Of a transfer both sides go.",
    refusals=(*_EDIT, BalanceOutOfRange),
)
async def delete_transaction(
    transaction_id: UUID, owner: Owning, edition: IfMatch, wired: Wired
) -> None:
    """Delete a transaction, and take it back from the account's balance."""
    async with wired.database.unit_of_work() as uow:
        await service.delete_transaction(uow, owner, transaction_id, edition)


@asynccontextmanager
async def _bounded(seconds: float) -> AsyncIterator[None]:
    """End what is looked for in vain for too long, in PostgreSQL, too."""
    try:
        async with asyncio.timeout(seconds) as limit:
            yield
    except TimeoutError:
        if limit.expired():
            raise ListTooWide from None
        raise


async def _names(connection: Connection, *shown: Transaction) -> dict[UUID, str | None]:
    others = {one.counterparty_id for one in shown if one.counterparty_id is not None}
    return await FinancePeople(connection).names(others)


def _answer(
    status: int,
    transaction: Transaction,
    names: Mapping[UUID, str | None],
    headers: Mapping[str, str] | None = None,
) -> Answer:
    shown = TransactionAnswer.of(transaction, names)
    return Answer(status, shown, {**(headers or {}), **etag(transaction.version)})
