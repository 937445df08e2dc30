"""Composes the service; every part is chosen here."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, cast

from contracts.auth import RecordAudit
from finance import refusals
from finance.api import ROUTERS
from finance.clients.wallet import WalletClient
from finance.loops import recurrences
from finance.loops.feed import Feed
from finance.messages import routes
from finance.settings import Settings
from finance.wiring import Wiring
from kit import edits
from kit.audit import by_message
from kit.outgoing import calling_as
from kit.refusals import catalogue
from kit.runtime import Service
from kit.web import etags
from kit.web.app import create_app

NAME: Final = "finance"
_DESCRIPTION: Final = """
Personal finance: accounts, categories and transactions of one's own, which nobody else sees.

Amounts are decimal strings, always positive; `type` says which way the money went. Days are meant
in the zone of one's settings. `ETag` and `If-Match` keep two edits from overwriting each other.
"""
_TAGS: Final = (
    {"name": "accounts", "description": "Where money is."},
    {"name": "categories", "description": "What it is for, or comes from."},
    {"name": "transactions", "description": "What came in, went out, or was moved."},
    {"name": "recurring", "description": "What books itself."},
    {"name": "rules", "description": "What sorts transactions into categories by itself."},
    {"name": "settings", "description": "What is the same for all of one's book."},
)


def build(settings: Settings) -> Service:
    """Return the service; nothing is opened yet."""
    web = create_app(
        name=NAME,
        title="Saldo finance",
        description=_DESCRIPTION,
        settings=settings,
        refusals=catalogue(refusals, edits, etags),
        routers=ROUTERS,
        tags=_TAGS,
    )
    web.state.record_audit = by_message(RecordAudit)
    return Service(
        name=NAME,
        settings=settings,
        web=web,
        routes=routes(settings.time_zone),
        background=(("feed", _read_movements), ("recurring", _sweep)),
        resources=(wired,),
    )


@asynccontextmanager
async def wired(service: Service) -> AsyncIterator[None]:
    """Open what only finance has, and wire it to what the runtime has opened."""
    settings = cast("Settings", service.settings)
    async with calling_as(NAME, settings.auth_url, settings.client_secret) as (client, token):
        service.state.wiring = Wiring(
            settings=settings,
            database=service.state.database,
            wallet=WalletClient(client, token, settings.wallet_url),
        )
        yield


async def _read_movements(service: Service) -> None:
    wiring: Wiring = service.state.wiring
    feed = Feed(wiring.database, wiring.wallet, wiring.settings.time_zone)
    await feed.run(wiring.settings.feed_seconds)


async def _sweep(service: Service) -> None:
    wiring: Wiring = service.state.wiring
    settings = wiring.settings
    await recurrences.sweep(wiring.database, settings.time_zone, settings.sweep_seconds)
