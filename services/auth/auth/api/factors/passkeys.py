"""Serves one's own passkeys: makes, renames and removes them."""

from uuid import UUID

from fastapi import Request

from auth import refusals
from auth.api.factors.enrolment import RECENTLY, own_user, recent
from auth.api.origins import origin_of
from auth.schemas.factors.passkeys import (
    PasskeyAnswer,
    PasskeyOptions,
    PasskeyPatch,
    PasskeyRequest,
)
from auth.service.factors import passkeys
from auth.service.factors.changes import Acting
from auth.wiring import Wired
from kit.refusals import NotFound
from kit.step_up import StepUpRequired
from kit.web.identity import Caller
from kit.web.routes import Router

router = Router(tags=["factors"])


@router.post(
    "/v1/auth/passkeys/begin",
    access="user",
    operation_id="begin_passkey",
    summary="Get what a browser makes a passkey by",
    description="`POST /v1/auth/passkeys` ends it." + RECENTLY,
    refusals=(refusals.TooManyPasskeys, StepUpRequired, NotFound),
)
async def begin_passkey(caller: Caller, request: Request, wired: Wired) -> PasskeyOptions:
    """Make a challenge."""
    acting = Acting(caller.user, origin_of(request), recent(caller, wired))
    async with wired.database.unit_of_work() as uow:
        user = await own_user(uow, caller.user)
        options = await passkeys.begin(uow, wired.party, user, acting)
    return PasskeyOptions(options=options)


@router.post(
    "/v1/auth/passkeys",
    access="user",
    operation_id="add_passkey",
    summary="Add a passkey",
    description="From here on logins by password ask for it, too." + RECENTLY,
    status_code=201,
    refusals=(refusals.PasskeyRefused, refusals.TooManyPasskeys, StepUpRequired),
)
async def add_passkey(
    body: PasskeyRequest, caller: Caller, request: Request, wired: Wired
) -> PasskeyAnswer:
    """Check what the device has made, and store it."""
    acting = Acting(caller.user, origin_of(request), recent(caller, wired))
    answer = body.credential.model_dump(by_alias=True)
    async with wired.database.unit_of_work() as uow:
        passkey = await passkeys.register(uow, wired.party, acting, body.name, answer)
    return PasskeyAnswer.of(passkey)


@router.patch(
    "/v1/auth/passkeys/{passkey_id}",
    access="owner",
    operation_id="rename_passkey",
    summary="Give one of one's own passkeys another name",
    description=RECENTLY.strip(),
    refusals=(StepUpRequired,),
)
async def rename_passkey(
    passkey_id: UUID, body: PasskeyPatch, caller: Caller, request: Request, wired: Wired
) -> PasskeyAnswer:
    """Rename a passkey; another user's is answered like a missing one."""
    acting = Acting(caller.user, origin_of(request), recent(caller, wired))
    async with wired.database.unit_of_work() as uow:
        return PasskeyAnswer.of(await passkeys.rename(uow, acting, passkey_id, body.name))


@router.delete(
    "/v1/auth/passkeys/{passkey_id}",
    access="owner",
    operation_id="remove_passkey",
    summary="Remove one of one's own passkeys",
    description="With the last factor, the recovery codes end." + RECENTLY,
    refusals=(StepUpRequired,),
)
async def remove_passkey(passkey_id: UUID, caller: Caller, request: Request, wired: Wired) -> None:
    """Remove a passkey; another user's is answered like a missing one."""
    acting = Acting(caller.user, origin_of(request), recent(caller, wired))
    async with wired.database.unit_of_work() as uow:
        await passkeys.remove(uow, acting, passkey_id)
