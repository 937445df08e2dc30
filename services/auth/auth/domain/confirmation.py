"""Decides above which amounts a user is asked who they are: confirmation limits."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from auth.domain.users import User

MOST_LIMITS: Final = 20  # currencies of one user, as each access token names them all


def loosens(before: Mapping[str, int], after: Mapping[str, int]) -> bool:
    """Tell whether more could be spent unasked than before (minor units by currency)."""
    return any(
        currency not in after or after[currency] > limit for currency, limit in before.items()
    )


def decide_limits(user: User, limits: Mapping[str, int]) -> User:
    """Return the user with these limits alone; equal ones change nothing.

    Older access tokens end, because they name the older limits. `version` stays: other services
    learn of it by newer tokens.
    """
    if limits == user.confirm_above:
        return user
    return replace(user, confirm_above=dict(limits), token_version=user.token_version + 1)
