"""Owns Idempotency-Key: one effect and one answer for a repeated request.

The answer is stored in the transaction of its effect, for 24 hours. A refusal changed nothing, so
it is not stored and does not use the key up, also where it comes after the answer was stored.
Requests are the same that mean the same, however they are spelt. Does not retry anything itself.
"""

# ruff: noqa: S608 - the one text is put together from constants of this file, at import

import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from uuid import UUID

import orjson
from pydantic import BaseModel, SecretStr
from starlette.requests import Request

from kit.db.database import Database
from kit.db.purge import purge_in_batches
from kit.db.unit_of_work import UnitOfWork
from kit.http import REPLAYED
from kit.refusals import (
    IdempotencyInFlight,
    IdempotencyKeyMalformed,
    IdempotencyKeyReused,
    TooManyKeys,
)
from kit.tasks import for_ever
from kit.web.allowance import Allowance
from kit.web.answers import Answer
from kit.web.fields import COMPARED
from kit.web.identity import Identity
from kit.web.serving.bodies import aside

KEPT = timedelta(hours=24)

_MAX_LENGTH = 255
_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:-"
_DELETE_CHARACTERS = str.maketrans("", "", _CHARACTERS)
_PURGE_ROWS = 5_000
_PURGE_SECONDS = 600.0
_FULL_SECONDS = 3600
_FINGERPRINT_BYTES = 8
_SUCCESS_ENDS = 400

_COLUMNS = "user_id, operation, key, body_hash, body, status, answer, headers, created_at"
_PUT = f"INSERT INTO idempotency ({_COLUMNS}) SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9"
_OVER = (
    " ON CONFLICT (user_id, operation, key) DO UPDATE SET"
    " body_hash = excluded.body_hash, body = excluded.body, status = excluded.status,"
    " answer = excluded.answer, headers = excluded.headers,"
    " created_at = excluded.created_at"
)
_STORED = _PUT + _OVER
_IS_KEPT = (
    "SELECT EXISTS (SELECT FROM idempotency"
    " WHERE user_id = $1 AND operation = $2 AND key = $3 AND created_at >= $4)"
)
_PURGE = (
    "DELETE FROM idempotency WHERE ctid = ANY(ARRAY("
    "SELECT ctid FROM idempotency WHERE created_at < $1 LIMIT $2))"
)
# Returns how many answers were kept before, `$10` at most; then nothing is stored.
_COUNTED_AND_STORED = (
    "WITH kept AS (SELECT count(*) AS rows FROM (SELECT FROM idempotency WHERE user_id = $1"
    f" LIMIT $10) AS one), stored AS ({_PUT} FROM kept WHERE rows < $10{_OVER})"
    " SELECT rows FROM kept"
)

