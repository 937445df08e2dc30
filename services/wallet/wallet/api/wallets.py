"""Serves wallets: finds, lists, opens and freezes them."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Final
from uuid import UUID

from fastapi import Query, Request

from kit.db import UnitOfWork
from kit.http import LOCATION
from kit.money import DEFAULT_CURRENCY
from kit.refusals import CursorInvalid, NotFound
from kit.scopes import KeyBounded
from kit.web.answers import Answer
from kit.web.audit import Auditing
from kit.web.fields import CurrencyCode
from kit.web.idempotency import idempotently
from kit.web.identity import Caller, Identity
from kit.web.pagination import page_of
from kit.web.routes import Router
from kit.web.schemas import Page
from wallet import refusals
from wallet.api.ownership import shown
from wallet.domain.wallets import WalletKey
from wallet.repository.history import EntryLine, History
from wallet.repository.wallets import WalletFilter, Wallets
from wallet.schemas.queries import WalletsQuery
from wallet.schemas.wallets import ListedWallet, OpenWallet, WalletAnswer
from wallet.service import wallets as verbs
from wallet.wiring import Wired

LATEST_ENTRIES: Final = 10  # of each wallet, where a list has them

router = Router(tags=["wallets"], scope="wallets")


@router.get(
    "/v1/wallets",
    access="user",
    operation_id="list_wallets",
    summary="List one's own wallets, newest first; an admin sees everybody's",
    response_model=Page[ListedWallet],
    refusals=(CursorInvalid, NotFound),
)
async def list_wallets(
    caller: Caller,
    wired: Wired,
    query: Annotated[WalletsQuery, Query()],
    audit: Auditing,
) -> Page[ListedWallet]:
    """List wallets by id, owner, currency, status or number."""
    cursors = query.cursors(
        wired.settings.cursor_secret, list_name="list_wallets", subject=caller.subject
    )
    before = cursors.decode(query.cursor)
    wanted = WalletFilter(
        _owners(caller, query.owners),
        query.currency,
        query.status,
        query.number,
        query.span,
        _ids(caller, query.ids),
    )
    async with wired.database.snapshot() as connection:
        rows = await Wallets(connection).page(wanted, before, query.limit + 1)
        latest: Mapping[UUID, Sequence[EntryLine]] = {}
        if query.expand is not None:
            ids = [wallet.id for wallet in rows]
            latest = await History(connection).latest(ids, LATEST_ENTRIES)
    await audit.listed("wallet", wanted.owners)
    return page_of(
        Page[ListedWallet],
        rows,
        lambda wallet: ListedWallet.listed(wallet, latest.get(wallet.id)),
        limit=query.limit,
        cursors=cursors,
    )


def _owners(caller: Identity, asked: list[UUID] | None) -> list[UUID] | None:
    """Return the owners whose wallets are listed; None for all.

    Raises:
        NotFound: a user asks for others' wallets, as if they did not exist.
    """
    if caller.is_admin:
        return asked
    if asked is not None and set(asked) != {caller.user}:
        raise NotFound
    return [caller.user]


def _ids(caller: Identity, asked: list[UUID] | None) -> list[UUID] | None:
    """Return the ids of the wallets that are listed; None for any."""
    if caller.wallet_ids is None:
        return asked
    return [one for one in asked or caller.wallet_ids if one in caller.wallet_ids]


@router.post(
    "/v1/wallets",
    access="user",
    operation_id="open_wallet",
    answer_headers=(LOCATION,),
    summary="Open a wallet",
    status_code=201,
    response_model=WalletAnswer,
    is_idempotent=True,
    refusals=(refusals.WalletClosed, refusals.TooManyWallets, KeyBounded),
)
async def open_wallet(body: OpenWallet, caller: Caller, request: Request) -> Answer:
    """Open a wallet; the first of its currency becomes the default one."""
    caller.require_all_wallets()

    async def work(uow: UnitOfWork) -> Answer:
        wallet = await verbs.open_wallet(uow, WalletKey(caller.user, body.currency), body.name)
        return Answer(201, WalletAnswer.of(wallet), {LOCATION: f"/v1/wallets/{wallet.id}"})

    return await idempotently(request, caller, operation="open_wallet", body=body, work=work)


@router.get(
    "/v1/wallets/me",
    access="user",
    operation_id="get_my_wallet",
    summary="Get one's default wallet of a currency, opened on first need",
    refusals=(NotFound,),
)
async def get_my_wallet(
    caller: Caller,
    wired: Wired,
    currency: Annotated[CurrencyCode, Query()] = DEFAULT_CURRENCY,
) -> WalletAnswer:
    """Show the default wallet."""
    key = WalletKey(caller.user, currency)
    async with wired.database.read() as connection:
        found = await Wallets(connection).find_default(key)
    if not caller.may_use(found and found.id):
        raise NotFound
    if found is None:
        async with wired.database.unit_of_work() as uow:
            found = await verbs.default_wallet(uow, key)
    return WalletAnswer.of(found)


@router.get(
    "/v1/wallets/{wallet_id}",
    access="owner",
    operation_id="get_wallet",
    summary="Get a wallet",
)
async def get_wallet(
    wallet_id: UUID, caller: Caller, wired: Wired, audit: Auditing
) -> WalletAnswer:
    """Show a wallet."""
    wallet = shown(await wired.reads.submit(wallet_id), caller)
    await audit.read("wallet", wallet.id, wallet.owner_id)
    return WalletAnswer.of(wallet)


@router.post(
    "/v1/wallets/{wallet_id}/freeze",
    access="admin",
    operation_id="freeze_wallet",
    summary="Freeze a wallet: no new holds or debits, but captures and credits",
    refusals=(refusals.WalletClosed,),
)
async def freeze_wallet(wallet_id: UUID, wired: Wired, audit: Auditing) -> WalletAnswer:
    """Freeze a wallet."""
    async with wired.database.unit_of_work() as uow:
        wallet = await verbs.set_status(uow, wallet_id, "frozen")
        await audit.changed(uow, "wallet", wallet.id, wallet.owner_id)
    return WalletAnswer.of(wallet)


@router.post(
    "/v1/wallets/{wallet_id}/unfreeze",
    access="admin",
    operation_id="unfreeze_wallet",
    summary="Unfreeze a wallet",
    refusals=(refusals.WalletClosed,),
)
async def unfreeze_wallet(wallet_id: UUID, wired: Wired, audit: Auditing) -> WalletAnswer:
    """Unfreeze a wallet."""
    async with wired.database.unit_of_work() as uow:
        wallet = await verbs.set_status(uow, wallet_id, "active")
        await audit.changed(uow, "wallet", wallet.id, wallet.owner_id)
    return WalletAnswer.of(wallet)
