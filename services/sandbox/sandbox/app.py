"""Composes the sandbox; every choice of a part is made here."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, cast

import httpx

from kit.clock import SystemClock
from kit.refusals import Unavailable, catalogue
from kit.runtime import Service
from kit.trust import TRUST
from kit.web.app import create_app
from sandbox import refusals
from sandbox.cards import api as cards_api
from sandbox.cards import page, reversal_api
from sandbox.cards.deliveries import Sender
from sandbox.cards.provider import Provider
from sandbox.inbox import api as inbox_api
from sandbox.inbox.box import Inboxes
from sandbox.mails import api as mails_api
from sandbox.mails import smtp
from sandbox.mails.box import Box
from sandbox.settings import Settings
from sandbox.verifiers import api as verifiers_api
from sandbox.verifiers.box import Verifier

NAME: Final = "sandbox"
_DESCRIPTION: Final = """
The outside world, simulated. Two verification services check payments, and fail now and then as
real ones do: “one” 10 % of the time, “two” 25 %. A mail sink accepts every mail and shows it at
`/sandbox/mail`; a webhook inbox, `/sandbox/inbox/{name}`, accepts webhooks and checks their
signatures. A card provider has a page for cards and sends signed webhooks; a bank reports credits
by webhook. It is never part of production.
"""
_TAGS: Final = (
    {"name": "verification", "description": "The two verification services."},
    {"name": "mail", "description": "The mail sink."},
    {"name": "webhook inbox", "description": "Accepts webhooks, checks and shows them."},
    {"name": "cards", "description": "The card provider, its page, and a bank."},
)


def build(settings: Settings) -> Service:
    """Return the service; nothing is opened yet."""
    web = create_app(
        name=NAME,
        title="Saldo sandbox",
        description=_DESCRIPTION,
        settings=settings,
        refusals=catalogue(refusals),
        routers=(
            verifiers_api.router,
            mails_api.router,
            inbox_api.router,
            cards_api.router,
            reversal_api.router,
            page.router,
        ),
        tags=_TAGS,
    )
    web.state.verifiers = {
        name: Verifier(behaviour) for name, behaviour in settings.behaviours.items()
    }
    web.state.mails = Box()
    web.state.inboxes = Inboxes()
    web.state.provider = Provider(settings.public_url)
    return Service(
        name=NAME,
        settings=settings,
        web=web,
        background=(("smtp", take_mails),),
        resources=(_senders,),
    )


async def take_mails(service: Service) -> None:
    """Run the mail sink until cancelled; the sandbox is ready only while it listens."""
    settings, listens = cast("Settings", service.settings), asyncio.Event()

    async def require_listening() -> None:
        if not listens.is_set():
            raise Unavailable

    service.state.readiness["smtp"] = require_listening
    box, clock = service.state.mails, service.state.clock
    async with smtp.serving(box, clock, host=settings.host, port=settings.smtp_port):
        listens.set()
        await asyncio.Event().wait()


@asynccontextmanager
async def _senders(service: Service) -> AsyncIterator[None]:
    """Open the HTTP client for the card provider's and the bank's webhooks."""
    settings, clock = cast("Settings", service.settings), SystemClock()
    async with httpx.AsyncClient(trust_env=False, verify=TRUST) as client:
        card_secret = settings.webhook_secret.get_secret_value()
        bank_secret = settings.bank_secret.get_secret_value()
        service.state.provider.sender = Sender(
            client, settings.webhook_url, "Sandbox-Signature", card_secret, clock
        )
        service.state.bank = Sender(client, settings.bank_url, "Bank-Signature", bank_secret, clock)
        yield
