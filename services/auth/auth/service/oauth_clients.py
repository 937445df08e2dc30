"""Registers OAuth clients, changes them, and tells which one is asking."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from auth.domain.links import digest, text_of
from auth.domain.oauth_clients import SECRET_PREFIX, OAuthClient, client_name, redirect_uri
from auth.domain.scopes import Scope
from auth.refusals import ClientInvalid, ClientIsPublic
from auth.repository import OAuthClients
from kit.db import UnitOfWork
from kit.ids import new_id
from kit.refusals import NotFound

SECRET_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class ClientChange:
    """A change to a client; None leaves a field as it is."""

    name: str | None = None
    redirect_uris: Sequence[str] | None = None
    scopes: frozenset[Scope] | None = None
    is_active: bool | None = None


@dataclass(frozen=True, slots=True)
class MadeClient:
    """A client with a new secret, which is known only now; a public one has none."""

    client: OAuthClient
    secret: str | None


async def add(  # noqa: PLR0913 - what a client is
    uow: UnitOfWork,
    *,
    name: str,
    redirect_uris: Sequence[str],
    scopes: frozenset[Scope],
    is_public: bool,
    created_by: UUID,
    now: datetime,
) -> MadeClient:
    """Register a client.

    Raises:
        ClientNameRefused, RedirectUriRefused: as their names say.
    """
    secret = None if is_public else _new_secret()
    client = OAuthClient(
        id=new_id(),
        name=client_name(name),
        redirect_uris=_addresses(redirect_uris, is_public=is_public),
        scopes=scopes,
        secret_hash=None if secret is None else digest(secret),
        created_by=created_by,
        created_at=now,
    )
    await OAuthClients(uow).add(client)
    return MadeClient(client, secret)


async def change(
    uow: UnitOfWork, client_id: UUID, wanted: ClientChange, now: datetime
) -> tuple[OAuthClient, list[UUID]]:
    """Change a client; return it, and the ids of the sessions that end by that.

    Fewer scopes are kept to from the next token on.

    Raises:
        NotFound: no such client.
        ClientNameRefused, RedirectUriRefused: as their names say.
    """
    client = await _locked(uow, client_id)
    if wanted.name is not None:
        client = replace(client, name=client_name(wanted.name))
    if wanted.redirect_uris is not None:
        uris = _addresses(wanted.redirect_uris, is_public=client.is_public)
        client = replace(client, redirect_uris=uris)
    if wanted.scopes is not None:
        client = replace(client, scopes=wanted.scopes)
    ended: list[UUID] = []
    if wanted.is_active:
        client = replace(client, disabled_at=None)
    elif wanted.is_active is False and client.is_active:
        client = replace(client, disabled_at=now)
        ended = await OAuthClients(uow).end_sessions(client_id, now, "client_disabled")
    await OAuthClients(uow).save(client)
    return client, ended


async def delete(uow: UnitOfWork, client_id: UUID, now: datetime) -> list[UUID]:
    """Delete a client; return the ids of the sessions that end with it.

    Raises:
        NotFound: no such client.
    """
    if not await OAuthClients(uow).delete(client_id, now):
        raise NotFound
    return await OAuthClients(uow).end_sessions(client_id, now, "client_deleted")


async def rotate_secret(
    uow: UnitOfWork, client_id: UUID, now: datetime, *, overlap: timedelta
) -> MadeClient:
    """Give a client another secret; the one before works on for the overlap.

    Raises:
        NotFound: no such client.
        ClientIsPublic: it has no secret.
    """
    client = await _locked(uow, client_id)
    if client.is_public:
        raise ClientIsPublic
    secret = _new_secret()
    client = replace(
        client,
        secret_hash=digest(secret),
        old_secret_hash=client.secret_hash if overlap else None,
        old_secret_until=now + overlap if overlap else None,
    )
    await OAuthClients(uow).save(client)
    return MadeClient(client, secret)


def authenticated(client: OAuthClient | None, secret: str | None, now: datetime) -> OAuthClient:
    """Return the client that has this secret, or none and is public (RFC 6749 §3.2.1).

    Raises:
        ClientInvalid: no such client, switched off, or another secret.
    """
    if client is None or not client.is_active or not client.knows(secret, now):
        raise ClientInvalid
    return client


async def _locked(uow: UnitOfWork, client_id: UUID) -> OAuthClient:
    client = await OAuthClients(uow).lock(client_id)
    if client is None:
        raise NotFound
    return client


def _addresses(uris: Sequence[str], *, is_public: bool) -> tuple[str, ...]:
    return tuple(dict.fromkeys(redirect_uri(uri, is_public=is_public) for uri in uris))


def _new_secret() -> str:
    return SECRET_PREFIX + text_of(secrets.token_bytes(SECRET_BYTES))
