"""The composition root: puts wallet together. Every choice of a part is made here."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from contracts import cards
from contracts.auth import RecordAudit
from kit.audit import by_message
from kit.outgoing import http_client
from kit.refusals import catalogue
from kit.runtime import Service
from kit.tokens.service_client import ServiceToken
from kit.web.app import create_app
from kit.web.idempotency import keep_purged
from wallet import refusals
from wallet.api import ROUTERS
from wallet.clients.payments import PaymentsClient
from wallet.messages import ROUTES
from wallet.settings import Settings

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
    {"name": "ledger", "description": "Transfers; for operators the house's own accounts."},
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
        refusals=catalogue(refusals, cards),
        routers=ROUTERS,
        tags=_TAGS,
    )
    web.state.record_audit = by_message(RecordAudit)

    @asynccontextmanager
    async def calls(service: Service) -> AsyncIterator[None]:
        async with (
            http_client() as client,
            ServiceToken(
                client, settings.auth_url, NAME, settings.client_secret
            ).fetched_ahead() as token,
        ):
            service.state.charging = PaymentsClient(client, token, settings.payments_url)
            yield

    return Service(
        name=NAME,
        settings=settings,
        web=web,
        routes=ROUTES,
        background=(("idempotency", _purge_answers),),
        resources=(calls,),
    )


async def _purge_answers(service: Service) -> None:
    await keep_purged(service.state.database)
