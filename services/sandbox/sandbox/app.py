"""The composition root: puts the sandbox together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import httpx

from kit.clock import SystemClock
from kit.refusals import catalogue
from kit.runtime import Service
from kit.web.app import create_app
from sandbox import api, card_api, card_page, refusals
from sandbox.deliveries import Sender
from sandbox.provider import Provider
from sandbox.settings import Settings
from sandbox.verifiers import Behaviour, Verifier

NAME: Final = "sandbox"
_DESCRIPTION: Final = """
The outside world, simulated. Two verification services judge payments, and fail now and then as
such services do: “one” 10 % of the time, “two” 25 %. A card provider has a page for cards and sends
signed webhooks; a bank tells of its credits. Never part of production.
"""
_TAGS: Final = (
    {"name": "verification", "description": "The two verification services."},
    {"name": "cards", "description": "The card provider, its page, and a bank."},
)


def build(settings: Settings) -> Service:
    """Return the service, ready to be run by ``kit.runtime``."""
    web = create_app(
        name=NAME,
        title="Saldo sandbox",
        version="1.0.0",
        description=_DESCRIPTION,
        settings=settings,
        refusals=catalogue(refusals),
        routers=(api.router, card_api.router, card_page.router),
        tags=_TAGS,
    )
    web.state.verifiers = {
        "one": Verifier(Behaviour(settings.failure_rate_one, settings.seed)),
        "two": Verifier(Behaviour(settings.failure_rate_two, settings.seed)),
    }
    web.state.provider = Provider(settings.public_url)
    return Service(name=NAME, settings=settings, web=web, resources=(_senders,))


@asynccontextmanager
async def _senders(service: Service) -> AsyncIterator[None]:
    """Open the client that webhooks leave by."""
    settings, clock = service.settings, SystemClock()
    assert isinstance(settings, Settings)  # noqa: S101 - built with them
    async with httpx.AsyncClient(trust_env=False) as client:
        card_secret = settings.webhook_secret.get_secret_value()
        bank_secret = settings.bank_secret.get_secret_value()
        service.state.provider.sender = Sender(
            client, settings.webhook_url, "Sandbox-Signature", card_secret, clock
        )
        service.state.bank = Sender(client, settings.bank_url, "Bank-Signature", bank_secret, clock)
        yield
