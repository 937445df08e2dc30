"""Decides whether a login is recent and strong enough (RFC 9470).

Does not make anybody log in: auth does, at `POST /v1/auth/step-up`. What it decides by stands in
the access token, so that no service has to ask another.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from kit.step_up import ANY_AMOUNT, StepUpRequired, WithoutStepUp
from kit.web.identity import Identity

RECENT: Final = timedelta(minutes=15)
# RFC 8176: what proves a second factor; a recovery code counts as a one-time password.
_FACTORS: Final = frozenset({"otp", "hwk"})
_SAFE: Final = frozenset({"GET", "HEAD"})


def require_recent(
    identity: Identity, now: datetime, *, within: timedelta = RECENT, needs_factor: bool = False
) -> None:
    """Refuse a login that is too old, or that lacks the second factor of its user.

    What is limited to scopes is nobody's own login: a program's key, an OAuth client's token.

    Args:
        identity: The caller, a user.
        now: The time, in UTC.
        within: How old the login may be.
        needs_factor: Whether a second factor is needed even of users who have none enrolled.

    Raises:
        StepUpRequired: the caller has to log in anew, or to step up.
    """
    refusal = lacking(identity, now, within=within, needs_factor=needs_factor)
    if refusal is not None:
        raise refusal


def lacking(
    identity: Identity, now: datetime, *, within: timedelta = RECENT, needs_factor: bool = False
) -> StepUpRequired | None:
    """Return why `require_recent` refuses a login; None where it does not."""
    lacks_factor = (needs_factor or identity.has_factor) and _FACTORS.isdisjoint(identity.amr)
    is_recent = identity.auth_time is not None and now - identity.auth_time <= within
    is_own = identity.scope is None and "key" not in identity.amr
    if is_recent and is_own and not lacks_factor:
        return None
    return StepUpRequired(max_age_seconds=int(within.total_seconds()), needs_factor=lacks_factor)


def without_step_up(identity: Identity, now: datetime) -> WithoutStepUp:
    """Return what the caller may spend: anything, or up to their own limits."""
    refusal = lacking(identity, now) if identity.confirm_above else None
    return ANY_AMOUNT if refusal is None else WithoutStepUp(identity.confirm_above, refusal)


def changes_something(methods: Collection[str] | None) -> bool:
    """Tell whether methods do more than look (RFC 9110 §9.2.1)."""
    return not _SAFE.issuperset(methods or ())
