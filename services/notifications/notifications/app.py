"""Composes notifications; every choice of a part is made here."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Final, cast

from contracts.auth import RecordAudit
from kit.audit import by_message
from kit.linger import LONG
from kit.outgoing import calling_as
from kit.refusals import catalogue
from kit.runtime import Service
from kit.wake_up import WakeUp
from kit.web.app import create_app
from notifications import refusals
from notifications.api import ROUTERS
from notifications.clients.auth import ContactsClient
from notifications.clients.payments import ListenersClient
from notifications.mail.worker import MailWorker
from notifications.messages import routes
from notifications.service import listeners
from notifications.service.attempts import record
from notifications.settings import Settings
from notifications.webhooks import documents, purge
from notifications.webhooks.dispatcher import Dispatcher
from notifications.webhooks.guard import Guard
from notifications.webhooks.sender import WebhookClient
from notifications.webhooks.vault import SecretVault
from notifications.wiring import Wiring

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
    webhook_wake_up = WakeUp()
    return Service(
        name=NAME,
        settings=settings,
        web=web,
        routes=routes(webhook_wake_up),
        background=(
            ("mail", _send_mails),
            ("mail_purge", _purge_mails),
            ("webhooks", _send_webhooks),
            ("webhooks.listeners", _name_listeners),
            ("webhooks.purge", _purge_webhooks),
        ),
        resources=(partial(wired, webhook_wake_up=webhook_wake_up),),
        linger=LONG,
    )


@asynccontextmanager
async def wired(service: Service, *, webhook_wake_up: WakeUp) -> AsyncIterator[None]:
    """Open what only notifications has, and wire it to what the runtime has opened."""
    state, settings = service.state, cast("Settings", service.settings)
    async with calling_as(NAME, settings.auth_url, settings.client_secret) as (client, token):
        contacts = ContactsClient(client, token, settings.auth_url)
        state.wiring = Wiring(
            settings=settings,
            database=state.database,
            payments=ListenersClient(client, token, settings.payments_url),
            mail_worker=MailWorker(state.database, contacts, settings),
            guard=Guard(settings.webhook_reach),
            vault=SecretVault(*settings.webhook_keys),
            webhook_wake_up=webhook_wake_up,
        )
        yield


async def _send_mails(service: Service) -> None:
    wiring: Wiring = service.state.wiring
    await wiring.mail_worker.run()


async def _purge_mails(service: Service) -> None:
    wiring: Wiring = service.state.wiring
    await wiring.mail_worker.purge()


async def _send_webhooks(service: Service) -> None:
    wiring: Wiring = service.state.wiring
    async with WebhookClient(wiring.guard, wiring.vault, wiring.database.clock) as sender:
        await Dispatcher(wiring.database, sender, record, wiring.webhook_wake_up).run()


async def _name_listeners(service: Service) -> None:
    wiring: Wiring = service.state.wiring
    await listeners.run(wiring.database, wiring.payments)


async def _purge_webhooks(service: Service) -> None:
    wiring: Wiring = service.state.wiring
    await purge.run(wiring.database, wiring.settings.webhooks_kept)
