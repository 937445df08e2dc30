"""Composes the service; every part is chosen here."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Final, cast

from contracts.auth import RecordAudit
from finance import refusals
from finance.api import ROUTERS
from finance.cache import ReportCache, ReportShelf
from finance.clients.auth import AuthClient
from finance.clients.storage import FileStorage
from finance.clients.wallet import WalletClient
from finance.live.exports import MOST_OF_ONE_USER, ExportStreams
from finance.loops import recurrences
from finance.loops.feed import Feed
from finance.loops.file_jobs import FileRunner, sweep_files
from finance.messages import routes
from finance.settings import Settings
from finance.wiring import Wiring
from kit import edits
from kit.audit import by_message
from kit.linger import LONG
from kit.outgoing import calling_as
from kit.refusals import catalogue
from kit.runtime import Service
from kit.turns import Turns
from kit.waiters import Places
from kit.wake_up import WakeUp
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
    {"name": "reports", "description": "What came in, what went out, and what there is."},
    {"name": "budgets", "description": "What may be spent in a month, and what is left of it."},
    {"name": "rules", "description": "What sorts transactions into categories by itself."},
    {"name": "settings", "description": "What is the same for all of one's book."},
    {"name": "exports", "description": "Files of one's transactions, made in the background."},
    {"name": "imports", "description": "Files of banks: looked at first, then booked."},
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
    # Whose book is written in for long, or read a lot, leaves half of the connections to others.
    web.state.turns = Turns(max(1, settings.database_pool_size // 2))
    file_jobs = WakeUp()
    return Service(
        name=NAME,
        settings=settings,
        web=web,
        routes=routes(settings.time_zone, file_jobs),
        background=(
            ("feed", _read_movements),
            ("recurring", _sweep),
            ("files", partial(_run_files, wake_up=file_jobs)),
            ("file_expiry", _sweep_files),
        ),
        resources=(wired,),
        linger=LONG,
    )


@asynccontextmanager
async def wired(service: Service) -> AsyncIterator[None]:
    """Open what only finance has, and wire it to what the runtime has opened."""
    settings = cast("Settings", service.settings)
    database = service.state.database
    async with (
        ReportShelf.opened(settings.redis_url, settings.report_ttl) as shelf,
        calling_as(NAME, settings.auth_url, settings.client_secret) as (client, token),
    ):
        service.state.wiring = Wiring(
            settings=settings,
            database=database,
            auth=AuthClient(client, token, settings.auth_url),
            wallet=WalletClient(client, token, settings.wallet_url),
            reports=ReportCache(shelf),
            storage=FileStorage(settings),
            export_streams=ExportStreams(database),
            places=Places(MOST_OF_ONE_USER),
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


async def _run_files(service: Service, *, wake_up: WakeUp) -> None:
    wiring: Wiring = service.state.wiring
    await FileRunner(wiring.database, wiring.storage, wiring.settings, wake_up).run()


async def _sweep_files(service: Service) -> None:
    wiring: Wiring = service.state.wiring
    every_seconds = wiring.settings.files_sweep_seconds
    await sweep_files(wiring.database, wiring.storage, every_seconds)
