"""Loads the signing keys at every start, and makes one on first need."""

from datetime import datetime

from auth.crypto.signing import SigningKey, generate_key
from auth.crypto.vault import KeyVault
from auth.domain.keys import KeyStatus
from auth.repository import Keys
from kit.db import UnitOfWork


async def load_keys(uow: UnitOfWork, vault: KeyVault, now: datetime) -> list[SigningKey]:
    """Return every key; make an active one if there is none.

    Two processes that do so at the same time make one key.

    Raises:
        WrongKeySecretError: the stored keys were encrypted under another secret.
    """
    keys = Keys(uow)
    stored = await keys.all()
    if not any(public.status is KeyStatus.ACTIVE for public, _ in stored):
        made = generate_key(KeyStatus.ACTIVE)
        private = vault.lock(made.public.kid, made.private_der)
        await keys.add(made.public, private, now)
        stored = await keys.all()
    return [SigningKey(public, vault.unlock(public.kid, private)) for public, private in stored]
