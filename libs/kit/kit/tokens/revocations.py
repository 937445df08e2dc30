"""Carries revocations from auth to every verifier, by one Redis stream.

Auth appends to the stream; each verifier follows it and keeps what it says in memory, so that a
check costs a dictionary look-up. A verifier that can't follow knows that it can't, and so does one
whose Redis has started anew, perhaps with less than it had: until auth has published all again and
marked that. Does not decide who is revoked.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

import structlog
from redis.asyncio import Redis
from redis.asyncio.connection import Connection
from redis.typing import EncodableT, FieldT

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

_log = structlog.get_logger(__name__)


async def revoke_session(redis: Redis, session_id: object) -> str:
    """Revoke the access tokens of a session at every verifier; return the entry's id."""
    return await _append(redis, {"kind": "sid", "id": str(session_id)})


async def revoke_subject(redis: Redis, subject: object, token_version: int) -> str:
    """Revoke the subject's access tokens with a smaller `tv`; return the entry's id."""
    return await _append(redis, {"kind": "sub", "id": str(subject), "tv": str(token_version)})


async def run_of(redis: Redis) -> str:
    """Return the id that the Redis server has had since it started."""
    return str((await redis.info("server"))["run_id"])


async def mark_complete(redis: Redis, run: str) -> None:
    """Say that a run of the Redis server holds every revocation that counts still."""
    await redis.set(MARK, run)


async def _append(redis: Redis, fields: dict[FieldT, EncodableT]) -> str:
    horizon = _horizon_milliseconds()
    return _text(await redis.xadd(STREAM, fields, minid=f"{horizon}-0", approximate=True))


def _horizon_milliseconds() -> int:
    # The machine's own clock, because stream ids are the Redis server's.
    return int((time.time() - RETENTION.total_seconds()) * 1000)


class Revocations:
    """Holds what was revoked within `RETENTION`; `follow` keeps it up to date."""

    def __init__(self, redis: Redis, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._redis = redis
        self._monotonic = monotonic
        self._sessions: dict[str, int] = {}
        self._versions: dict[str, tuple[int, int]] = {}
        self._caught_up_at: float | None = None
        self._pruned_at = monotonic()
        self._tell_of_loss: Callable[[], None] = _nobody_asks

    def when_incomplete(self, tell: Callable[[], None]) -> None:
        """Call this with each reading of a server that is not marked."""
        self._tell_of_loss = tell

    @property
    def fresh(self) -> bool:
        """Tell whether all was known at some time within `STALE_AFTER_SECONDS`."""
        at = self._caught_up_at
        return at is not None and self._monotonic() - at <= STALE_AFTER_SECONDS

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
        pool = self._redis.connection_pool
        while True:
            # One of its own: only a connection that is never made again leads to one run.
            connection: Connection = pool.make_connection()  # type: ignore[no-untyped-call]
            try:
                await self._follow_connection(connection)
            except Exception as error:  # noqa: BLE001 - to stop following is to miss all to come
                _log.warning("revocations_unreadable", error=type(error).__name__)
                await asyncio.sleep(RETRY_SECONDS)
            finally:
                await connection.disconnect(nowait=True)

    async def _follow_connection(self, connection: Connection) -> None:
        """Read on for as long as the connection lasts."""
        (run,) = await self._ask(connection, ("INFO", "server"))
        last_id, block = f"{_horizon_milliseconds()}-0", UNMARKED_BLOCK_MILLISECONDS
        while True:
            asked_at = self._monotonic()
            read = ("XREAD", "COUNT", PAGE, "BLOCK", block, "STREAMS", STREAM, last_id)
            mark, reply = await self._ask(connection, ("GET", MARK), read)
            entries = _entries(reply)
            for entry_id, fields in entries:
                last_id = entry_id
                self._take_in(entry_id, fields)
            known_at = asked_at
            # Not if it ended sooner, as by a server whose clock was put forward.
            if not entries and self._monotonic() >= asked_at + block / 1000:
                known_at += block / 1000
            block = BLOCK_MILLISECONDS
            if mark is None or _text(mark) != run["run_id"]:
                block = UNMARKED_BLOCK_MILLISECONDS
                self._tell_of_loss()
            elif len(entries) < PAGE:
                self._caught_up_at = known_at
            self._prune()

    async def _ask(self, connection: Connection, *commands: tuple[EncodableT, ...]) -> list[Any]:
        """Return the answers to commands that are sent together."""
        # The server blocks for less than the limit, so hitting it means a dead connection.
        async with asyncio.timeout(READ_TIMEOUT_SECONDS):
            await connection.send_packed_command(connection.pack_commands(commands))
            answers = [
                await self._redis.parse_response(connection, str(name)) for name, *_ in commands
            ]
        _stop_if_cancelled()
        return answers

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


def _stop_if_cancelled() -> None:
    # redis-py 8.1 loses a cancellation that arrives during its handshake with the server.
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _nobody_asks() -> None:
    pass


def _entries(reply: Any) -> list[tuple[str, dict[str, str]]]:
    """Return the entries of an XREAD reply for our one stream, decoded to text."""
    return [
        (_text(entry_id), {_text(name): _text(value) for name, value in fields.items()})
        for _, entries in reply or ()
        for entry_id, fields in entries
    ]


def _text(value: bytes | str) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else value
