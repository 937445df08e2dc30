"""Makes challenges and judges whether one may be answered."""

import secrets
from datetime import datetime
from uuid import UUID

from auth.domain.factors.challenges import LIFETIME, Challenge, ChallengeKind, is_open
from auth.domain.links import TOKEN_BYTES, digest, text_of
from auth.domain.users import User
from auth.repository import Challenges
from kit.db import UnitOfWork


async def make_challenge(
    uow: UnitOfWork, kind: ChallengeKind, user: User | None, now: datetime
) -> str:
    """Make a challenge for a user, or for anybody; return its token, base64url."""
    token = text_of(secrets.token_bytes(TOKEN_BYTES))
    made = Challenge(
        kind=kind,
        user_id=None if user is None else user.id,
        token_version=None if user is None else user.token_version,
        tries=0,
        expires_at=now + LIFETIME,
    )
    await Challenges(uow).add(made, digest(token), now)
    return token


async def open_challenge(
    uow: UnitOfWork, token: str, kind: ChallengeKind, now: datetime
) -> Challenge | None:
    """Return a challenge that may be answered, locked; None if there is no such one."""
    found = await Challenges(uow).lock(digest(token), kind)
    return found if found is not None and is_open(found, now) else None


async def take_challenge(
    uow: UnitOfWork, token: str, kind: ChallengeKind, now: datetime, *, user_id: UUID | None
) -> bool:
    """Use up a device's challenge; return False if it is not this user's.

    `user_id` is None where whoever has a passkey may answer.
    """
    found = await open_challenge(uow, token, kind, now)
    await Challenges(uow).end(digest(token))
    return found is not None and found.user_id == user_id
