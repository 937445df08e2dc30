"""Tells verifiers which access tokens are revoked, after COMMIT.

The database is the truth: what could not be published is read from it and published later.
"""

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog

from auth.domain.users import User
from auth.repository import ApiKeys, Sessions, Users
from kit.clock import Clock
from kit.db import Database
from kit.redis import RedisLine, RedisRefusedError
from kit.tokens import mark_complete, revoke_session, revoke_subject, run_of

RETRY_SECONDS: Final = 0.5

_log = structlog.get_logger(__name__)


class Revoker:
    """Publishes revocations; a failure never reaches the caller and is made up later.

    Args:
        lifetime: of an access token; older revocations need no publishing. A key is revoked as a
            session is, by its id.
    """

    def __init__(
        self, redis: RedisLine, database: Database, clock: Clock, *, lifetime: timedelta
    ) -> None:
        self.redis = redis
        self.database = database
        self._clock = clock
        self._lifetime = lifetime
        self._something_missing = asyncio.Event()
        # The last process may have died between COMMIT and publishing.
        self.something_is_missing()

    def something_is_missing(self) -> None:
        """Make `catch_up` publish all recent revocations again."""
        self._something_missing.set()

    async def sessions(self, session_ids: Iterable[UUID]) -> None:
        """Publish that these sessions' access tokens are revoked."""
        await self._try(sessions=tuple(session_ids))

    async def outdated(self, user: User) -> None:
        """Publish that the user's tokens of older token versions are revoked."""
        await self._try(subjects=((user.id, user.token_version),))

    async def catch_up(self) -> None:
        """Publish, for ever, what could not be published in time."""
        while True:
            await self._something_missing.wait()
            self._something_missing.clear()
            try:
                is_published = await self._publish_recent()
            except BaseException:
                self.something_is_missing()
                raise
            if not is_published:
                await asyncio.sleep(RETRY_SECONDS)

    async def _publish_recent(self) -> bool:
        run = await self._run()
        if run is None:
            return False
        since = self._clock.now() - self._lifetime
        async with self.database.read() as connection:
            sessions = await Sessions(connection).ended_since(since)
            sessions += await ApiKeys(connection).revoked_since(since)
            subjects = await Users(connection).outdated_since(since)
        # The run is older than what was read: what is committed later goes to it, or to the next.
        return await self._try(sessions=sessions, subjects=subjects, run=run)

    async def _run(self) -> str | None:
        try:
            return await run_of(self.redis)
        except (RedisRefusedError, OSError, TimeoutError):
            self.something_is_missing()
            return None

    async def _try(
        self,
        *,
        sessions: Iterable[UUID] = (),
        subjects: Iterable[tuple[UUID, int]] = (),
        run: str | None = None,
    ) -> bool:
        try:
            # Each has the limit of its line, which closes a connection that is silent for so long.
            for session_id in sessions:
                await revoke_session(self.redis, session_id)
            for user_id, token_version in subjects:
                await revoke_subject(self.redis, user_id, token_version)
            if run is not None:
                await mark_complete(self.redis, run)
        except (RedisRefusedError, OSError, TimeoutError) as error:
            _log.warning("revocations_not_published", error=type(error).__name__)
            self.something_is_missing()
            return False
        return True
