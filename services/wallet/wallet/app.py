"""Composes wallet; every choice of a part is made here."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, cast

from contracts import cards
from contracts import wallet as contract
from contracts.auth import RecordAudit
from kit import signatures
from kit.audit import by_message
from kit.outgoing import calling_as
from kit.refusals import catalogue
from kit.runtime import Service
from kit.web.app import create_app
from wallet import refusals
from wallet.api import ROUTERS
from wallet.clients.payments import PaymentsClient
from wallet.messages import ROUTES
from wallet.settings import Settings
from wallet.wiring import Wiring, wallet_reads

NAME: Final = "wallet"
_DESCRIPTION: Final = """
Wallets on a double-entry ledger: balances, holds, top-ups, entries and statements.

Amounts are decimal strings. Every movement is two entries that add up to zero; each entry carries
its number, the balance after it and a hash over the one before it.
"""
_TAGS: Final = (
    {"name": "wallets", "description": "Wallets and what they hold."},
    {"name": "top-ups", "description": "Money from outside."},
    {"name": "history", "description": "Entries, balances in the past, statements."},
    {"name": "ledger", "description": "Transfers; for operators, house accounts."},
    {"name": "adjustments", "description": "Money moved by hand, by two administrators."},
    {"name": "internal", "description": "For other services; not routed by the gateway."},
)


def build(settings: Settings) -> Service:
    """Return the service; nothing is opened yet."""
    web = create_app(
        name=NAME,
        title="Saldo wallet",
        description=_DESCRIPTION,
        settings=settings,
        refusals=catalogue(refusals, signatures, cards, contract),
        routers=ROUTERS,
        tags=_TAGS,
    )
    web.state.record_audit = by_message(RecordAudit)
    return Service(
        name=NAME,
        settings=settings,
        web=web,
        routes=ROUTES,
        resources=(wired,),
    )


@asynccontextmanager
async def wired(service: Service) -> AsyncIterator[None]:
    """Open what only wallet has, and wire it to what the runtime has opened."""
    state, settings = service.state, cast("Settings", service.settings)
    async with calling_as(NAME, settings.auth_url, settings.client_secret) as (client, token):
        state.wiring = Wiring(
            settings=settings,
            database=state.database,
            payments=PaymentsClient(client, token, settings.payments_url),
            reads=wallet_reads(state.database),
        )
        yield
