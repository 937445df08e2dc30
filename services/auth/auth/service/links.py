"""Makes single-use links and uses them."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from auth.domain.links import TOKEN_BYTES, Link, Purpose, decide_use, digest, text_of
from auth.repository import Links, Users
from kit.db import UnitOfWork


@dataclass(frozen=True, slots=True)
class MadeLink:
    """A new link; its token is known only now."""

    purpose: Purpose
    token: str
    expires_at: datetime


async def make_link(
    uow: UnitOfWork, user_id: UUID, purpose: Purpose, *, lifetime: timedelta, now: datetime
) -> MadeLink:
    """Make a link for a user; store nothing if there is no such user."""
    token = text_of(secrets.token_bytes(TOKEN_BYTES))
    link = Link(user_id, purpose, now + lifetime, used_at=None)
    await Links(uow).add(link, digest(token), now)
    return MadeLink(purpose, token, link.expires_at)


async def use_link(uow: UnitOfWork, token: str, purposes: Sequence[Purpose], now: datetime) -> Link:
    """Lock a link's user, use it for one of these purposes, and return it.

    Purposes given together have one refusal.

    Raises:
        ActivationTokenInvalid, ResetTokenInvalid, EmailTokenInvalid: unknown, used, or expired.
    """
    links, token_hash = Links(uow), digest(token)
    owner = await links.owner(token_hash)
    if owner is not None:
        await Users(uow).lock(owner)
    link = decide_use(await links.lock(token_hash, purposes), purposes[0], now)
    await links.use(token_hash, now)
    return link
