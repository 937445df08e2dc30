"""Rotates signing keys when it is time, and signs with the keys that are stored.

Every process does so: the one that finds something due does it, and all find out.
"""

from typing import Final

from auth.crypto.signing import TokenSigner
from auth.crypto.vault import KeyVault
from auth.domain.keys import KeyRules, PublicKey, decide_rotation
from auth.repository import Keys
from auth.service.keys import rotate_if_due, unlocked
from kit.db import Database
from kit.logs import get_logger
from kit.tasks import for_ever

LOOK_SECONDS: Final = 5.0

log = get_logger(__name__)


class KeyRotation:
    """Keeps a signer's keys those of the table, and the table's up to date."""

    def __init__(
        self, database: Database, vault: KeyVault, signer: TokenSigner, rules: KeyRules
    ) -> None:
        self._database = database
        self._vault = vault
        self._signer = signer
        self._rules = rules

    async def look(self) -> None:
        """Carry out what is due, and sign by what is stored."""
        now = self._database.clock.now()
        stored = await self._stored()
        if decide_rotation([public for public, _ in stored], now, self._rules):
            async with self._database.unit_of_work() as uow:
                await rotate_if_due(uow, self._vault, self._rules, now)
            stored = await self._stored()
        if self._signer.use(unlocked(stored, self._vault)):
            log.info("signing_keys_changed", active=self._signer.kid, keys=len(stored))

    async def run(self) -> None:
        """Look again and again, until cancelled; a failure leaves the keys as they are."""
        await for_ever("auth.rotation", self.look, every_seconds=LOOK_SECONDS)

    async def _stored(self) -> list[tuple[PublicKey, bytes]]:
        async with self._database.read() as connection:
            return await Keys(connection).all()
