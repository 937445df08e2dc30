"""Stores above which amounts a user is asked who they are, and tells of it."""

from collections.abc import Mapping

from auth.domain.audit import Kind
from auth.domain.confirmation import decide_limits, loosens
from auth.domain.users import User, UserStatus
from auth.repository import Users
from auth.service.audit import note
from auth.service.factors.changes import Acting
from contracts.auth import ConfirmationLimitsChanged
from kit.db import UnitOfWork
from kit.ids import new_id
from kit.messaging.outbox import emit
from kit.money import Money
from kit.refusals import NotFound
from kit.step_up import StepUpRequired


async def set_limits(
    uow: UnitOfWork, by: Acting, limits: Mapping[str, int], lacking: StepUpRequired | None
) -> User:
    """Replace a user's limits, in minor units by currency; equal ones change nothing.

    Args:
        uow: The unit of work.
        by: The user, from where, and when.
        limits: All that they have from now on.
        lacking: What their login lacks for letting more be spent unasked; None if nothing.

    Raises:
        StepUpRequired: a limit is to be raised or removed, and the login lacks something.
        NotFound: they were deleted a moment ago.
    """
    user = await Users(uow).lock(by.user_id)
    if user.status is UserStatus.DELETED:
        raise NotFound
    changed = decide_limits(user, limits)
    if changed is user:
        return user
    if lacking is not None and loosens(user.confirm_above, limits):
        raise lacking
    await Users(uow).save(changed, by.now)
    details = {"before": _written(user.confirm_above), "after": _written(limits)}
    await note(uow, Kind.CONFIRMATION_LIMITS_CHANGED, user.id, by.origin, details=details)
    event = ConfirmationLimitsChanged(change_id=new_id(), user_id=user.id, at=by.now)
    emit(uow, event, subject=str(user.id))
    return changed


def _written(limits: Mapping[str, int]) -> str:
    return " ".join(
        f"{Money(minor, currency).decimal} {currency}" for currency, minor in sorted(limits.items())
    )
