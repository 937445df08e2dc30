"""The composition root: puts the sandbox together."""

import asyncio
from typing import Final, cast

from kit.refusals import Unavailable, catalogue
from kit.runtime import Service
from kit.web.app import create_app
from sandbox import api, refusals
from sandbox.mails import api as mails_api
from sandbox.mails import smtp
from sandbox.mails.box import Box
from sandbox.settings import Settings
from sandbox.verifiers import Verifier

NAME: Final = "sandbox"
_DESCRIPTION: Final = """
The outside world, simulated. Two verification services judge payments, and fail now and then as
such services do: “one” 10 % of the time, “two” 25 %. A mail sink takes every mail and shows it at
`/sandbox/mail`. Never part of production.
"""
_TAGS: Final = (
    {"name": "verification", "description": "The two verification services."},
    {"name": "mail", "description": "The mail sink."},
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
        routers=(api.router, mails_api.router),
        tags=_TAGS,
    )
    web.state.verifiers = {
        name: Verifier(behaviour) for name, behaviour in settings.behaviours.items()
    }
    web.state.mails = Box()
    return Service(name=NAME, settings=settings, web=web, background=(("smtp", take_mails),))


async def take_mails(service: Service) -> None:
    """Run the mail sink until cancelled; the sandbox is not ready while it does not listen."""
    settings, listens = cast("Settings", service.settings), asyncio.Event()

    async def require_listening() -> None:
        if not listens.is_set():
            raise Unavailable

    service.state.readiness["smtp"] = require_listening
    box, clock = service.state.mails, service.state.clock
    async with smtp.serving(box, clock, host=settings.host, port=settings.smtp_port):
        listens.set()
        await asyncio.Event().wait()
