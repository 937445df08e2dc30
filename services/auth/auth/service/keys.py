"""Makes, rotates and encrypts the signing keys."""

from datetime import datetime
from typing import Final

from auth.crypto.signing import SigningKey, generate_key
from auth.crypto.vault import KeyVault
from auth.domain.audit import Kind, Origin
from auth.domain.keys import KeyRules, KeyStatus, PublicKey, decide_rotation
from auth.repository import Keys
from auth.service.audit import note
from kit.db import UnitOfWork

# Rotations come from no address: the log says whether an operator or the schedule asked.
BY_OPERATOR: Final = Origin(address="command line")
BY_SCHEDULE: Final = Origin(address="schedule")


async def load_keys(uow: UnitOfWork, vault: KeyVault, now: datetime) -> list[SigningKey]:
    """Return every key; make an active one if there is none.

    Two processes that do so at the same time make one key.

    Raises:
        WrongKeySecretError: a stored key was encrypted under another secret.
    """
    keys = Keys(uow)
    stored = await keys.all()
    if not any(public.status is KeyStatus.ACTIVE for public, _ in stored):
        await _add(keys, vault, KeyStatus.ACTIVE, now)
        stored = await keys.all()
    return unlocked(stored, vault)


def unlocked(stored: list[tuple[PublicKey, bytes]], vault: KeyVault) -> list[SigningKey]:
    """Decrypt keys as they are stored; raises WrongKeySecretError."""
    return [SigningKey(public, vault.unlock(public.kid, private)) for public, private in stored]


async def rotate_if_due(uow: UnitOfWork, vault: KeyVault, rules: KeyRules, now: datetime) -> None:
    """Make, activate and remove the keys of which it is due.

    Units of work that do so at the same time do it once.
    """
    keys = Keys(uow)
    await keys.one_by_one()
    due = decide_rotation([public for public, _ in await keys.all()], now, rules)
    if due.makes_next:
        await _add(keys, vault, KeyStatus.NEXT, now)
    if due.activates is not None:
        await _activate(uow, due.activates, BY_SCHEDULE, now)
    for kid in due.removes:
        await keys.remove(kid)


async def rotate(uow: UnitOfWork, vault: KeyVault, now: datetime, *, at_once: bool) -> None:
    """Make a next key, unless there is one.

    It signs once it was published for long enough. At once, it signs now: verifiers that have not
    read it yet refuse its tokens for half a minute.
    """
    keys = Keys(uow)
    await keys.one_by_one()
    await _add(keys, vault, KeyStatus.NEXT, now)
    if at_once:
        [kid] = [public.kid for public, _ in await keys.all() if public.status is KeyStatus.NEXT]
        await _activate(uow, kid, BY_OPERATOR, now)


async def reencrypt(uow: UnitOfWork, vault: KeyVault) -> int:
    """Encrypt all private keys under the vault's first secret; return how many.

    Raises:
        WrongKeySecretError: one was encrypted under a secret that the vault does not have.
    """
    keys = Keys(uow)
    await keys.one_by_one()
    loaded = unlocked(await keys.all(), vault)
    for key in loaded:
        await keys.lock_again(key.public.kid, vault.lock(key.public.kid, key.private_der))
    return len(loaded)


async def _add(keys: Keys, vault: KeyVault, status: KeyStatus, now: datetime) -> None:
    made = generate_key(status, now)
    await keys.add(made.public, vault.lock(made.public.kid, made.private_der))


async def _activate(uow: UnitOfWork, kid: str, origin: Origin, now: datetime) -> None:
    await Keys(uow).activate(kid, now)
    await note(uow, Kind.KEY_ROTATED, None, origin, subject=("signing_key", kid))
