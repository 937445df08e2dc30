"""What auth has ordered to be mailed, as it waits in the outbox."""

from urllib.parse import parse_qs, urlsplit

from tests.integration.auth.world import World

from contracts.notifications import (
    SendActivation,
    SendAlreadyRegistered,
    SendEmailChange,
    SendPasswordReset,
    SendSecurityNotice,
)
from kit.messaging.messages import Message
from testkit.pump import sent

ORDERS = (
    SendActivation,
    SendAlreadyRegistered,
    SendEmailChange,
    SendPasswordReset,
    SendSecurityNotice,
)


async def orders(world: World) -> list[Message]:
    """Return all mails ordered so far, oldest first."""
    return [envelope.message for envelope in await sent(world.database, *ORDERS)]


async def last_url(world: World) -> str:
    """Return the address in the last mail that holds one."""
    last = (await orders(world))[-1]
    assert isinstance(last, SendActivation | SendEmailChange | SendPasswordReset)
    return last.url


async def last_token(world: World) -> str:
    """Return the token in the last mail that holds one."""
    [token] = parse_qs(urlsplit(await last_url(world)).query)["token"]
    return token
