"""Tells the other processes of a service of commits here, and hears of theirs.

By NOTIFY, outside the business transactions: see `RemoteWaker`. A process that hears of no other
only greets, every five seconds.
"""

import asyncio
import math
from typing import Any, Final

from kit.db.database import Database
from kit.messaging.relay import connected
from kit.tasks import for_ever
from kit.wake_up import WakeUp

HELLO_SECONDS: Final = 5.0
FORGOTTEN_SECONDS: Final = 3 * HELLO_SECONDS
PAUSE_SECONDS: Final = 0.01  # commits in between are told at once

_CHANNEL: Final = "commits"
_TELL: Final = f"SELECT pg_notify(current_schema() || '_{_CHANNEL}', '')"


class Peers:
    """The other processes that run the same service."""

    def __init__(self, database: Database, url: str) -> None:
        """Take the database whose commits to tell of, and the URL to connect to."""
        self._database = database
        self._url = url
        self._commits = WakeUp()
        self._heard_at = -math.inf
        database.wake_up.also_sets(self._commits)

    async def run(self) -> None:
        """Tell and hear, until cancelled."""
        await for_ever(f"{self._database.name}.replicas", self._once)

    async def _once(self) -> None:
        clock = asyncio.get_running_loop().time
        async with connected(self._url) as connection:
            schema = await connection.fetchval("SELECT current_schema()")
            await connection.add_listener(f"{schema}_{_CHANNEL}", self._on_notify)
            self._database.elsewhere.set()  # what was told before is not heard
            told_at = -math.inf
            while True:
                # A greeting is told like a commit: who hears of it looks once in vain.
                is_due = clock() - told_at >= HELLO_SECONDS
                if is_due or clock() - self._heard_at < FORGOTTEN_SECONDS:
                    await connection.execute(_TELL)
                    told_at = clock()
                await asyncio.sleep(PAUSE_SECONDS)
                await self._commits.wait(HELLO_SECONDS)

    def _on_notify(self, connection: Any, pid: int, *_: Any) -> None:
        if pid != connection.get_server_pid():
            is_new = self._heard_at == -math.inf
            self._heard_at = asyncio.get_running_loop().time()
            self._database.elsewhere.set()
            if is_new:
                self._commits.set()  # so that it hears of this process, too
