"""Composes the service; every part is chosen here."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, cast

from contracts.auth import RecordAudit
from finance import refusals
from finance.api import ROUTERS
from finance.cache import ReportCache, ReportShelf
from finance.loops import recurrences
from finance.messages import ROUTES
from finance.settings import Settings
from finance.wiring import Wiring
from kit import edits
from kit.audit import by_message
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
    {"name": "reports", "description": "What came in, what went out, and what there is."},
    {"name": "budgets", "description": "What may be spent in a month, and what is left of it."},
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
        routes=ROUTES,
        background=(("recurring", _sweep),),
        resources=(wired,),
    )


@asynccontextmanager
async def wired(service: Service) -> AsyncIterator[None]:
    """Wire finance to what the runtime has opened."""
    settings = cast("Settings", service.settings)
    async with ReportShelf.opened(settings.redis_url, settings.report_ttl) as shelf:
        service.state.wiring = Wiring(
            settings=settings, database=service.state.database, reports=ReportCache(shelf)
        )
        yield


async def _sweep(service: Service) -> None:
    wiring: Wiring = service.state.wiring
    settings = wiring.settings
    await recurrences.sweep(wiring.database, settings.time_zone, settings.sweep_seconds)
