"""Decides about challenges: what was asked, and is not answered yet.

A challenge is a random token of five minutes. As an `mfa_token` it stands for a right password that
waits for its second factor; as WebAuthn's `challenge` a device signs it. Only its hash is stored.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

LIFETIME: Final = timedelta(minutes=5)
MOST_TRIES: Final = 5


class ChallengeKind(StrEnum):
    """The one thing that a challenge is good for."""

    SECOND_FACTOR = "second_factor"
    PASSKEY_REGISTRATION = "passkey_registration"
    PASSKEY_LOGIN = "passkey_login"  # without a name, by whoever has a passkey
    PASSKEY_FACTOR = "passkey_factor"  # after the right password
    STEP_UP = "step_up"


@dataclass(frozen=True, slots=True)
class Challenge:
    """A challenge as stored.

    Attributes: user_id: who has to answer it; None where anybody may.
    token_version: the user's, so that a new password ends it. tries: the wrong answers so far.
    """

    kind: ChallengeKind
    user_id: UUID | None
    token_version: int | None
    tries: int
    expires_at: datetime


def is_open(challenge: Challenge, now: datetime) -> bool:
    """Tell whether it may still be answered."""
    return now < challenge.expires_at and challenge.tries < MOST_TRIES
