"""Checks what somebody proves by who they are, beside the password."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from auth.crypto.passkeys import DeviceAnswer, RelyingParty
from auth.crypto.vault import KeyVault
from auth.domain.audit import Kind
from auth.domain.factors.challenges import ChallengeKind
from auth.domain.factors.methods import ONE_TIME_CODE, ProofMethod
from auth.domain.links import digest
from auth.domain.lockout import Failures, LockoutRules, require_unlocked
from auth.domain.users import User
from auth.refusals import InvalidCredentials, MfaTokenInvalid
from auth.repository import Challenges, Logins, Users
from auth.service.audit import note
from auth.service.factors import passkeys, recovery, totp
from auth.service.factors.challenges import open_challenge
from auth.service.factors.changes import Acting
from auth.service.sessions import Credentials
from kit.db import UnitOfWork


@dataclass(frozen=True, slots=True)
class Proof:
    """One proof: a code, a recovery code, or what a passkey has signed."""

    method: ProofMethod
    text: str = ""
    answer: DeviceAnswer | None = None


@dataclass(frozen=True, slots=True)
class Checker:
    """Checks proofs; it has what opens the apps' keys, and what verifies passkeys."""

    vault: KeyVault
    party: RelyingParty

    async def check(
        self,
        uow: UnitOfWork,
        by: Acting,
        proof: Proof,
        kind: ChallengeKind,
        failures: Failures,
    ) -> tuple[str, ...] | None:
        """Use a proof; return what it proves (RFC 8176), None if it is wrong.

        A wrong one is noted, which must be committed before the caller is refused. A user's codes
        are judged one by one, so those that were counted while this one waited count for it, too.

        Raises:
            LoginLocked: there were too many wrong ones.
            PasskeyRefused: the passkey is not the user's, or has signed something else.
        """
        require_unlocked(failures, by.now)
        await Users(uow).lock(by.user_id)
        words = await self._words(uow, by, proof, kind)
        require_unlocked(await Logins(uow).again(failures, by.now), by.now)
        if words is None and proof.answer is None:
            details = {"method": proof.method}
            await note(uow, Kind.TOTP_FAILED, by.user_id, by.origin, details=details)
        return words

    async def _words(
        self, uow: UnitOfWork, by: Acting, proof: Proof, kind: ChallengeKind
    ) -> tuple[str, ...] | None:
        if proof.answer is not None:
            return await passkeys.prove(uow, self.party, kind, by, proof.answer)
        if proof.method == "totp":
            is_right = await totp.is_right(uow, self.vault, by, proof.text)
        else:
            is_right = await recovery.is_right(uow, by, proof.text)
        return ONE_TIME_CODE if is_right else None


async def waiting_user(uow: UnitOfWork, mfa_token: str, now: datetime) -> User:
    """Return the user whose password was right, and whose second factor is waited for.

    User and token stay locked until the unit of work ends, so answers are judged one by one.

    Raises:
        MfaTokenInvalid: unknown or too old, five answers were wrong, or the password is a new one.
    """
    user_id = await Challenges(uow).owner(digest(mfa_token))
    if user_id is None:
        raise MfaTokenInvalid
    user = await Users(uow).lock(user_id)
    found = await open_challenge(uow, mfa_token, ChallengeKind.SECOND_FACTOR, now)
    if found is None or user.token_version != found.token_version:
        raise MfaTokenInvalid
    return user


async def person(
    uow: UnitOfWork, user_id: UUID, address: str, rules: LockoutRules, now: datetime
) -> Credentials:
    """Return a user as if the password had been checked, for another proof.

    Whether they have to wait is not checked: a passkey can't be guessed.

    Raises:
        InvalidCredentials: there is no such user any more.
    """
    user = await Users(uow).get(user_id)
    if user is None:
        raise InvalidCredentials
    found = await Logins(uow).find(user.username or user.email or "", address, now, rules)
    if found.user is None or found.password_hash is None:
        raise InvalidCredentials
    return Credentials(found.user, found.password_hash, found.failures)


async def judge(uow: UnitOfWork, mfa_token: str, *, is_right: bool) -> None:
    """End the token after a right answer, count a wrong one."""
    challenges = Challenges(uow)
    await (challenges.end if is_right else challenges.count_try)(digest(mfa_token))
