"""Decides whether a login is recent and strong enough (RFC 9470).

Does not make anybody log in: auth does, at `POST /v1/auth/step-up`. What it decides by stands in
the access token, so that no service has to ask another.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import ClassVar, Final

from kit.refusals import Refusal
from kit.web.identity import Identity

RECENT: Final = timedelta(minutes=15)
# RFC 8176: what proves a second factor; a recovery code counts as a one-time password.
_FACTORS: Final = frozenset({"otp", "hwk"})
_SAFE: Final = frozenset({"GET", "HEAD"})


class StepUpRequired(Refusal):
    """Asks for a newer or stronger login (RFC 9470).

    Not its 401: the token is good, and clients that refresh at each 401 would do so for ever.
    """

    code = "step_up_required"
    status = 403
    title_en = "Confirm it is you"
    title_ru = "Подтвердите, что это вы"
    detail_en = "Confirm at POST /v1/auth/step-up: a login may be {max_age_seconds} s old for this."
    detail_ru = "Подтвердите вход в POST /v1/auth/step-up: не более {max_age_seconds} с назад."
    samples: ClassVar[Mapping[str, object]] = {"max_age_seconds": 900}

    def __init__(self, *, max_age_seconds: int, needs_factor: bool) -> None:
        """Say how old a login may be, and whether it lacks a second factor (`acr_values`)."""
        challenge = f'Bearer error="insufficient_user_authentication", max_age="{max_age_seconds}"'
        if needs_factor:
            challenge += ', acr_values="mfa"'
        super().__init__(headers={"WWW-Authenticate": challenge}, max_age_seconds=max_age_seconds)
        if needs_factor:
            self.detail_en += " A second factor is needed."
            self.detail_ru += " Нужен второй фактор."


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
    lacks_factor = (needs_factor or identity.has_factor) and _FACTORS.isdisjoint(identity.amr)
    is_recent = identity.auth_time is not None and now - identity.auth_time <= within
    is_own = identity.scope is None and "key" not in identity.amr
    if not is_recent or lacks_factor or not is_own:
        raise StepUpRequired(max_age_seconds=int(within.total_seconds()), needs_factor=lacks_factor)


def changes_something(methods: Collection[str] | None) -> bool:
    """Tell whether methods do more than look (RFC 9110 §9.2.1)."""
    return not _SAFE.issuperset(methods or ())
