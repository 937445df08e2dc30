"""Composes the service; every part is chosen here."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final, Self, cast

from contracts.auth import RecordAudit
from kit import edits
from kit.audit import by_message
from kit.refusals import catalogue
from kit.runtime import Service
from kit.saga import SagaEngine
from kit.tasks import spawn, stop
from kit.waiters import Places
from kit.web import etags
from kit.web.app import create_app
from shop import refusals
from shop.api import ROUTERS
from shop.hooks.order import order_saga
from shop.hooks.refund import refund_saga
from shop.live.waiters import OrderRefundWaiters, OrderWaiters
from shop.loops import expiry
from shop.messages import routes
from shop.settings import Settings
from shop.wiring import Wiring, batches

NAME: Final = "shop"
_DESCRIPTION: Final = """
The shop: categories and products, with search in Russian and English, and orders. Admins edit the
catalogue; `ETag` and `If-Match` keep two of them from overwriting each other. An order reserves
what it holds until it is paid, cancelled, or its time is over; what was paid is refunded by admins.
"""
_TAGS: Final = (
    {"name": "categories", "description": "Kinds of products, one within another."},
    {"name": "products", "description": "What is sold: list, search, edit."},
    {"name": "catalogue", "description": "All of it as a file."},
    {"name": "orders", "description": "Order, pay, cancel, refund; or buy in one call."},
)


@dataclass(frozen=True, slots=True)
class _Sagas:
    """The sagas, and the requests that wait for what becomes of them."""

    orders: SagaEngine
    refunds: SagaEngine
    order_waiters: OrderWaiters
    refund_waiters: OrderRefundWaiters

    @classmethod
    def made(cls) -> Self:
        order_waiters, refund_waiters = OrderWaiters(), OrderRefundWaiters()
        return cls(
            orders=order_saga(order_waiters),
            refunds=refund_saga(refund_waiters),
            order_waiters=order_waiters,
            refund_waiters=refund_waiters,
        )


def build(settings: Settings) -> Service:
    """Return the service; nothing is opened yet."""
    web = create_app(
        name=NAME,
        title="Saldo shop",
        description=_DESCRIPTION,
        settings=settings,
        refusals=catalogue(refusals, edits, etags),
        routers=ROUTERS,
        tags=_TAGS,
    )
    web.state.record_audit = by_message(RecordAudit)
    sagas = _Sagas.made()
    return Service(
        name=NAME,
        settings=settings,
        web=web,
        routes=routes(sagas.orders, sagas.refunds, sagas.refund_waiters),
        background=(
            ("timers", _time_orders),
            ("refund_timers", _time_refunds),
            ("expiry", _sweep),
        ),
        resources=(partial(wired, sagas=sagas),),
        sagas=(sagas.orders, sagas.refunds),
        hears_replicas=True,
    )


@asynccontextmanager
async def wired(service: Service, *, sagas: _Sagas) -> AsyncIterator[None]:
    """Wire shop to what the runtime has opened."""
    settings, database = cast("Settings", service.settings), service.state.database
    service.state.wiring = Wiring(
        settings=settings,
        database=database,
        engine=sagas.orders,
        refund_engine=sagas.refunds,
        order_waiters=sagas.order_waiters,
        refund_waiters=sagas.refund_waiters,
        batches=batches(database, sagas.orders, settings),
        places=Places(settings.most_waiting),
    )
    # Requests wait in every process that answers them, even if another does the work.
    waiters = (sagas.order_waiters, sagas.refund_waiters)
    polls = [spawn(one.poll(database), "shop.waiters") for one in waiters]
    try:
        yield
    finally:
        await stop(polls)


async def _time_orders(service: Service) -> None:
    wiring: Wiring = service.state.wiring
    await wiring.engine.timers(wiring.database)


async def _time_refunds(service: Service) -> None:
    wiring: Wiring = service.state.wiring
    await wiring.refund_engine.timers(wiring.database)


async def _sweep(service: Service) -> None:
    wiring: Wiring = service.state.wiring
    await expiry.sweep(wiring.database, wiring.engine, wiring.settings.sweep_seconds)
