"""Serves the ledger to operators: house accounts, entries, transfers."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from kit.refusals import CursorInvalid, NotFound
from kit.web.audit import Auditing
from kit.web.identity import Caller, Identity
from kit.web.pagination import page_of
from kit.web.routes import Router
from kit.web.schemas import Page
from wallet.api.history import asked_for, place_of
from wallet.domain.wallets import HOUSES
from wallet.repository.history import History
from wallet.repository.houses import Houses
from wallet.schemas.ledger import HouseAccountAnswer, LedgerEntryAnswer, TransferAnswer
from wallet.schemas.queries import EntriesQuery, HouseAccountsQuery
from wallet.service import history
from wallet.wiring import Wired

router = Router(tags=["ledger"], scope="wallets")


@router.get(
    "/v1/ledger/accounts",
    access="admin",
    operation_id="list_house_accounts",
    summary="List house accounts: their balance, and since when it lies there",
    response_model=Page[HouseAccountAnswer],
    refusals=(CursorInvalid,),
)
async def list_house_accounts(
    caller: Caller,
    wired: Wired,
    query: Annotated[HouseAccountsQuery, Query()],
    audit: Auditing,
) -> Page[HouseAccountAnswer]:
    """List clearing, suspense, fees and debts, newest account first."""
    cursors = query.cursors(
        wired.settings.cursor_secret, list_name="list_house_accounts", subject=caller.subject
    )
    before = cursors.decode(query.cursor)
    kind = None if query.house is None else HOUSES[query.house]
    async with wired.database.read() as connection:
        rows = await Houses(connection).page(
            kind, query.provider, query.currency, before, query.limit + 1
        )
    await audit.read("house_account")
    now = wired.database.clock.now()
    return page_of(
        Page[HouseAccountAnswer],
        rows,
        lambda row: HouseAccountAnswer.of(row, now),
        limit=query.limit,
        cursors=cursors,
    )


@router.get(
    "/v1/ledger/accounts/{account_id}/entries",
    access="admin",
    operation_id="list_account_entries",
    summary="List entries of any account, house accounts too, newest first",
    response_model=Page[LedgerEntryAnswer],
    refusals=(CursorInvalid, NotFound),
)
async def list_account_entries(
    account_id: UUID,
    caller: Caller,
    wired: Wired,
    query: Annotated[EntriesQuery, Query()],
    audit: Auditing,
) -> Page[LedgerEntryAnswer]:
    """List an account's entries; for suspended money, with the wallet it was for."""
    cursors = query.cursors(
        wired.settings.cursor_secret,
        list_name="list_account_entries",
        subject=caller.subject,
        account_id=account_id,
    )
    before = cursors.decode(query.cursor)
    async with wired.database.read() as connection:
        account = await Houses(connection).find(account_id)
        if account is None:
            raise NotFound
        rows = await history.entries(connection, account_id, asked_for(query, before))
    await audit.read("account", account_id, *([account.owner_id] if account.owner_id else []))
    return page_of(
        Page[LedgerEntryAnswer],
        rows,
        lambda row: LedgerEntryAnswer.of(row, account.currency),
        limit=query.limit,
        cursors=cursors,
        place=place_of,
    )


@router.get(
    "/v1/transfers/{transfer_id}",
    access="owner",
    operation_id="get_transfer",
    summary="Get a transfer with its entries; other people's are for admins only",
)
async def get_transfer(
    transfer_id: UUID, caller: Caller, wired: Wired, audit: Auditing
) -> TransferAnswer:
    """Show a transfer to its payer, its payee or an administrator."""
    async with wired.database.read() as connection:
        past = History(connection)
        moved = await past.transfer(transfer_id)
        if moved is None:
            raise NotFound
        legs = await past.all_legs(moved)
        owners = {leg.account_id: leg.owner_id for leg in legs}
        if moved.payer_account_id not in owners:  # a payer who owes all of it has no entry
            payer = await Houses(connection).find(moved.payer_account_id)
            owners[moved.payer_account_id] = payer.owner_id if payer else None
    mine = _mine(caller, owners)
    await audit.read("transfer", transfer_id, *(one for one in owners.values() if one))
    return TransferAnswer.of(moved, legs, mine)


def _mine(caller: Identity, owners: dict[UUID, UUID | None]) -> set[UUID] | None:
    """Return which of the accounts are the caller's; None if they may see all.

    Raises:
        NotFound: none of them is.
    """
    if caller.is_admin:
        return None
    mine = {
        account_id
        for account_id, owner_id in owners.items()
        if owner_id == caller.user and caller.may_use(account_id)
    }
    if not mine:
        raise NotFound
    return mine
