"""Carries revocations from auth to every verifier, by one Redis stream.

Auth appends to the stream; each verifier follows it and keeps what it says in memory, so that a
check costs a dictionary look-up. A verifier that can't follow knows that it can't, and so does one
whose Redis has started anew, perhaps with less than it had: until auth has published all again and
marked that. Does not decide who is revoked.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

import structlog

from kit.redis import RedisLine, RedisLink, RedisWord

STREAM: Final = "saldo:revocations"
# Which run of the Redis server holds all there is: only auth writes it.
MARK: Final = "saldo:revocations:complete"
# No access token may live longer than revocations are kept: verifier.py refuses such a token.
RETENTION: Final = timedelta(hours=1)
# A revocation is known within a second, or nobody passes: an answer says what was true when it was
# asked for, or, where nothing came, until the server had waited; and that leaves time for another.
STALE_AFTER_SECONDS: Final = 1.0
BLOCK_MILLISECONDS: Final = 400
# Nobody passes until auth has marked the server's run, and a mark ends no wait.
UNMARKED_BLOCK_MILLISECONDS: Final = 100
READ_TIMEOUT_SECONDS: Final = 0.8
PAGE: Final = 1000
PRUNE_SECONDS: Final = 60.0
RETRY_SECONDS: Final = 0.1
# A process or a machine that stood still knows nothing new, and will in a moment. Its read may have
# ended by its time limit, so there is one more; who fails that too waits for what isn't there.
TRIES: Final = 2
LONGEST_WAIT_SECONDS: Final = 2.0

_log = structlog.get_logger(__name__)


async def revoke_session(redis: RedisLine, session_id: object) -> str:
    """Revoke the access tokens of a session at every verifier; return the entry's id."""
    return await _append(redis, "kind", "sid", "id", str(session_id))


async def revoke_subject(redis: RedisLine, subject: object, token_version: int) -> str:
    """Revoke the subject's access tokens with a smaller `tv`; return the entry's id."""
    return await _append(redis, "kind", "sub", "id", str(subject), "tv", token_version)


async def run_of(redis: RedisLine) -> str:
    """Return the id that the Redis server has had since it started."""
    return _run_in(await redis.call("INFO", "server"))


async def mark_complete(redis: RedisLine, run: str) -> None:
    """Say that a run of the Redis server holds every revocation that counts still."""
    await redis.call("SET", MARK, run)


async def _append(redis: RedisLine, *fields: RedisWord) -> str:
    oldest = f"{_horizon_milliseconds()}-0"
    return _text(await redis.call("XADD", STREAM, "MINID", "~", oldest, "*", *fields))


def _horizon_milliseconds() -> int:
    # The machine's own clock, because stream ids are the Redis server's.
    return int((time.time() - RETENTION.total_seconds()) * 1000)


