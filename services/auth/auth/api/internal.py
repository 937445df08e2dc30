"""Serves the operations that other services call with a service token.

The gateway does not route them.
"""

from typing import Annotated, Final
from uuid import UUID

from fastapi import Query

from auth import refusals
from auth.domain.audit import Origin
from auth.repository import EmailChanges, Users
from auth.schemas.api_keys import ExchangeRequest
from auth.schemas.tokens import ServiceTokenAnswer
from auth.schemas.users import Contact, Contacts, KnownUser
from auth.service import api_keys
from auth.wiring import Wired
from kit import context
from kit.refusals import Forbidden, NotFound, ValidationFailed
from kit.scopes import KeyAddressRefused
from kit.web.faults import required
from kit.web.fields import IDS, split_ids
from kit.web.identity import Caller
from kit.web.routes import Router

router = Router(tags=["internal"])

GATEWAY: Final = "gateway"

ContactIds = Annotated[
    str,
    Query(
        pattern=IDS,
        description="Users' ids, separated by commas.",
        examples=["019abf5e-3b1c-7cc2-9a4e-2f6d0c1b7a90"],
    ),
]


@router.get(
    "/internal/users",
    access="service",
    operation_id="look_up_user",
    summary="Find a user by username or id",
    refusals=(NotFound,),
)
async def look_up_user(
    wired: Wired,
    username: Annotated[str | None, Query(max_length=256)] = None,
    id: Annotated[UUID | None, Query()] = None,  # noqa: A002 - the parameter's public name
) -> KnownUser:
    """Look a user up for a service that has not seen their event yet.

    Usernames are compared by their key.
    """
    if (username is None) == (id is None):
        raise ValidationFailed(errors=[required("/query/username"), required("/query/id")])
    async with wired.database.read() as connection:
        users = Users(connection)
        found = await users.get(id) if id is not None else await users.by_username(username or "")
    if found is None:
        raise NotFound
    return KnownUser.of(found)


@router.get(
    "/internal/contacts",
    access="service",
    operation_id="list_contacts",
    summary="List the addresses of up to 100 users",
)
async def list_contacts(wired: Wired, id: ContactIds) -> Contacts:  # noqa: A002 - as above
    """List addresses to send mails to; unknown and deleted users are left out."""
    ids = split_ids(id)
    async with wired.database.snapshot() as connection:
        found = await Users(connection).among(ids)
        changes = await EmailChanges(connection).among(ids, wired.database.clock.now())
    return Contacts(items=[Contact.of(user, changes.get(user.id)) for user in found])


@router.post(
    "/internal/api-keys/exchange",
    access="service",
    operation_id="exchange_api_key",
    summary="Exchange an API key for a short access token of its owner",
    description="For the gateway alone: no other service ever sees a key.",
    refusals=(refusals.ApiKeyNotFound, KeyAddressRefused),
)
async def exchange_api_key(
    body: ExchangeRequest, caller: Caller, wired: Wired
) -> ServiceTokenAnswer:
    """Give a token that says what the key is limited to."""
    if caller.service != GATEWAY:
        raise Forbidden
    origin = Origin(body.address, request_id=context.current().request_id)
    found = await api_keys.exchange(wired.database, body.key, origin)
    now = wired.database.clock.now()
    # No longer than a login's token: revocations are made up for that long.
    lifetime = min(found.works_until - now, wired.settings.access_token_lifetime)
    return ServiceTokenAnswer(
        access_token=wired.signer.for_key(found.user, found.key, lifetime, now),
        expires_in=int(lifetime.total_seconds()),
    )
