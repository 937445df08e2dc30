"""Serves limits per payment and per day: users see their own, admins set them."""

from uuid import UUID

from kit.web.audit import Auditing
from kit.web.identity import Caller
from kit.web.routes import Router
from payments.refusals import PersonNotFound
from payments.repository import KnownPeople, Limits
from payments.schemas.limits import LimitsAnswer, LimitsRequest, limits_seen
from payments.service import limits as service
from payments.wiring import Wired, Wiring

router = Router(tags=["limits"], scope="payments")


@router.get(
    "/v1/payments/limits",
    access="user",
    operation_id="get_my_limits",
    summary="Show the caller's limits and what is used of them today",
    description="A day is a day in UTC. A payment that fails or is cancelled no longer counts.",
)
async def get_my_limits(caller: Caller, wired: Wired) -> LimitsAnswer:
    """Show the caller's own limits, or those that apply to everybody."""
    return await _limits_of(wired, caller.user)


@router.get(
    "/v1/payments/limits/{user_id}",
    access="admin",
    operation_id="get_limits",
    summary="Show somebody's limits and what is used of them today",
    refusals=(PersonNotFound,),
)
async def get_limits(user_id: UUID, wired: Wired, audit: Auditing) -> LimitsAnswer:
    """Show a person's limits."""
    async with wired.database.read() as connection:
        if not await KnownPeople(connection).knows(user_id):
            raise PersonNotFound
    await audit.read("limits", user_id, user_id)
    return await _limits_of(wired, user_id)


@router.put(
    "/v1/payments/limits/{user_id}",
    access="admin",
    operation_id="set_limits",
    summary="Give somebody limits of their own",
    description="They replace all limits that the person had; with an empty list everybody's "
    "limits apply again. Payments that were paid before are not counted.",
    refusals=(PersonNotFound,),
)
async def set_limits(
    user_id: UUID, caller: Caller, body: LimitsRequest, wired: Wired, audit: Auditing
) -> LimitsAnswer:
    """Set a person's limits; they apply from the next payment on."""
    async with wired.database.unit_of_work() as uow:
        await service.set_limits(uow, user_id, body.by_currency, caller.user)
        await audit.changed(uow, "limits", user_id, user_id)
    return await _limits_of(wired, user_id)


async def _limits_of(wired: Wiring, user_id: UUID) -> LimitsAnswer:
    day = wired.database.clock.now().date()
    async with wired.database.read() as connection:
        limits = Limits(connection)
        own = await limits.own(user_id)
        spent = await limits.spent(user_id, day)
    return limits_seen(user_id, day, wired.settings.limit_policy, own, spent)