IdempotentWork = Callable[[UnitOfWork], Awaitable[Answer]]
Stands = Callable[[UnitOfWork, Answer], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class _Claim:
    """One request's key, and keyed hashes of what it says (never the values)."""

    user_id: str
    operation: str
    key: str
    digest: bytes
    fields: dict[str, str]
    most_keys: int
    allowance: Allowance

    @property
    def lock(self) -> int:
        """Return the key as a 64-bit number.

        A collision only makes two requests take turns.
        """
        name = orjson.dumps([self.user_id, self.operation, self.key])
        return int.from_bytes(blake2b(name, digest_size=8).digest(), signed=True)


async def idempotently(  # noqa: PLR0913 - all named at the call
    request: Request,
    caller: Identity,
    *,
    operation: str,
    body: BaseModel | None,
    work: IdempotentWork,
    without_key: Callable[[], Awaitable[Answer]] | None = None,
    stands: Stands | None = None,
) -> Answer:
    """Run `work` in a unit of work, once per Idempotency-Key of this caller.

    Args:
        request: The request; its path parameters count as part of what it says.
        caller: Whose key it is; another user's same key is another key.
        operation: Name of the operation (its operation id); keys of two operations differ.
        body: The validated body, compared field by field where a key comes again.
        work: Does it and returns the answer to give and to store; raises to refuse.
        without_key: Does the same for a request without a key, committed when it returns; where
            it is not given, `work` is run in a unit of work of its own.
        stands: Tells whether a stored answer is still true. It is not where it had only begun
            what was refused since; then the key is as good as new. By default every one is.

    Raises:
        IdempotencyKeyMalformed: the header is not 1 to 255 of the allowed characters.
        IdempotencyInFlight: the first request with this key is still running.
        IdempotencyKeyReused: the key came before with something else, in the named fields.
        TooManyKeys: as many answers are kept for this caller as may be.
        Unavailable: committed messages have waited too long to be sent.
    """
    database: Database = request.app.state.database
    database.require_no_backlog()
    given = _key_header(request)
    if given is None and without_key is not None:
        return await without_key()
    if given is None:
        async with database.unit_of_work() as uow:
            return await work(uow)
    key = read_key(given)
    claim = await aside(
        lambda: _claim(request, caller, operation, body, key=key),
        length=request.scope.get("saldo.body_bytes", 0),
    )
    async with database.unit_of_work() as uow:
        return await _once(uow, claim, work, stands)


async def is_answered(request: Request, caller: Identity, *, operation: str) -> bool:
    """Tell whether a request has an answer by its key, which it is given again.

    It is for work with a costly beginning: what else would be refused, can be refused before it.

    Raises:
        IdempotencyKeyMalformed: the header is not 1 to 255 of the allowed characters.
        Unavailable: committed messages have waited too long to be sent.
    """
    database: Database = request.app.state.database
    database.require_no_backlog()
    given = _key_header(request)
    if given is None:
        return False
    key, since = read_key(given), database.clock.now() - KEPT
    async with database.read() as connection:
        found = await connection.fetchval(_IS_KEPT, caller.subject, operation, key, since)
    return bool(found)


def _key_header(request: Request) -> str | None:
    """Return the header as it came; hardly any request has one, and the look is short."""
    for name, value in request.scope["headers"]:
        if name == b"idempotency-key":
            return str(value, "latin-1")
    return None


def read_key(header: str) -> str:
    """Return the key of an Idempotency-Key header, bare or quoted.

    Raises:
        IdempotencyKeyMalformed: it is not 1 to 255 of the allowed characters.
    """
    key = header.strip()
    if len(key) > 1 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not 1 <= len(key) <= _MAX_LENGTH or key.translate(_DELETE_CHARACTERS):
        raise IdempotencyKeyMalformed
    return key


async def purge(database: Database) -> int:
    """Delete answers older than 24 h, 5,000 at a time; return how many."""
    before = database.clock.now() - KEPT
    return await purge_in_batches(
        database, lambda uow: uow.execute(_PURGE, before, _PURGE_ROWS), _PURGE_ROWS
    )


async def keep_purged(database: Database) -> None:
    """Delete old answers every ten minutes until cancelled, as a background loop."""

    async def once() -> None:
        await purge(database)

    await for_ever("idempotency", once, every_seconds=_PURGE_SECONDS)


async def _once(
    uow: UnitOfWork, claim: _Claim, work: IdempotentWork, stands: Stands | None
) -> Answer:
    # There are two statements because the row must be read by a snapshot taken under the lock.
    if not await uow.fetchval("SELECT pg_try_advisory_xact_lock($1)", claim.lock):
        raise IdempotencyInFlight
    now = uow.clock.now()
    row = await uow.fetchrow(
        "SELECT body_hash, body, status, answer, headers FROM idempotency"
        " WHERE user_id = $1 AND operation = $2 AND key = $3 AND created_at >= $4",
        claim.user_id,
        claim.operation,
        claim.key,
        now - KEPT,
    )
    if row is not None:
        headers = {**row["headers"], REPLAYED: "true"}
        kept = Answer(row["status"], body=row["answer"], headers=headers, is_repeated=True)
        if stands is None or await stands(uow, kept):
            if not hmac.compare_digest(row["body_hash"], claim.digest):
                raise IdempotencyKeyReused(fields=_differing(row["body"], claim.fields))
            return kept
    answer = await work(uow)
    if answer.status_code < _SUCCESS_ENDS:
        await _keep(uow, claim, answer, now)
    return answer


async def _keep(uow: UnitOfWork, claim: _Claim, answer: Answer, now: datetime) -> None:
    values = (
        claim.user_id,
        claim.operation,
        claim.key,
        claim.digest,
        claim.fields,
        answer.status_code,
        answer.stored,
        answer.own_headers,
        now,
    )
    if claim.allowance.take(claim.user_id):
        await uow.execute(_STORED, *values)
        return
    if claim.allowance.is_full(claim.user_id, now):
        raise TooManyKeys(retry_after_seconds=_FULL_SECONDS)
    kept = await uow.fetchval(_COUNTED_AND_STORED, *values, claim.most_keys)
    free = claim.most_keys - kept - 1
    claim.allowance.learn(claim.user_id, free, now)
    if free < 0:
        raise TooManyKeys(retry_after_seconds=_FULL_SECONDS)


def _claim(
    request: Request, caller: Identity, operation: str, body: BaseModel | None, *, key: str
) -> _Claim:
    said = {} if body is None else _meaning(body)
    said |= {f"path.{name}": _same_id(value) for name, value in request.path_params.items()}
    secret: SecretStr = request.app.state.settings.cursor_secret
    hash_key = blake2b(secret.get_secret_value().encode(), person=b"idempotency").digest()
    return _Claim(
        user_id=caller.subject,
        operation=operation,
        key=key,
        digest=_hash(hash_key, said, size=32),
        fields={
            name: _hash(hash_key, [name, value], size=_FINGERPRINT_BYTES).hex()
            for name, value in said.items()
        },
        most_keys=request.app.state.settings.idempotency_keys,
        allowance=request.app.state.allowance,
    )


def _meaning(body: BaseModel) -> dict[str, object]:
    """Return what a body says, where a default that is spelt out counts as none."""
    return body.model_dump(mode="json", exclude_defaults=True, context=dict(COMPARED))


def _same_id(value: object) -> object:
    """Return an id in its one spelling, and other values as they are."""
    try:
        return str(UUID(str(value)))
    except ValueError:
        return value


def _hash(key: bytes, value: object, *, size: int) -> bytes:
    text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    return blake2b(text, key=key, digest_size=size).digest()


def _differing(first: Mapping[str, str], second: Mapping[str, str]) -> list[str]:
    return sorted(name for name in {*first, *second} if first.get(name) != second.get(name))
