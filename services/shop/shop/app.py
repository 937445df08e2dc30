"""Composes the service; every part is chosen here."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, cast

from contracts.auth import RecordAudit
from kit import edits
from kit.audit import by_message
from kit.refusals import catalogue
from kit.runtime import Service
from kit.web import etags
from kit.web.app import create_app
from shop import refusals
from shop.api import ROUTERS
from shop.messages import routes
from shop.settings import Settings
from shop.wiring import Wiring

NAME: Final = "shop"
_DESCRIPTION: Final = """
The shop's catalogue: categories and products, with search in Russian and English. Admins edit it;
`ETag` and `If-Match` keep two of them from overwriting each other.
"""
_TAGS: Final = (
    {"name": "categories", "description": "Kinds of products, one within another."},
    {"name": "products", "description": "What is sold: list, search, edit."},
    {"name": "catalogue", "description": "All of it as a file."},
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
    return Service(name=NAME, settings=settings, web=web, routes=routes(), resources=(wired,))


@asynccontextmanager
async def wired(service: Service) -> AsyncIterator[None]:
    """Wire shop to what the runtime has opened."""
    settings = cast("Settings", service.settings)
    service.state.wiring = Wiring(settings=settings, database=service.state.database)
    yield
