"""Registers passkeys, checks what they sign, and removes them (WebAuthn level 2)."""

from datetime import datetime
from uuid import UUID

from auth.crypto.passkeys import (
    DeviceAnswer,
    Options,
    RelyingParty,
    challenge_of,
    credential_of,
    transports_of,
)
from auth.domain.audit import Kind
from auth.domain.factors.challenges import ChallengeKind
from auth.domain.factors.methods import PASSKEY, amr_of
from auth.domain.factors.passkeys import Passkey, is_copied, require_room
from auth.domain.users import User
from auth.refusals import PasskeyRefused
from auth.repository import Passkeys, Users
from auth.service.audit import note
from auth.service.factors import changes
from auth.service.factors.challenges import make_challenge, take_challenge
from auth.service.factors.changes import Acting
from kit.db import UnitOfWork
from kit.ids import new_id
from kit.refusals import NotFound


async def begin(uow: UnitOfWork, party: RelyingParty, user: User, by: Acting) -> Options:
    """Return the options by which a browser makes a passkey.

    Raises:
        TooManyPasskeys: the user has as many as anybody may have.
    """
    known = await Passkeys(uow).of_user(user.id)
    require_room(len(known))
    token = await make_challenge(uow, ChallengeKind.PASSKEY_REGISTRATION, user, by.now)
    return party.registration(user.id, user.username or user.email or "", token, known)


async def register(
    uow: UnitOfWork, party: RelyingParty, by: Acting, name: str, answer: DeviceAnswer
) -> Passkey:
    """Store the passkey that a device has made.

    Raises:
        PasskeyRefused: it answers no challenge of this user, or is somebody's already.
        TooManyPasskeys: others were added since this one was begun.
    """
    token = challenge_of(answer)
    kind = ChallengeKind.PASSKEY_REGISTRATION
    await Users(uow).lock(by.user_id)  # so that passkeys added at the same moment are counted
    if not await take_challenge(uow, token, kind, by.now, user_id=by.user_id):
        raise PasskeyRefused
    require_room(len(await Passkeys(uow).of_user(by.user_id)))
    made = party.registered(answer, token)
    passkey = Passkey(
        id=new_id(),
        user_id=by.user_id,
        credential_id=made.credential_id,
        public_key=made.public_key,
        sign_count=made.sign_count,
        name=name,
        transports=transports_of(answer),
        created_at=by.now,
    )
    if not await Passkeys(uow).add(passkey):
        raise PasskeyRefused
    await changes.added(uow, by, "passkey", Kind.PASSKEY_ADDED)
    return passkey


async def ask(
    uow: UnitOfWork, party: RelyingParty, kind: ChallengeKind, user: User | None, now: datetime
) -> Options:
    """Return the options by which a browser signs: a user's passkey, or any."""
    known = [] if user is None else await Passkeys(uow).of_user(user.id)
    token = await make_challenge(uow, kind, user, now)
    return party.login(token, known, is_alone=user is None)


async def owner(uow: UnitOfWork, answer: DeviceAnswer) -> UUID:
    """Return whose passkey an answer says to be of; it proves nothing yet.

    Raises:
        PasskeyRefused: it is nobody's.
    """
    user_id = await Passkeys(uow).owner(credential_of(answer))
    if user_id is None:
        raise PasskeyRefused
    return user_id


async def prove(
    uow: UnitOfWork,
    party: RelyingParty,
    kind: ChallengeKind,
    by: Acting,
    answer: DeviceAnswer,
) -> tuple[str, ...] | None:
    """Use a passkey; return what it proves (RFC 8176).

    At a login by passkey alone, anybody's challenge was signed, and the device must have verified
    its user. None: the device was copied, which is noted, and must be committed before the caller
    is refused.

    Raises:
        PasskeyRefused: it is not the user's, or has not signed a challenge of this kind.
    """
    token, passkey = challenge_of(answer), await Passkeys(uow).lock(credential_of(answer))
    if passkey is None or passkey.user_id != by.user_id:
        raise PasskeyRefused
    is_alone = kind is ChallengeKind.PASSKEY_LOGIN
    asked = None if is_alone else by.user_id
    if not await take_challenge(uow, token, kind, by.now, user_id=asked):
        raise PasskeyRefused
    signed = party.signed(answer, token, passkey)
    if is_alone and not signed.is_verified:
        raise PasskeyRefused
    if is_copied(passkey, signed.sign_count):
        about, details = ("passkey", str(passkey.id)), {"reason": "passkey_copied"}
        await note(uow, Kind.LOGIN_FAILED, by.user_id, by.origin, subject=about, details=details)
        return None
    await Passkeys(uow).use(passkey.id, signed.sign_count, by.now)
    return amr_of(PASSKEY, is_verified=signed.is_verified)


async def rename(uow: UnitOfWork, by: Acting, passkey_id: UUID, name: str) -> Passkey:
    """Give one of a user's passkeys another name.

    Raises:
        NotFound: it is not theirs, or there is none.
    """
    await Users(uow).lock(by.user_id)
    passkey = await Passkeys(uow).rename(by.user_id, passkey_id, name)
    if passkey is None:
        raise NotFound
    subject = ("passkey", str(passkey_id))
    await note(uow, Kind.PASSKEY_RENAMED, by.user_id, by.origin, subject=subject)
    return passkey


async def remove(uow: UnitOfWork, by: Acting, passkey_id: UUID) -> None:
    """Remove one of a user's passkeys.

    Raises:
        NotFound: it is not theirs, or there is none.
    """
    await Users(uow).lock(by.user_id)
    if not await Passkeys(uow).remove(by.user_id, only=passkey_id):
        raise NotFound
    await changes.removed(uow, by, "passkey", Kind.PASSKEY_REMOVED)
