"""Serves API keys to their owners; a key opens none of this."""

from datetime import timedelta
from typing import Annotated, Final
from uuid import UUID

from fastapi import Query, Request

from auth import refusals
from auth.api.origins import origin_of
from auth.repository import ApiKeys
from auth.schemas.api_keys import (
    ApiKeyAnswer,
    ApiKeyPatch,
    ApiKeyRequest,
    ApiKeyRotation,
    MadeApiKey,
)
from auth.service import api_keys as verbs
from auth.service.mails import Mailing
from auth.wiring import Wired
from kit.refusals import CursorInvalid
from kit.step_up import StepUpRequired
from kit.web.identity import Caller
from kit.web.language import CallerLanguage
from kit.web.pagination import page_of
from kit.web.queries import SpanQuery
from kit.web.routes import Router
from kit.web.schemas import Page
from kit.web.step_up import require_recent

_ADDRESS: Final = "/v1/auth/api-keys/{key_id}"

router = Router(tags=["API keys"])


@router.post(
    "/v1/auth/api-keys",
    access="user",
    operation_id="make_api_key",
    summary="Make an API key for a program",
    description="The program sends it as `Authorization: Bearer …` and acts as you, within the"
    " key's scopes and bounds; it never passes for an administrator, nor for a fresh login. The key"
    " is shown in this answer and never again, and you get a mail. Needs a login of the last 15"
    " minutes.",
    status_code=201,
    refusals=(
        StepUpRequired,
        refusals.TooManyApiKeys,
        refusals.ApiKeyExpired,
        refusals.ScopeNotBounded,
    ),
)
async def make_api_key(
    body: ApiKeyRequest, caller: Caller, request: Request, language: CallerLanguage, wired: Wired
) -> MadeApiKey:
    """Make a key."""
    require_recent(caller, wired.database.clock.now())
    origin, is_live = origin_of(request), wired.settings.in_production
    mailing = Mailing(wired.settings.public_url, language)
    async with wired.database.unit_of_work() as uow:
        made = await verbs.make(uow, caller.user, body.terms, mailing, origin, is_live=is_live)
    return MadeApiKey.revealing(made.key, made.secret)


@router.get(
    "/v1/auth/api-keys",
    access="user",
    operation_id="list_api_keys",
    summary="List one's own API keys, newest first",
    description="Revoked keys are left out, expired ones are not. Secrets are never shown again.",
    response_model=Page[ApiKeyAnswer],
    refusals=(CursorInvalid,),
)
async def list_api_keys(
    caller: Caller, wired: Wired, query: Annotated[SpanQuery, Query()]
) -> Page[ApiKeyAnswer]:
    """List the caller's keys."""
    cursors = query.cursors(
        wired.settings.cursor_secret, list_name="list_api_keys", subject=caller.subject
    )
    after = cursors.decode(query.cursor)
    async with wired.database.read() as connection:
        rows = await ApiKeys(connection).page(caller.user, after, query.limit + 1, query.span)
    return page_of(Page[ApiKeyAnswer], rows, ApiKeyAnswer.of, limit=query.limit, cursors=cursors)


@router.get(
    _ADDRESS,
    access="owner",
    operation_id="get_api_key",
    summary="Get one of one's own API keys",
    refusals=(refusals.ApiKeyNotFound,),
)
async def get_api_key(key_id: UUID, caller: Caller, wired: Wired) -> ApiKeyAnswer:
    """Show a key, without its secret."""
    async with wired.database.read() as connection:
        key = await ApiKeys(connection).get(caller.user, key_id)
    if key is None:
        raise refusals.ApiKeyNotFound
    return ApiKeyAnswer.of(key)


@router.patch(
    _ADDRESS,
    access="owner",
    operation_id="change_api_key",
    summary="Change the name or the addresses of an API key",
    description="Other addresses count within a minute. Needs a login of the last 15 minutes.",
    refusals=(StepUpRequired, refusals.ApiKeyNotFound),
)
async def change_api_key(
    key_id: UUID, body: ApiKeyPatch, caller: Caller, request: Request, wired: Wired
) -> ApiKeyAnswer:
    """Change the given fields."""
    require_recent(caller, wired.database.clock.now())
    async with wired.database.unit_of_work() as uow:
        key = await verbs.change(uow, caller.user, key_id, body.changes, origin_of(request))
    return ApiKeyAnswer.of(key)


@router.post(
    f"{_ADDRESS}/rotate",
    access="owner",
    operation_id="rotate_api_key",
    summary="Give an API key another secret",
    description="The secret before works on for the overlap, a day by default. A key that somebody"
    " has got hold of is revoked instead. The new secret is shown in this answer and never again."
    " Needs a login of the last 15 minutes.",
    refusals=(StepUpRequired, refusals.ApiKeyNotFound),
)
async def rotate_api_key(  # noqa: PLR0913, PLR0917 - what an operation is given
    key_id: UUID,
    caller: Caller,
    request: Request,
    language: CallerLanguage,
    wired: Wired,
    body: ApiKeyRotation = ApiKeyRotation(),  # noqa: B008 - frozen
) -> MadeApiKey:
    """Make a new secret."""
    require_recent(caller, wired.database.clock.now())
    overlap, origin = timedelta(seconds=body.overlap_seconds), origin_of(request)
    mailing = Mailing(wired.settings.public_url, language)
    async with wired.database.unit_of_work() as uow:
        made = await verbs.rotate(uow, caller.user, key_id, mailing, origin, overlap=overlap)
    return MadeApiKey.revealing(made.key, made.secret)


@router.delete(
    _ADDRESS,
    access="owner",
    operation_id="revoke_api_key",
    summary="Revoke an API key",
    description="Within a second it opens nothing any more, anywhere.",
    refusals=(refusals.ApiKeyNotFound,),
)
async def revoke_api_key(key_id: UUID, caller: Caller, request: Request, wired: Wired) -> None:
    """Revoke a key; its access tokens are revoked with it."""
    async with wired.database.unit_of_work() as uow:
        await verbs.revoke(uow, caller.user, key_id, origin_of(request))
    await wired.revoker.sessions([key_id])
