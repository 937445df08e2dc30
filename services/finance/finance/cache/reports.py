"""Decides whether a report is taken from the shelf or computed, and by whom.

A report is kept under the version of the book that it was computed from, and looked for under the
version that PostgreSQL has right now: what was written is never missing from it, whatever becomes
of Redis.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import Final, NamedTuple
from uuid import UUID

from prometheus_client import Counter

from finance.cache.shelf import ReportShelf, ShelfUnreachableError
from kit.ids import new_id
from kit.tasks import spawn

CLAIM_MILLISECONDS: Final = 10_000
_POLL_SECONDS: Final = 0.05
MOST_POLLS: Final = 60  # then it is computed twice

told_reports = Counter("saldo_report_cache", "Reports by where they came from", ["outcome"])


class CacheOutcome(StrEnum):
    """Says where an answer came from; ``BYPASS`` means that Redis was not to be had."""

    HIT = "hit"
    MISS = "miss"
    BYPASS = "bypass"


class ReportKey(NamedTuple):
    """Names a report: whose, which, and what was asked, as one text."""

    user_id: UUID
    operation: str
    asked: str

    def tag(self, version: int) -> str:
        """Return what is the same for two answers only where they are the same."""
        whole = f"{self.user_id} {version} {self.operation} {self.asked}"
        return blake2b(whole.encode(), digest_size=16).hexdigest()

    def name(self, version: int) -> str:
        """Return where the shelf keeps the report of a version of the book."""
        return f"saldo:finance:report:{self.tag(version)}"


class ComputedReport(NamedTuple):
    """A rendered report, and the version of the book that it was computed from."""

    version: int
    body: bytes


@dataclass(frozen=True, slots=True)
class CachedReport:
    """A rendered report, and where it came from."""

    body: bytes
    outcome: CacheOutcome


Computing = Callable[[], Awaitable[ComputedReport]]


class ReportCache:
    """Answers with kept reports where there are any.

    However many ask for one at once, one looks for it, and computes it where it must: in this
    process always, among several while Redis answers.
    """

    def __init__(self, shelf: ReportShelf, *, most_polls: int = MOST_POLLS) -> None:
        """Take the shelf, and how often it is looked whether another process is ready."""
        self._shelf = shelf
        self._most_polls = most_polls
        self._flights: dict[str, asyncio.Future[CachedReport]] = {}

    async def answer(self, key: ReportKey, version: int, compute: Computing) -> CachedReport:
        """Return a report of the book's version, or of a later one.

        Args:
            key: Which report.
            version: The book's, as just read.
            compute: Reads one state of the book, and tells its version.
        """
        name = key.name(version)
        found = await self._together(name, lambda: self._found(key, name, compute))
        told_reports.labels(found.outcome.value).inc()
        return found

    async def _found(self, key: ReportKey, name: str, compute: Computing) -> CachedReport:
        try:
            kept = await self._shelf.get(name)
        except ShelfUnreachableError:
            return await _bypassed(compute)
        if kept is not None:
            return CachedReport(kept, CacheOutcome.HIT)
        return await self._filled(key, name, compute)

    async def _together(
        self, name: str, work: Callable[[], Awaitable[CachedReport]]
    ) -> CachedReport:
        """Return what is under way under a name, begun here where nothing is.

        It goes on where who began it has gone: others may wait for it.
        """
        flight = self._flights.get(name)
        if flight is None:
            flight = self._flights[name] = asyncio.get_running_loop().create_future()
            spawn(self._fly(name, flight, work), "finance.report")
        return await asyncio.shield(flight)

    async def _fly(
        self,
        name: str,
        flight: asyncio.Future[CachedReport],
        work: Callable[[], Awaitable[CachedReport]],
    ) -> None:
        try:
            flight.set_result(await work())
        except Exception as error:  # noqa: BLE001 - it is whoever waits for it who is told
            flight.set_exception(error)
            flight.exception()  # nobody may be left who waits
        finally:
            flight.cancel()  # only where the process stops; no effect on one that is done
            del self._flights[name]

    async def _filled(self, key: ReportKey, name: str, compute: Computing) -> CachedReport:
        claim, claimant = f"{name}:claim", new_id().bytes
        try:
            kept = await self._claimed_or_kept(name, claim, claimant)
        except ShelfUnreachableError:
            return await _bypassed(compute)
        if kept is not None:
            return CachedReport(kept, CacheOutcome.HIT)
        try:
            computed = await compute()
            await self._shelf.put(key.name(computed.version), computed.body)
        except ShelfUnreachableError:
            return CachedReport(computed.body, CacheOutcome.BYPASS)
        finally:
            with suppress(ShelfUnreachableError):
                await self._shelf.release(claim, claimant)
        return CachedReport(computed.body, CacheOutcome.MISS)

    async def _claimed_or_kept(self, name: str, claim: str, claimant: bytes) -> bytes | None:
        """Return what another process has computed meanwhile; None where it is on us."""
        for _ in range(self._most_polls):
            if await self._shelf.claim(claim, claimant, CLAIM_MILLISECONDS):
                return None
            await asyncio.sleep(_POLL_SECONDS)
            if (kept := await self._shelf.get(name)) is not None:
                return kept
        return None


async def _bypassed(compute: Computing) -> CachedReport:
    return CachedReport((await compute()).body, CacheOutcome.BYPASS)
