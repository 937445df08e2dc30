"""Finding, listing, opening and freezing wallets."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request

from kit.db import UnitOfWork
from kit.money import DEFAULT_CURRENCY
from kit.refusals import CursorInvalid, NotFound
from kit.web.answers import Answer
from kit.web.audit import Auditing
from kit.web.fields import CurrencyCode
from kit.web.idempotency import idempotently
from kit.web.identity import Caller, Identity
from kit.web.pagination import DEFAULT_LIMIT, Cursors, CursorText, Limit, page_of
from kit.web.routes import Router
from kit.web.schemas import Page
from wallet import refusals
from wallet.api.ownership import visible
from wallet.domain.wallets import Home, Status
from wallet.repository.wallets import Wallets, Wanted
from wallet.schemas import OpenWallet, WalletAnswer
from wallet.service import opening, wallets
from wallet.wiring import Configured, Store

router = Router(tags=["wallets"])

_UUID = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"

Owners = Annotated[
    str | None,
    Query(
        pattern=f"^{_UUID}(,{_UUID}){{0,99}}$",
        description="Owners' ids, with commas between; others than oneself for admins only.",
    ),
]
OldOwners = Annotated[
    str | None,
    Query(
        pattern=f"^{_UUID}(,{_UUID}){{0,99}}$",
        description="The same as `owner_id`, as it was called before.",
        deprecated=True,
    ),
]


@router.get(
    "/v1/wallets",
    access="user",
    operation_id="list_wallets",
    summary="One's own wallets, newest first; an admin sees everybody's",
    response_model=Page[WalletAnswer],
    refusals=(CursorInvalid, NotFound),
)
async def list_wallets(  # noqa: PLR0913 (one parameter for each of the query's)
    *,
    caller: Caller,
    store: Store,
    settings: Configured,
    audit: Auditing,
    owner_id: Owners = None,
    owner: OldOwners = None,
    currency: Annotated[CurrencyCode | None, Query()] = None,
    status: Annotated[Status | None, Query()] = None,
    number: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: CursorText = None,
) -> Page[WalletAnswer]:
    """List wallets by owner, currency, status or number."""
    asked = owner_id or owner
    cursors = Cursors(
        settings.cursor_secret,
        list_name="list_wallets",
        subject=caller.subject,
        filters={"owner": asked, "currency": currency, "status": status, "number": number},
    )
    before = cursors.decode(cursor)
    wanted = Wanted(_owners(caller, asked), currency, status, number)
    async with store.read() as connection:
        rows = await Wallets(connection).page(wanted, before, limit + 1)
    await audit.listed("wallet", wanted.owners)
    return page_of(
        Page[WalletAnswer],
        rows,
        WalletAnswer.of,
        limit=limit,
        cursors=cursors,
    )


def _owners(caller: Identity, asked: str | None) -> list[UUID] | None:
    """Return whose wallets are listed; None for everybody's.

    Raises:
        NotFound: a user asks for others', as if there were none.
    """
    owners = None if asked is None else [UUID(text) for text in asked.split(",")]
    if caller.is_admin:
        return owners
    if owners is not None and set(owners) != {caller.user}:
        raise NotFound
    return [caller.user]


@router.post(
    "/v1/wallets",
    access="user",
    operation_id="open_wallet",
    answer_headers=("Location",),
    summary="Open a wallet",
    status_code=201,
    response_model=WalletAnswer,
    is_idempotent=True,
    refusals=(refusals.WalletClosed, refusals.TooManyWallets),
)
async def open_wallet(body: OpenWallet, caller: Caller, request: Request) -> Answer:
    """Open a wallet; the first of its currency becomes the default one."""

    async def work(uow: UnitOfWork) -> Answer:
        wallet = await opening.open_wallet(uow, Home(caller.user, body.currency), body.name)
        return Answer(201, WalletAnswer.of(wallet), {"Location": f"/v1/wallets/{wallet.id}"})

    return await idempotently(request, caller, operation="open_wallet", body=body, work=work)


@router.get(
    "/v1/wallets/me",
    access="user",
    operation_id="get_my_wallet",
    summary="One's default wallet of a currency, opened on first need",
)
async def get_my_wallet(
    caller: Caller,
    store: Store,
    currency: Annotated[CurrencyCode, Query()] = DEFAULT_CURRENCY,
) -> WalletAnswer:
    """Show the default wallet."""
    home = Home(caller.user, currency)
    async with store.read() as connection:
        found = await Wallets(connection).find_default(home)
    if found is None:
        async with store.unit_of_work() as uow:
            found = await opening.default_wallet(uow, home)
    return WalletAnswer.of(found)


@router.get(
    "/v1/wallets/{wallet_id}",
    access="owner",
    operation_id="get_wallet",
    summary="One wallet",
)
async def get_wallet(
    wallet_id: UUID, caller: Caller, store: Store, audit: Auditing
) -> WalletAnswer:
    """Show a wallet."""
    async with store.read() as connection:
        wallet = await visible(connection, caller, wallet_id)
    await audit.read("wallet", wallet.id, wallet.owner_id)
    return WalletAnswer.of(wallet)


@router.post(
    "/v1/wallets/{wallet_id}/freeze",
    access="admin",
    operation_id="freeze_wallet",
    summary="Stop new holds and debits; captures of holds and credits go on",
    refusals=(refusals.WalletClosed,),
)
async def freeze_wallet(wallet_id: UUID, store: Store, audit: Auditing) -> WalletAnswer:
    """Freeze a wallet."""
    async with store.unit_of_work() as uow:
        wallet = await wallets.set_status(uow, wallet_id, "frozen")
        await audit.changed(uow, "wallet", wallet.id, wallet.owner_id)
    return WalletAnswer.of(wallet)


@router.post(
    "/v1/wallets/{wallet_id}/unfreeze",
    access="admin",
    operation_id="unfreeze_wallet",
    summary="Let a frozen wallet pay again",
    refusals=(refusals.WalletClosed,),
)
async def unfreeze_wallet(wallet_id: UUID, store: Store, audit: Auditing) -> WalletAnswer:
    """Unfreeze a wallet."""
    async with store.unit_of_work() as uow:
        wallet = await wallets.set_status(uow, wallet_id, "active")
        await audit.changed(uow, "wallet", wallet.id, wallet.owner_id)
    return WalletAnswer.of(wallet)