class Revocations:
    """Holds what was revoked within `RETENTION`; `follow` keeps it up to date."""

    def __init__(
        self, redis: RedisLine, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._redis = redis
        self._monotonic = monotonic
        self._sessions: dict[str, int] = {}
        self._versions: dict[str, tuple[int, int]] = {}
        self._caught_up_at: float | None = None
        self._pruned_at = monotonic()
        self._tell_of_loss: Callable[[], None] = _nobody_asks
        self._failures = TRIES  # as long as nobody follows
        self._tried = asyncio.Event()

    def when_incomplete(self, tell: Callable[[], None]) -> None:
        """Call this with each reading of a server that is not marked."""
        self._tell_of_loss = tell

    @property
    def fresh(self) -> bool:
        """Tell whether all was known at some time within `STALE_AFTER_SECONDS`."""
        at = self._caught_up_at
        return at is not None and self._monotonic() - at <= STALE_AFTER_SECONDS

    async def catch_up(self) -> None:
        """Wait until all is known, but no longer than another try may bring it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_WAIT_SECONDS):
                while not self.fresh and self._failures < TRIES:
                    await self._tried.wait()

    def denies(self, session_id: str, subject: str, token_version: int) -> bool:
        """Tell whether a token with these claims has been revoked."""
        if session_id in self._sessions:
            return True
        newest = self._versions.get(subject)
        return newest is not None and token_version < newest[0]

    async def follow(self) -> None:
        """Follow the stream for ever.

        After every interruption it is read again from the horizon: reading a revocation twice is
        harmless, and a Redis that came back with a shorter stream must not leave a gap.
        """
        self._failures = 0
        try:
            while True:
                try:
                    await self._follow_once()
                except Exception as error:  # noqa: BLE001 - to end is to miss all to come
                    _log.warning("revocations_unreadable", error=type(error).__name__)
                    self._end_try(self._failures + 1)
                    await asyncio.sleep(RETRY_SECONDS)
        finally:
            self._end_try(TRIES)

    async def _follow_once(self) -> None:
        async with asyncio.timeout(READ_TIMEOUT_SECONDS):
            link = await self._redis.open()
        try:
            await self._follow_link(link)
        finally:
            link.close()

    async def _follow_link(self, link: RedisLink) -> None:
        """Read on for as long as the connection lasts."""
        (info,) = await _asked(link, ("INFO", "server"))
        run = _run_in(info)
        last_id, block = f"{_horizon_milliseconds()}-0", UNMARKED_BLOCK_MILLISECONDS
        while True:
            asked_at = self._monotonic()
            read = ("XREAD", "COUNT", PAGE, "BLOCK", block, "STREAMS", STREAM, last_id)
            mark, reply = await _asked(link, ("GET", MARK), read)
            entries = _entries(reply)
            for entry_id, fields in entries:
                last_id = entry_id
                self._take_in(entry_id, fields)
            known_at = asked_at
            # Not if it ended sooner, as by a server whose clock was put forward.
            if not entries and self._monotonic() >= asked_at + block / 1000:
                known_at += block / 1000
            block = BLOCK_MILLISECONDS
            if mark is None or _text(mark) != run:
                block = UNMARKED_BLOCK_MILLISECONDS
                self._tell_of_loss()
                self._end_try(TRIES)
            elif len(entries) < PAGE:
                self._caught_up_at = known_at
                self._end_try(0)
            self._prune()

    def _end_try(self, failures: int) -> None:
        self._failures = failures
        self._tried.set()
        self._tried = asyncio.Event()

    def _take_in(self, entry_id: str, fields: Mapping[str, str]) -> None:
        at = int(entry_id.partition("-")[0])
        match fields:
            case {"kind": "sid", "id": session_id}:
                self._sessions[session_id] = at
            case {"kind": "sub", "id": subject, "tv": version} if version.isdigit():
                known, _ = self._versions.get(subject, (0, 0))
                self._versions[subject] = (max(known, int(version)), at)
            case _:
                _log.warning("revocation_not_understood", entry=entry_id)

    def _prune(self) -> None:
        now = self._monotonic()
        if now - self._pruned_at < PRUNE_SECONDS:
            return
        self._pruned_at = now
        horizon = _horizon_milliseconds()
        self._sessions = {sid: at for sid, at in self._sessions.items() if at > horizon}
        self._versions = {sub: (tv, at) for sub, (tv, at) in self._versions.items() if at > horizon}


def _nobody_asks() -> None:
    pass


async def _asked(link: RedisLink, *commands: tuple[RedisWord, ...]) -> list[Any]:
    """Return the answers to commands that are sent together."""
    # The server blocks for less than the limit, so hitting it means a dead connection.
    async with asyncio.timeout(READ_TIMEOUT_SECONDS):
        return await asyncio.gather(*link.ask(*commands))


def _run_in(info: bytes) -> str:
    lines = (line.partition(":") for line in _text(info).splitlines())
    return next(value for name, _, value in lines if name == "run_id")


def _entries(reply: Any) -> list[tuple[str, dict[str, str]]]:
    """Return the entries of an XREAD reply for our one stream, decoded to text."""
    found = []
    for _, entries in reply or ():
        for entry_id, fields in entries:
            texts = [_text(field) for field in fields]
            found.append((_text(entry_id), dict(zip(texts[::2], texts[1::2], strict=True))))
    return found


def _text(value: bytes) -> str:
    return value.decode(errors="replace")
