"""The composition root: puts notifications together. Every choice of a part is made here."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from kit.refusals import catalogue
from kit.runtime import Service
from kit.tokens.service_client import ServiceToken
from kit.web.app import create_app
from notifications import refusals
from notifications.api import ROUTERS
from notifications.contacts import Contacts
from notifications.messages import ROUTES
from notifications.outgoing import http_client
from notifications.postman import Postman
from notifications.settings import Settings

NAME: Final = "notifications"
_DESCRIPTION: Final = """
What has happened, told to whom it concerns: payments made, received, failed and cancelled, and
money that came in. Texts are English or Russian, by `Accept-Language`. Payments are mailed, too.
"""
_TAGS: Final = ({"name": "notices", "description": "Notices with their read state."},)


def build(settings: Settings) -> Service:
    """Return the service; nothing is opened yet."""

    @asynccontextmanager
    async def calls(service: Service) -> AsyncIterator[None]:
        async with http_client() as client:
            token = ServiceToken(client, settings.auth_url, NAME, settings.client_secret)
            contacts = Contacts(client, token, settings.auth_url)
            service.state.postman = Postman(service.state.database, contacts, settings)
            yield

    async def mail(service: Service) -> None:
        await service.state.postman.run()

    async def purge(service: Service) -> None:
        await service.state.postman.purge()

    web = create_app(
        name=NAME,
        title="Saldo notifications",
        version="1.0.0",
        description=_DESCRIPTION,
        settings=settings,
        refusals=catalogue(refusals),
        routers=ROUTERS,
        tags=_TAGS,
    )
    return Service(
        name=NAME,
        settings=settings,
        web=web,
        routes=ROUTES,
        background=(("mail", mail), ("mail_purge", purge)),
        resources=(calls,),
    )
