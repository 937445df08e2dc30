"""Serves registered OAuth clients to administrators."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from auth import refusals
from auth.repository import OAuthClients
from auth.schemas.oauth_clients import (
    ClientAnswer,
    ClientPatch,
    ClientRequest,
    ClientSecretRotation,
    ClientWithSecret,
)
from auth.service import oauth_clients as verbs
from auth.wiring import Wired
from kit.refusals import CursorInvalid, NotFound
from kit.web.audit import Auditing
from kit.web.identity import Caller
from kit.web.pagination import page_of
from kit.web.queries import SpanQuery
from kit.web.routes import Router
from kit.web.schemas import Page

_ONE = "/v1/auth/clients/{client_id}"

router = Router(tags=["clients"])


@router.get(
    "/v1/auth/clients",
    access="admin",
    operation_id="list_clients",
    summary="List registered OAuth clients, newest first",
    response_model=Page[ClientAnswer],
    refusals=(CursorInvalid,),
)
async def list_clients(
    caller: Caller, wired: Wired, query: Annotated[SpanQuery, Query()], audit: Auditing
) -> Page[ClientAnswer]:
    """List clients, also those that are switched off."""
    cursors = query.cursors(
        wired.settings.cursor_secret, list_name="list_clients", subject=caller.subject
    )
    after = cursors.decode(query.cursor)
    async with wired.database.read() as connection:
        found = await OAuthClients(connection).page(after, query.limit + 1, query.span)
    await audit.read("client")
    return page_of(Page[ClientAnswer], found, ClientAnswer.of, limit=query.limit, cursors=cursors)


@router.post(
    "/v1/auth/clients",
    access="admin",
    operation_id="create_client",
    summary="Register an OAuth client: a front end of somebody else's",
    description="It can log users in by an authorization code with PKCE. The secret is shown in"
    " this answer and never again. A page that asks for tokens by itself needs its origin in"
    " GATEWAY_CORS_ORIGINS, too.",
    status_code=201,
    refusals=(refusals.ClientNameRefused, refusals.RedirectUriRefused),
)
async def create_client(
    body: ClientRequest, caller: Caller, wired: Wired, audit: Auditing
) -> ClientWithSecret:
    """Register a client."""
    async with wired.database.unit_of_work() as uow:
        made = await verbs.add(
            uow,
            name=body.name,
            redirect_uris=body.redirect_uris,
            scopes=frozenset(body.scopes),
            is_public=body.is_public,
            created_by=caller.user,
            now=wired.database.clock.now(),
        )
        await audit.changed(uow, "client", made.client.id)
    return ClientWithSecret.of(made.client, client_secret=made.secret)


@router.get(
    _ONE,
    access="admin",
    operation_id="get_client",
    summary="Get a registered OAuth client",
)
async def get_client(client_id: UUID, wired: Wired, audit: Auditing) -> ClientAnswer:
    """Show a client."""
    async with wired.database.read() as connection:
        client = await OAuthClients(connection).get(client_id)
    if client is None:
        raise NotFound
    await audit.read("client", client.id)
    return ClientAnswer.of(client)


@router.patch(
    _ONE,
    access="admin",
    operation_id="change_client",
    summary="Change an OAuth client, or switch it off or on",
    description="Switched off, it logs nobody in, and all sessions that it has opened end. Fewer"
    " scopes hold for its sessions from their next token on.",
    refusals=(refusals.ClientNameRefused, refusals.RedirectUriRefused),
)
async def change_client(
    client_id: UUID, body: ClientPatch, wired: Wired, audit: Auditing
) -> ClientAnswer:
    """Change the given fields; access tokens of ended sessions die within a second."""
    async with wired.database.unit_of_work() as uow:
        now = wired.database.clock.now()
        client, ended = await verbs.change(uow, client_id, body.change, now)
        await audit.changed(uow, "client", client_id)
    await wired.revoker.sessions(ended)
    return ClientAnswer.of(client)


@router.delete(
    _ONE,
    access="admin",
    operation_id="delete_client",
    summary="Delete an OAuth client; all sessions that it has opened end",
)
async def delete_client(client_id: UUID, wired: Wired, audit: Auditing) -> None:
    """Delete a client."""
    async with wired.database.unit_of_work() as uow:
        ended = await verbs.delete(uow, client_id, wired.database.clock.now())
        await audit.changed(uow, "client", client_id)
    await wired.revoker.sessions(ended)


@router.post(
    f"{_ONE}/rotate-secret",
    access="admin",
    operation_id="rotate_client_secret",
    summary="Replace the secret of an OAuth client",
    description="The old one is dead at once, or works on for an overlap; sessions live on. The new"
    " one is shown in this answer and never again.",
    refusals=(refusals.ClientIsPublic,),
)
async def rotate_client_secret(
    client_id: UUID,
    wired: Wired,
    audit: Auditing,
    body: ClientSecretRotation = ClientSecretRotation(),  # noqa: B008 - frozen
) -> ClientWithSecret:
    """Make a new secret."""
    async with wired.database.unit_of_work() as uow:
        now = wired.database.clock.now()
        made = await verbs.rotate_secret(uow, client_id, now, overlap=body.overlap)
        await audit.changed(uow, "client", client_id)
    return ClientWithSecret.of(made.client, client_secret=made.secret)
