"""Serves paid services: list, show, open and change; the paths call them services."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request

from kit.db import UnitOfWork
from kit.http import LOCATION
from kit.refusals import CursorInvalid
from kit.web.answers import Answer
from kit.web.audit import Auditing
from kit.web.idempotency import idempotently
from kit.web.identity import Caller, Identity, MaybeCaller
from kit.web.pagination import page_of
from kit.web.routes import Router
from kit.web.schemas import Page
from payments.domain.paid_service_rules import Editor
from payments.domain.paid_services import HOUSE
from payments.domain.parties import Wallet
from payments.refusals import (
    CurrencyMismatch,
    OnlyOwnerMayEdit,
    ServiceNotFound,
    TooManyServices,
    WalletNotFound,
)
from payments.repository import KnownPeople, PaidServices
from payments.schemas.paid_services import Service, ServiceChange, ServiceRequest, ServicesQuery
from payments.service import paid_services as service
from payments.wiring import Wired, Wiring

router = Router(tags=["services"], scope="services")

# Stands for callers without a token, where none is needed.
_ANYBODY = Identity("anybody", None, None, frozenset(), None, "")


@router.get(
    "/v1/services",
    access="public",
    operation_id="list_services",
    summary="List services that can be paid for",
    description="Newest first; active services, unless `is_active=false` asks for the others.",
    response_model=Page[Service],
    refusals=(CursorInvalid,),
)
async def list_services(query: Annotated[ServicesQuery, Query()], wired: Wired) -> Page[Service]:
    """Show a page of paid services, by one statement."""
    cursors = query.cursors(wired.settings.cursor_secret, list_name="list_services", subject="")
    after = cursors.decode(query.cursor)
    async with wired.database.read() as connection:
        found = await PaidServices(connection).page(
            query.wanted, after, query.limit + 1, query.span
        )
    return page_of(Page[Service], found, Service.of, limit=query.limit, cursors=cursors)


@router.get(
    "/v1/services/{service_id}",
    access="public",
    operation_id="get_service",
    summary="Show one service",
    response_model=Service,
    refusals=(ServiceNotFound,),
)
async def get_service(service_id: UUID, wired: Wired) -> Service:
    """Show a paid service, also an inactive one: its payers want to know what it was."""
    async with wired.database.read() as connection:
        found = await PaidServices(connection).get(service_id)
    if found is None:
        raise ServiceNotFound
    return Service.of(found)


@router.post(
    "/v1/services",
    access="user",
    open_by="open_services",
    operation_id="create_service",
    answer_headers=(LOCATION,),
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
    """Look up the named wallet outside the unit of work, then store the service."""
    owner_id = HOUSE if caller is None else caller.user
    wallet = await _wallet(wired, body.wallet_id)

    async def work(uow: UnitOfWork) -> Answer:
        paid_service = body.paid_service(owner_id, uow.clock.now())
        opened = await service.open_paid_service(
            uow, paid_service, wallet, most=wired.settings.most_services
        )
        return Answer(201, Service.of(opened), {LOCATION: f"/v1/services/{opened.id}"})

    return await idempotently(
        request, caller or _ANYBODY, operation="create_service", body=body, work=work
    )


@router.patch(
    "/v1/services/{service_id}",
    access="owner",
    operation_id="change_service",
    summary="Change a service",
    description="For its owner and admins. Payments that were created before keep their amount;"
    " none can be paid while the service is inactive.",
    response_model=Service,
    refusals=(ServiceNotFound, OnlyOwnerMayEdit, WalletNotFound, CurrencyMismatch),
)
async def change_service(
    caller: Caller, service_id: UUID, body: ServiceChange, wired: Wired, audit: Auditing
) -> Service:
    """Change the fields that the request names."""
    wallet = await _wallet(wired, body.wallet_id)
    editor = Editor(caller.user, is_admin=caller.is_admin)
    async with wired.database.read() as connection:
        found = await PaidServices(connection).get(service_id)
    if found is None:
        raise ServiceNotFound
    changes = body.changes(found.currency)
    async with wired.database.unit_of_work() as uow:
        changed = await service.change_paid_service(uow, service_id, editor, changes, wallet)
        await audit.changed(uow, "service", changed.id, changed.owner_id)
    return Service.of(changed)


async def _wallet(wired: Wiring, wallet_id: UUID | None) -> Wallet | None:
    """Return a wallet as known from events, else as the wallet service answers."""
    if wallet_id is None:
        return None
    async with wired.database.read() as connection:
        known = await KnownPeople(connection).wallet(wallet_id)
    return known or await wired.services.wallet(wallet_id)
