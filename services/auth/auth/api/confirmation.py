"""Serves confirmation limits: above which amounts one is asked who one is."""

from typing import Final

from fastapi import Request

from auth.api.factors.enrolment import own_user
from auth.api.origins import origin_of
from auth.schemas.confirmation import ConfirmationLimits, ConfirmationLimitsRequest
from auth.service import confirmation
from auth.service.factors.changes import Acting
from auth.wiring import Wired
from kit.refusals import NotFound
from kit.step_up import StepUpRequired
from kit.web.identity import Caller
from kit.web.routes import Router
from kit.web.step_up import lacking

router = Router(tags=["factors"])

LIMITS: Final = "/v1/auth/confirmation-limits"


@router.get(
    LIMITS,
    access="user",
    operation_id="get_confirmation_limits",
    summary="Get the amounts above which one is asked who one is",
    refusals=(NotFound,),
)
async def get_confirmation_limits(caller: Caller, wired: Wired) -> ConfirmationLimits:
    """Show one's own limits."""
    async with wired.database.read() as connection:
        return ConfirmationLimits.of(await own_user(connection, caller.user))


@router.put(
    LIMITS,
    access="user",
    operation_id="set_confirmation_limits",
    summary="Set the amounts above which one is asked who one is",
    description="Replaces all of them. Whatever spends more by one word (a payment, a bulk, an"
    " order, a refund) is then refused with `step_up_required` unless the login or the step-up is"
    " of the last 15 minutes; to an API key always. Raising or removing a limit needs the same. A"
    " change ends all access tokens within a second: refresh.",
    refusals=(StepUpRequired, NotFound),
)
async def set_confirmation_limits(
    body: ConfirmationLimitsRequest, caller: Caller, request: Request, wired: Wired
) -> ConfirmationLimits:
    """Store the limits; tokens that name older ones end."""
    now = wired.database.clock.now()
    acting = Acting(caller.user, origin_of(request), now)
    async with wired.database.unit_of_work() as uow:
        user = await confirmation.set_limits(uow, acting, body.by_currency, lacking(caller, now))
    await wired.revoker.outdated(user)
    return ConfirmationLimits.of(user)
