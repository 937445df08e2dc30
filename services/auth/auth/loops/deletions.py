"""Deletes users so that none disappears with money and none is left half deleted.

A deletion is stored first. Then the user is either deleted or reopened: by the request itself, or
by the loop if the request's process died.
"""

from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Final
from uuid import UUID

import structlog

from auth.clients.services import ClosingClient, Obstacles
from auth.domain.users import User
from auth.refusals import DeletionUnderWay, UserAlreadyActive
from auth.repository import Users
from auth.service import users
from contracts.payments import PaymentsOpen
from contracts.wallet import WalletNotEmpty
from kit.clock import Clock
from kit.db import Database
from kit.refusals import Language, NotFound, Refusal, Unavailable
from kit.tasks import for_ever

# Far longer than all requests of one deletion can take.
ABANDONED_AFTER: Final = timedelta(minutes=2)
LOOK_SECONDS: Final = 15.0
PENDING_SECONDS: Final = 3600.0
PENDING_AT_ONCE: Final = 100
_STAYS: Final = (PaymentsOpen, WalletNotEmpty, DeletionUnderWay, NotFound, UserAlreadyActive)

log = structlog.get_logger(__name__)


class DeletionWorker:
    """Carries out deletions, in several units of work with calls between them."""

    def __init__(self, database: Database, clock: Clock, services: ClosingClient) -> None:
        self._database = database
        self._clock = clock
        self._services = services

    async def leave(self, user_id: UUID, language: Language, *, also_active: bool = True) -> User:
        """Close a user at payments and wallet, then delete; return the deleted user.

        Raises:
            UserAlreadyActive: only whoever never activated is meant, and the user has.
            PaymentsOpen, WalletNotEmpty: they refuse to close the user, who stays.
            LastAdmin: no administrator would be left.
            DeletionUnderWay: another request is doing it, or was cut short.
            NotFound: there is no such user.
            Unavailable: payments or wallet gave no answer; the user stays.
        """
        async with self._database.unit_of_work() as uow:
            attempt = await users.begin_deletion(
                uow, user_id, self._clock.now(), ABANDONED_AFTER, also_active=also_active
            )
        try:
            standing = await self._services.close(user_id, language)
            if standing:
                raise _refusal(standing)
            async with self._database.unit_of_work() as uow:
                return await users.delete(
                    uow, user_id, attempt, self._clock.now(), also_active=also_active
                )
        except DeletionUnderWay:
            raise  # another attempt has taken over, and reopens or deletes
        except Refusal:
            # Here nothing was deleted for certain; all other failures are left to the loop.
            await self._reopen(user_id, attempt)
            raise

    async def resume(self) -> bool:
        """Reopen one user whose deletion was cut short; return False if there is none."""
        now = self._clock.now()
        async with self._database.unit_of_work() as uow:
            found = await users.take_abandoned(uow, now, ABANDONED_AFTER)
        if found is None:
            return False
        log.warning("deletion_was_cut_short", user_id=str(found.user_id))
        return await self._reopen(found.user_id, found.attempt)

    async def delete_pending(self, kept: timedelta) -> None:
        """Delete users who have not activated for so long.

        Whoever has been paid meanwhile stays, and so does who activates at that moment.

        Raises:
            Unavailable: payments or wallet gave no answer.
        """
        last = UUID(int=0)
        while True:
            async with self._database.read() as connection:
                before = self._clock.now() - kept
                found = await Users(connection).pending_since(before, last, PENDING_AT_ONCE)
            if not found:
                return
            last = found[-1]
            for user_id in found:
                with suppress(*_STAYS):
                    await self.leave(user_id, "en", also_active=False)

    async def run(self) -> None:
        """Resume deletions that were cut short, for ever."""
        await for_ever("auth.deletions", self.resume, every_seconds=LOOK_SECONDS)

    async def run_for_pending(self, kept: timedelta) -> None:
        """Delete users who never activate, for ever."""
        deleting = partial(self.delete_pending, kept)
        await for_ever("auth.pending", deleting, every_seconds=PENDING_SECONDS)

    async def _reopen(self, user_id: UUID, attempt: UUID) -> bool:
        try:
            await self._services.reopen(user_id)
        except Unavailable:
            log.warning("reopening_is_put_off", user_id=str(user_id))
            return False
        async with self._database.unit_of_work() as uow:
            await users.end_deletion(uow, user_id, attempt)
        return True


def _refusal(standing: list[Obstacles]) -> Refusal:
    """Return one refusal with all reasons; its class is that of the first."""
    faults = [fault for one in standing for fault in one.faults]
    if standing[0].code == PaymentsOpen.code:
        return PaymentsOpen(errors=faults)
    return WalletNotEmpty(errors=faults)
