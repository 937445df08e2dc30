"""Listing, looking at, opening and changing billers; the paths call them services."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request

from kit.db import UnitOfWork
from kit.refusals import CursorInvalid
from kit.web.answers import Answer
from kit.web.audit import Auditing
from kit.web.idempotency import idempotently
from kit.web.identity import Caller, Identity, MaybeCaller
from kit.web.pagination import page_of
from kit.web.routes import Router
from kit.web.schemas import Page
from payments.bound_refusals import TooManyServices
from payments.domain.billers import HOUSE
from payments.domain.billing import Editor
from payments.domain.parties import Wallet
from payments.refusals import (
    CurrencyMismatch,
    OnlyOwnerMayEdit,
    ServiceNotFound,
    WalletNotFound,
)
from payments.repository import Billers, Known
from payments.schemas.billers import Service, ServiceChange, ServiceRequest, ServicesQuery
from payments.service import billers as service
from payments.wiring import Wired, Wiring

router = Router(tags=["services"])

# Whoever has no token, where that is enough.
_ANYBODY = Identity("anybody", None, None, frozenset(), None, "")


@router.get(
    "/v1/services",
    access="public",
    operation_id="list_services",
    summary="Services that can be paid for",
    description="Newest first; those that are offered now, unless others are asked for.",
    response_model=Page[Service],
    refusals=(CursorInvalid,),
)
async def list_services(query: Annotated[ServicesQuery, Query()], wired: Wired) -> Page[Service]:
    """Show a page of billers, by one statement."""
    cursors = query.cursors(wired.settings.cursor_secret, list_name="list_services", subject="")
    after = cursors.decode(query.cursor)
    async with wired.database.read() as connection:
        found = await Billers(connection).page(query.wanted, after, query.limit + 1, query.span)
    return page_of(Page[Service], found, Service.of, limit=query.limit, cursors=cursors)


@router.get(
    "/v1/services/{service_id}",
    access="public",
    operation_id="get_service",
    summary="One service",
    response_model=Service,
    refusals=(ServiceNotFound,),
)
async def get_service(service_id: UUID, wired: Wired) -> Service:
    """Show a biller, offered now or not: who has paid it wants to know what it was."""
    async with wired.database.read() as connection:
        found = await Billers(connection).get(service_id)
    if found is None:
        raise ServiceNotFound
    return Service.of(found)


@router.post(
    "/v1/services",
    access="user",
    open_by="open_services",
    operation_id="create_service",
    answer_headers=("Location",),
    summary="Offer a service",
    description="Payments to it are credited to the caller. With `PAYMENTS_OPEN_SERVICES=true` no"
    " token is needed: such a service is the house's own.",
    status_code=201,
    response_model=Service,
    is_idempotent=True,
    refusals=(WalletNotFound, CurrencyMismatch, TooManyServices),
)
async def create_service(
    request: Request, caller: MaybeCaller, body: ServiceRequest, wired: Wired
) -> Answer:
    """Find the wallet that is named (asking outside the unit of work), then write."""
    owner_id = HOUSE if caller is None else caller.user
    wallet = await _wallet(wired, body.wallet_id)

    async def work(uow: UnitOfWork) -> Answer:
        biller = body.biller(owner_id, uow.clock.now())
        opened = await service.open_biller(uow, biller, wallet, most=wired.settings.most_services)
        return Answer(201, Service.of(opened), {"Location": f"/v1/services/{opened.id}"})

    return await idempotently(
        request, caller or _ANYBODY, operation="create_service", body=body, work=work
    )


@router.patch(
    "/v1/services/{service_id}",
    access="owner",
    operation_id="change_service",
    summary="Change a service",
    description="By its owner, or an admin. Payments that were created before keep their amount;"
    " none can be paid while it is not active.",
    response_model=Service,
    refusals=(ServiceNotFound, OnlyOwnerMayEdit, WalletNotFound, CurrencyMismatch),
)
async def change_service(
    caller: Caller, service_id: UUID, body: ServiceChange, wired: Wired, audit: Auditing
) -> Service:
    """Change what is named."""
    wallet = await _wallet(wired, body.wallet_id)
    editor = Editor(caller.user, is_admin=caller.is_admin)
    async with wired.database.read() as connection:
        found = await Billers(connection).get(service_id)
    if found is None:
        raise ServiceNotFound
    changes = body.changes(found.currency)
    async with wired.database.unit_of_work() as uow:
        changed = await service.change_biller(uow, service_id, editor, changes, wallet)
        await audit.changed(uow, "service", changed.id, changed.owner_id)
    return Service.of(changed)


async def _wallet(wired: Wiring, wallet_id: UUID | None) -> Wallet | None:
    """Return a wallet as events have told of it, or as wallet says when it is asked."""
    if wallet_id is None:
        return None
    async with wired.database.read() as connection:
        known = await Known(connection).wallet(wallet_id)
    return known or await wired.neighbours.wallet(wallet_id)
