"""Reads which client asks for tokens, and checks its secret (RFC 6749 §2.3.1)."""

import base64
import hmac
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_plus
from uuid import UUID

from auth.domain.oauth_clients import OAuthClient
from auth.refusals import ClientInvalid
from auth.repository import OAuthClients
from auth.schemas.tokens import RevocationForm, TokenForm
from auth.service.oauth_clients import authenticated
from auth.settings import Settings
from auth.wiring import Wiring

_BASIC: Final = "basic "


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """What a request says of its client; None is what it does not say."""

    client_id: str | None
    secret: str | None


def credentials_of(
    form: TokenForm | RevocationForm, authorization: str | None, known: Iterable[str] = ()
) -> ClientCredentials:
    """Return id and secret, from the Basic header if there is one.

    `known` are ids with a colon, which most of their clients do not encode.

    Raises:
        ClientInvalid: the header can't be read.
    """
    if authorization is None or not authorization.lower().startswith(_BASIC):
        return ClientCredentials(form.client_id, form.client_secret)
    try:
        pair = base64.b64decode(authorization[len(_BASIC) :], validate=True).decode()
    except ValueError:
        raise ClientInvalid from None
    for one in known:
        if pair.startswith(f"{one}:"):
            return ClientCredentials(one, pair.removeprefix(f"{one}:"))
    client_id, _, secret = pair.partition(":")
    return ClientCredentials(unquote_plus(client_id), unquote_plus(secret) or None)


def require_service(form: TokenForm, authorization: str | None, settings: Settings) -> str:
    """Return the id of the service that asks.

    Raises:
        ClientInvalid: there is no such service, or it has another secret.
    """
    secrets = settings.client_secrets
    given = credentials_of(form, authorization, secrets)
    expected = secrets.get(given.client_id or "")
    # Compared in constant time, even if the client is unknown.
    known = "" if expected is None else expected.get_secret_value()
    is_right = hmac.compare_digest((given.secret or "").encode(), known.encode())
    if given.client_id is None or expected is None or not is_right:
        raise ClientInvalid
    return given.client_id


async def require_client(given: ClientCredentials, wired: Wiring) -> OAuthClient:
    """Return the registered client that asks.

    Raises:
        ClientInvalid: there is none, it is switched off, or has another secret.
    """
    client = await client_named(given.client_id, wired)
    return authenticated(client, given.secret, wired.database.clock.now())


async def client_named(client_id: str | None, wired: Wiring) -> OAuthClient | None:
    """Return the registered client with this id, also one that is switched off."""
    with suppress(ValueError):
        asked = UUID(client_id or "")
        async with wired.database.read() as connection:
            return await OAuthClients(connection).get(asked)
    return None
