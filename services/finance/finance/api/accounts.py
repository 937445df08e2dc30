"""Serves accounts: list, show, add, change, delete."""

from collections.abc import Mapping
from typing import Annotated, Final
from uuid import UUID

from fastapi import Query, Request

from finance.api.owners import CREATED, OK, MoveTo, Owning
from finance.domain.accounts import FinanceAccount
from finance.refusals import (
    AccountInUse,
    AccountLinked,
    AccountNotFound,
    AccountNotYours,
    AccountsSame,
    BalanceOutOfRange,
    CurrenciesDiffer,
    TooManyAccounts,
)
from finance.repository import Accounts
from finance.schemas.accounts import (
    FinanceAccountAnswer,
    FinanceAccountChange,
    FinanceAccountRequest,
)
from finance.service import accounts as service
from finance.wiring import Wired
from kit.db import UnitOfWork
from kit.edits import EditStale
from kit.http import ETAG, LOCATION
from kit.refusals import CursorInvalid
from kit.web.answers import Answer
from kit.web.etags import IfMatch, IfMatchMalformed, etag
from kit.web.idempotency import idempotently
from kit.web.identity import Caller
from kit.web.pagination import page_of
from kit.web.queries import SpanQuery
from kit.web.routes import Router
from kit.web.schemas import Page

PATH: Final = "/v1/finance/accounts"
_ONE: Final = f"{PATH}/{{account_id}}"
_EDIT: Final = (AccountNotFound, AccountLinked, EditStale, IfMatchMalformed)

router = Router(tags=["accounts"], scope="finance")


@router.get(
    PATH,
    access="user",
    operation_id="list_accounts",
    summary="List one's accounts",
    description="Newest first, each with its balance.",
    response_model=Page[FinanceAccountAnswer],
    refusals=(CursorInvalid,),
)
async def list_accounts(
    owner: Owning, caller: Caller, query: Annotated[SpanQuery, Query()], wired: Wired
) -> Page[FinanceAccountAnswer]:
    """Show a page of the caller's accounts."""
    cursors = query.cursors(
        wired.settings.cursor_secret, list_name="list_accounts", subject=caller.subject
    )
    after = cursors.decode(query.cursor)
    async with wired.database.read() as connection:
        found = await Accounts(connection).page(owner.user_id, after, query.limit + 1, query.span)
    return page_of(
        Page[FinanceAccountAnswer],
        found,
        FinanceAccountAnswer.of,
        limit=query.limit,
        cursors=cursors,
    )


@router.get(
    _ONE,
    access="owner",
    operation_id="get_account",
    summary="Show one account",
    response_model=FinanceAccountAnswer,
    answer_headers=(ETAG,),
    refusals=(AccountNotFound,),
)
async def get_account(account_id: UUID, owner: Owning, wired: Wired) -> Answer:
    """Show an account to its owner."""
    async with wired.database.read() as connection:
        found = await Accounts(connection).find(owner.user_id, account_id)
    if found is None:
        raise AccountNotFound
    return _answer(OK, found)


@router.post(
    PATH,
    access="user",
    operation_id="create_account",
    summary="Add an account",
    status_code=201,
    response_model=FinanceAccountAnswer,
    answer_headers=(LOCATION, ETAG),
    is_idempotent=True,
    refusals=(TooManyAccounts,),
)
async def create_account(
    request: Request, caller: Caller, owner: Owning, body: FinanceAccountRequest
) -> Answer:
    """Store an account."""

    async def work(uow: UnitOfWork) -> Answer:
        new = body.account(owner, uow.clock.now())
        added = await service.add_account(uow, owner, new)
        return _answer(CREATED, added, {LOCATION: f"{PATH}/{added.id}"})

    return await idempotently(request, caller, operation="create_account", body=body, work=work)


@router.patch(
    _ONE,
    access="owner",
    operation_id="change_account",
    summary="Change an account",
    response_model=FinanceAccountAnswer,
    answer_headers=(ETAG,),
    refusals=(*_EDIT, AccountInUse, BalanceOutOfRange),
)
async def change_account(
    account_id: UUID, owner: Owning, body: FinanceAccountChange, edition: IfMatch, wired: Wired
) -> Answer:
    """Change the fields that the request names."""
    async with wired.database.unit_of_work() as uow:
        changed = await service.change_account(uow, owner, account_id, body.changes(), edition)
    return _answer(OK, changed)


@router.delete(
    _ONE,
    access="owner",
    operation_id="delete_account",
    summary="Delete an account",
    description="One that something is on goes only with `move_to`: another account in the same"
    " currency takes over its transactions, what recurs on it, and its opening balance. Transfers"
    " between the two are deleted, as they would lead from an account to itself.",
    refusals=(
        *_EDIT,
        AccountInUse,
        AccountNotYours,
        AccountsSame,
        CurrenciesDiffer,
        BalanceOutOfRange,
    ),
)
async def delete_account(
    account_id: UUID, owner: Owning, edition: IfMatch, wired: Wired, move_to: MoveTo = None
) -> None:
    """Delete an account that nothing is on, or hand over what is."""
    async with wired.database.unit_of_work() as uow:
        await service.delete_account(uow, owner, account_id, edition, move_to)


def _answer(
    status: int, account: FinanceAccount, headers: Mapping[str, str] | None = None
) -> Answer:
    shown = FinanceAccountAnswer.of(account)
    tag = etag(account.version, account.balance_minor)
    return Answer(status, shown, {**(headers or {}), **tag})
