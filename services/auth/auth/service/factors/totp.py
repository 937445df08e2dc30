"""Enrols, checks and removes authenticator apps (RFC 6238)."""

from datetime import datetime
from uuid import UUID

import pyotp

from auth.crypto.vault import KeyVault
from auth.domain.audit import Kind
from auth.domain.factors.totp import Totp, step_of
from auth.refusals import TotpEnrolled, TotpNotBegun
from auth.repository import Totps, Users
from auth.service.factors import changes
from auth.service.factors.changes import Acting
from auth.service.factors.recovery import make_codes
from kit.db import UnitOfWork
from kit.refusals import NotFound

SECRET_CHARACTERS = 32  # of base32: 160 bits, as RFC 4226 §4 wants


async def enroll(uow: UnitOfWork, vault: KeyVault, user_id: UUID, now: datetime) -> str:
    """Make the key of an app, to be confirmed by its first code; return it in base32.

    Raises:
        TotpEnrolled: the user has an app.
    """
    secret = pyotp.random_base32(SECRET_CHARACTERS)
    sealed = vault.lock(_label(user_id), secret.encode())
    if not await Totps(uow).begin(user_id, sealed, now):
        raise TotpEnrolled
    return secret


async def confirm(uow: UnitOfWork, vault: KeyVault, by: Acting, code: str) -> list[str] | None:
    """Confirm an app by a code; return new recovery codes, None if the code is wrong.

    Raises:
        TotpNotBegun: there is no app, or it is confirmed already.
    """
    await Users(uow).lock(by.user_id)
    totp = await Totps(uow).lock(by.user_id)
    if totp is None or totp.confirmed_at is not None:
        raise TotpNotBegun
    if not await _use(uow, vault, totp, code, by.now):
        return None
    await changes.added(uow, by, "totp", Kind.TOTP_ENROLLED)
    return await make_codes(uow, by)


async def is_right(uow: UnitOfWork, vault: KeyVault, by: Acting, code: str) -> bool:
    """Use a code of a user's app; return whether it is right, and unused."""
    totp = await Totps(uow).lock(by.user_id)
    if totp is None or totp.confirmed_at is None:
        return False
    return await _use(uow, vault, totp, code, by.now)


async def remove(uow: UnitOfWork, by: Acting) -> None:
    """Remove a user's app.

    Raises:
        NotFound: there is none.
    """
    await Users(uow).lock(by.user_id)
    if not await Totps(uow).remove(by.user_id):
        raise NotFound
    await changes.removed(uow, by, "totp", Kind.TOTP_REMOVED)


async def reencrypt(uow: UnitOfWork, vault: KeyVault, after: UUID, limit: int) -> list[UUID]:
    """Encrypt the next apps' keys under the first secret; return whose they are.

    Raises:
        WrongKeySecretError: one was encrypted under a secret that the vault does not have.
    """
    found = await Totps(uow).lock_some(after, limit)
    opened = [(one.user_id, vault.unlock(_label(one.user_id), one.sealed)) for one in found]
    again = [(user_id, vault.lock(_label(user_id), secret)) for user_id, secret in opened]
    await Totps(uow).lock_again(again)
    return [one.user_id for one in found]


async def _use(uow: UnitOfWork, vault: KeyVault, totp: Totp, code: str, now: datetime) -> bool:
    secret = vault.unlock(_label(totp.user_id), totp.sealed).decode()
    step = step_of(secret, code, now, last_step=totp.last_step)
    if step is None:
        return False
    await Totps(uow).use(totp.user_id, step, now)
    return True


def _label(user_id: UUID) -> str:
    """Return what the key is encrypted for, so that it opens in no other row."""
    return f"totp {user_id}"
