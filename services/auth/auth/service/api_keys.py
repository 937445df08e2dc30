"""Makes, changes, rotates, revokes and exchanges API keys."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from auth.domain.api_keys import (
    USE_STORED_EVERY,
    ApiKey,
    KeyTerms,
    decide_making,
    digest,
    hint_of,
    is_allowed_from,
    place_of,
)
from auth.domain.audit import Kind, Origin
from auth.domain.users import User, UserStatus
from auth.refusals import ApiKeyNotFound
from auth.repository import ApiKeys, Users
from auth.service.audit import note
from auth.service.events import tell_new_place
from auth.service.mails import Mailing
from kit.db import Database, UnitOfWork
from kit.ids import new_id
from kit.scopes import KeyAddressRefused
from kit.tokens.api_keys import new_api_key


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A key and its newest secret, which is known only now."""

    key: ApiKey
    secret: str


@dataclass(frozen=True, slots=True)
class Exchanged:
    """A key whose secret was presented, its owner, and until when that secret works."""

    key: ApiKey
    user: User
    works_until: datetime


async def make(  # noqa: PLR0913 - whose, what, how it is told, where from
    uow: UnitOfWork,
    user_id: UUID,
    terms: KeyTerms,
    mailing: Mailing,
    origin: Origin,
    *,
    is_live: bool,
) -> MadeKey:
    """Make a key; only its secret's hash is stored. Its owner gets a mail.

    Raises:
        TooManyApiKeys, ApiKeyExpired, ScopeNotBounded: as their names say.
    """
    now = uow.clock.now()
    user = await Users(uow).lock(user_id)  # so that keys made at the same moment are counted
    decide_making(terms, live=await ApiKeys(uow).count_live(user_id, now), now=now)
    secret = new_api_key(is_live=is_live)
    key = ApiKey(id=new_id(), user_id=user_id, terms=terms, hint=hint_of(secret), created_at=now)
    await ApiKeys(uow).add(key, digest(secret))
    await _note(uow, Kind.API_KEY_MADE, key, origin)
    mailing.notice(uow, user, "api_key_made")
    return MadeKey(key, secret)


async def change(
    uow: UnitOfWork, user_id: UUID, key_id: UUID, changes: Mapping[str, Any], origin: Origin
) -> ApiKey:
    """Change the name or the addresses of a user's key.

    Raises:
        ApiKeyNotFound: there is no such key, or it is another's.
    """
    key = await _locked(uow, user_id, key_id)
    changed = replace(key, terms=replace(key.terms, **changes))
    await ApiKeys(uow).change(changed)
    await _note(uow, Kind.API_KEY_CHANGED, changed, origin)
    return changed


async def rotate(  # noqa: PLR0913 - whose, which, how it is told, where from
    uow: UnitOfWork,
    user_id: UUID,
    key_id: UUID,
    mailing: Mailing,
    origin: Origin,
    *,
    overlap: timedelta,
) -> MadeKey:
    """Give a key another secret; the one before works on for the overlap.

    Its owner gets a mail.

    Raises:
        ApiKeyNotFound: there is no such key, or it is another's.
    """
    user = await Users(uow).lock(user_id)
    key = await _locked(uow, user_id, key_id)
    secret = new_api_key(is_live=key.is_live)
    rotated = replace(key, hint=hint_of(secret), old_secret_until=uow.clock.now() + overlap)
    await ApiKeys(uow).rotate(rotated, digest(secret))
    await _note(uow, Kind.API_KEY_ROTATED, rotated, origin)
    mailing.notice(uow, user, "api_key_rotated")
    return MadeKey(rotated, secret)


async def revoke(uow: UnitOfWork, user_id: UUID, key_id: UUID, origin: Origin) -> None:
    """Revoke a user's key.

    Raises:
        ApiKeyNotFound: there is no such key, or it is another's.
    """
    key = await _locked(uow, user_id, key_id)
    await ApiKeys(uow).revoke(user_id, key_id, uow.clock.now())
    await _note(uow, Kind.API_KEY_REVOKED, key, origin)


async def exchange(database: Database, secret: str, origin: Origin) -> Exchanged:
    """Return the key of a secret, if it works from there; no unit of work may be open.

    Its use is stored at most once a minute. The first use from a new place is an event, and its
    owner is told; but not of the first place of all. A use from where it is not allowed is one.

    Raises:
        ApiKeyNotFound: unknown, expired or revoked, or its owner is not active.
        KeyAddressRefused: its owner does not allow that address.
    """
    now = database.clock.now()
    async with database.read() as connection:
        found = await ApiKeys(connection).by_secret(digest(secret))
        if found is None:
            raise ApiKeyNotFound
        key, is_old_secret = found
        user = await Users(connection).get(key.user_id)
    works_until = key.works_until(now, is_old_secret=is_old_secret)
    if user is None or user.status is not UserStatus.ACTIVE or works_until is None:
        raise ApiKeyNotFound
    if not is_allowed_from(key.terms.addresses, origin.address):
        async with database.unit_of_work() as uow:
            await _note(uow, Kind.API_KEY_REFUSED, key, origin)
        raise KeyAddressRefused
    await _store_use(database, key, origin, now)
    return Exchanged(key, user, works_until)


async def _store_use(database: Database, key: ApiKey, origin: Origin, now: datetime) -> None:
    place = place_of(origin.address)
    is_new = key.is_new_place(place)
    if not (is_new or key.is_use_due(now)):
        return
    async with database.unit_of_work() as uow:
        await ApiKeys(uow).touch(key.id, origin.address, now, now - USE_STORED_EVERY)
        count = await ApiKeys(uow).add_place(key.id, place) if is_new and place else None
        if count is not None and count > 1:
            await _note(uow, Kind.API_KEY_NEW_PLACE, key, origin)
            tell_new_place(uow, key)


async def _locked(uow: UnitOfWork, user_id: UUID, key_id: UUID) -> ApiKey:
    key = await ApiKeys(uow).lock(user_id, key_id)
    if key is None:
        raise ApiKeyNotFound
    return key


async def _note(uow: UnitOfWork, kind: Kind, key: ApiKey, origin: Origin) -> None:
    subject = ("api_key", str(key.id))
    await note(uow, kind, key.user_id, origin, subject=subject, details={"hint": key.hint})
