"""Builds a token verifier whose time, keys and revocations a test states."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

from kit.redis import RedisLine
from kit.tokens import KeySet, Revocations, TokenVerifier, mark_complete, run_of
from testkit.tokens import AUDIENCE, ISSUER, TokenMint


@dataclass
class Time:
    """Tells one time as wall clock and as monotonic clock."""

    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    elapsed: float = 1000.0

    def now(self) -> datetime:
        """Return the present."""
        return self.at

    def monotonic(self) -> float:
        """Return seconds since some moment."""
        return self.elapsed

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.at += timedelta(seconds=seconds)
        self.elapsed += seconds


@dataclass
class RunningTime(Time):
    """Tells the real time, and what a test lets pass beside."""

    ahead: float = 0.0

    def now(self) -> datetime:
        """Return the present."""
        return datetime.now(UTC) + timedelta(seconds=self.ahead)

    def monotonic(self) -> float:
        """Return seconds since some moment."""
        return monotonic() + self.ahead

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.ahead += seconds


@dataclass
class KeyPublisher:
    """A key set that can change or be away; it counts how often it was asked for."""

    document: Mapping[str, Any]
    fetches: int = 0
    away: bool = False

    async def fetch(self) -> Mapping[str, Any]:
        """Answer as the published address would."""
        self.fetches += 1
        if self.away:
            raise ValueError("not there")
        return self.document


async def fill_redis(url: str) -> None:
    """Mark a Redis as complete, as auth does once it has published all."""
    redis = RedisLine(url)
    await mark_complete(redis, await run_of(redis))
    redis.close()


class StatedRevocations(Revocations):
    """Revocations as a test states them.

    Following them is tested against a real Redis.
    """

    def __init__(self) -> None:
        self.is_fresh = True
        self._sessions = {}
        self._versions = {}

    @property
    def fresh(self) -> bool:
        """Tell whether revocations count as known, as the test says."""
        return self.is_fresh

    async def catch_up(self) -> None:
        """Wait for nothing: that makes no statement true."""

    def revoke_session(self, session_id: str) -> None:
        """Deny the session's tokens."""
        self._sessions[session_id] = 0

    def revoke_versions_below(self, subject: str, version: int) -> None:
        """Deny the subject's older tokens."""
        self._versions[subject] = (version, 0)


@dataclass
class Desk:
    """A verifier with everything that it works with."""

    mint: TokenMint
    time: Time
    publisher: KeyPublisher
    keys: KeySet
    revocations: StatedRevocations
    verifier: TokenVerifier

    @classmethod
    async def open(cls, *, time: Time | None = None, cache_entries: int = 100) -> "Desk":
        """Set everything up so that the mint's good tokens are accepted.

        ``time`` runs by default; a `Time` stands still until it is turned.
        """
        mint = TokenMint()
        time = time or RunningTime()
        publisher = KeyPublisher(mint.jwks())
        keys = KeySet(publisher.fetch, monotonic=time.monotonic)
        await keys.refresh()
        revocations = StatedRevocations()
        verifier = TokenVerifier(
            keys,
            revocations,
            issuer=ISSUER,
            audience=AUDIENCE,
            clock=time,
            monotonic=time.monotonic,
            cache_entries=cache_entries,
        )
        return cls(mint, time, publisher, keys, revocations, verifier)
