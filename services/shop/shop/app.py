"""Composes the service; every part is chosen here."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Final, cast

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
from shop.live.waiters import OrderWaiters
from shop.loops import expiry
from shop.messages import routes
from shop.settings import Settings
from shop.wiring import Wiring, batches

NAME: Final = "shop"
_DESCRIPTION: Final = """
The shop: categories and products, with search in Russian and English, and orders. Admins edit the
catalogue; `ETag` and `If-Match` keep two of them from overwriting each other. An order reserves
what it holds until it is paid, cancelled, or its time is over.
"""
_TAGS: Final = (
    {"name": "categories", "description": "Kinds of products, one within another."},
    {"name": "products", "description": "What is sold: list, search, edit."},
    {"name": "catalogue", "description": "All of it as a file."},
    {"name": "orders", "description": "Order, pay, cancel; or buy in one call."},
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
    order_waiters = OrderWaiters()
    engine = order_saga(order_waiters)
    return Service(
        name=NAME,
        settings=settings,
        web=web,
        routes=routes(engine),
        background=(("timers", _time_orders), ("expiry", _sweep)),
        resources=(partial(wired, engine=engine, order_waiters=order_waiters),),
        sagas=(engine,),
    )


@asynccontextmanager
async def wired(
    service: Service, *, engine: SagaEngine, order_waiters: OrderWaiters
) -> AsyncIterator[None]:
    """Wire shop to what the runtime has opened."""
    settings, database = cast("Settings", service.settings), service.state.database
    service.state.wiring = Wiring(
        settings=settings,
        database=database,
        engine=engine,
        order_waiters=order_waiters,
        batches=batches(database, engine, settings),
        places=Places(settings.most_waiting),
    )
    # Requests wait in every process that answers them, even if another does the work.
    poll = spawn(order_waiters.poll(database), "shop.waiters")
    try:
        yield
    finally:
        await stop([poll])


async def _time_orders(service: Service) -> None:
    wiring: Wiring = service.state.wiring
    await wiring.engine.timers(wiring.database)


async def _sweep(service: Service) -> None:
    wiring: Wiring = service.state.wiring
    await expiry.sweep(wiring.database, wiring.engine, wiring.settings.sweep_seconds)
