"""The composition root: puts notifications together and chooses every part."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from contracts.auth import RecordAudit
from kit.audit import by_message
from kit.outgoing import http_client
from kit.refusals import catalogue
from kit.runtime import Service
from kit.tokens.service_client import ServiceToken
from kit.wake_up import WakeUp
from kit.web.app import create_app
from kit.web.idempotency import keep_purged
from notifications import refusals
from notifications.api import ROUTERS
from notifications.clients.auth import ContactsClient
from notifications.mail.worker import MailWorker
from notifications.messages import routes
from notifications.service.attempts import record
from notifications.settings import Settings
from notifications.webhooks import documents
from notifications.webhooks.dispatcher import Dispatcher
from notifications.webhooks.guard import Guard
from notifications.webhooks.sender import WebhookClient
from notifications.webhooks.upkeep import keep_up
from notifications.webhooks.vault import SecretVault
from notifications.wiring import WebhookParts

NAME: Final = "notifications"
_DESCRIPTION: Final = """
News for the people concerned: payments made, received, failed, cancelled and refunded, and money
that came in. Texts are English or Russian, by `Accept-Language`. Payments are mailed, too.
Programs get webhooks that follow [Standard Webhooks](https://www.standardwebhooks.com).
"""
_TAGS: Final = (
    {"name": "notices", "description": "Notices, read and unread."},
    {"name": "mails", "description": "Addresses that get no mail for a while."},
    {"name": "webhooks", "description": "Signed events, POSTed to the caller's own addresses."},
    {"name": "internal", "description": "For other services; not routed by the gateway."},
)


def build(settings: Settings) -> Service:
    """Return the service; nothing is opened yet."""

    @asynccontextmanager
    async def calls(service: Service) -> AsyncIterator[None]:
        async with (
            http_client() as client,
            ServiceToken(
                client, settings.auth_url, NAME, settings.client_secret
            ).fetched_ahead() as token,
        ):
            contacts = ContactsClient(client, token, settings.auth_url)
            service.state.mail_worker = MailWorker(service.state.database, contacts, settings)
            yield

    async def mail(service: Service) -> None:
        await service.state.mail_worker.run()

    async def purge(service: Service) -> None:
        await service.state.mail_worker.purge()

    async def purge_answers(service: Service) -> None:
        await keep_purged(service.state.database)

    web = create_app(
        name=NAME,
        title="Saldo notifications",
        description=_DESCRIPTION,
        settings=settings,
        refusals=catalogue(refusals),
        routers=ROUTERS,
        tags=_TAGS,
        describe=documents.described,
    )
    web.state.record_audit = by_message(RecordAudit)
    wake_up = WakeUp()
    web.state.webhooks = WebhookParts(
        Guard(settings.webhook_reach), SecretVault(*settings.webhook_keys), wake_up
    )

    async def keep_webhooks(service: Service) -> None:
        await keep_up(service.state.database, settings.webhooks_kept)

    return Service(
        name=NAME,
        settings=settings,
        web=web,
        routes=routes(wake_up),
        background=(
            ("mail", mail),
            ("mail_purge", purge),
            ("webhooks", _send_webhooks),
            ("webhooks.upkeep", keep_webhooks),
            ("idempotency", purge_answers),
        ),
        resources=(calls,),
    )


async def _send_webhooks(service: Service) -> None:
    database, parts = service.state.database, service.state.webhooks
    async with WebhookClient(parts.guard, parts.vault, database.clock) as sender:
        await Dispatcher(database, sender, record, parts.wake_up).run()
