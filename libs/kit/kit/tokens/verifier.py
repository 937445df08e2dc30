"""Decides whether an access token is good.

It does not know what the bearer may do with it: that is the business of each operation.
"""

import base64
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Annotated, Final, Literal, Self
from uuid import UUID

import httpx
from jwt.algorithms import ECAlgorithm
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kit.clock import Clock, SystemClock
from kit.money import MAX_MINOR, Money
from kit.refusals import TokenInvalid, Unavailable
from kit.tasks import spawn, stop
from kit.tokens.jwks import KeySet, http_source
from kit.tokens.revocations import RETENTION, Revocations
from kit.trust import TRUST

LARGEST_TOKEN_CHARACTERS: Final = 8 * 1024
LEEWAY_SECONDS: Final = 5
CACHE_SECONDS: Final = 60.0
CACHE_ENTRIES: Final = 20_000
SERVICE_PREFIX: Final = "svc:"

_ES256 = ECAlgorithm(ECAlgorithm.SHA256)


@dataclass(frozen=True, slots=True)
class Claims:
    """Says who an access token speaks for, after every check was passed.

    `user_id`, `session_id` are set for users only, `service` (the name without its `svc:`) for
    services only. `scope` is what the token is limited to, None where to nothing but the roles.
    `wallet_ids` and `per_day` bound an API key further: the wallets that it works with, and how
    much it may pay in a day (UTC); None bounds nothing. `has_factor`: the user had a second factor
    enrolled when it was issued. `confirm_above`: the amounts, in minor units by currency, above
    which the user wants to be asked anew who they are.
    """

    subject: str
    user_id: UUID | None
    session_id: UUID | None
    token_version: int
    roles: frozenset[str]
    service: str | None
    expires_at: datetime
    auth_time: datetime | None
    amr: tuple[str, ...]
    has_factor: bool
    scope: frozenset[str] | None = None
    wallet_ids: frozenset[UUID] | None = None
    per_day: Money | None = None
    confirm_above: Mapping[str, int] = field(default_factory=dict[str, int])


class _Header(BaseModel):
    """JOSE header (RFC 7515 §4), without `jwk`, `jku` and `x5u`: they are never read."""

    model_config = ConfigDict(strict=True, extra="ignore")

    alg: Literal["ES256"]
    typ: Literal["at+jwt"]
    kid: Annotated[str, Field(pattern=r"\A[A-Za-z0-9_-]{43}\z")]
    crit: None = None
    zip: None = None


# The last second that a datetime can hold is the upper bound.
_EpochSeconds = Annotated[int, Field(ge=0, le=253_402_300_799)]
_Minor = Annotated[int, Field(ge=0, le=MAX_MINOR)]
_Currency = Annotated[str, Field(pattern=r"\A[A-Z]{3}\z")]


class _PerDay(BaseModel):
    """The private claim `per_day`: what an API key may pay in a day, in minor units."""

    model_config = ConfigDict(strict=True, extra="forbid")

    minor: _Minor
    currency: _Currency


class _Payload(BaseModel):
    """The claims of RFC 9068 that auth issues, with their types."""

    model_config = ConfigDict(strict=True, extra="ignore")

    iss: str
    sub: Annotated[str, Field(min_length=1, max_length=100)]
    aud: str
    exp: _EpochSeconds
    iat: _EpochSeconds
    jti: str
    roles: frozenset[str]
    sid: UUID | None = None
    tv: Annotated[int, Field(ge=0)] | None = None
    auth_time: _EpochSeconds | None = None
    amr: tuple[str, ...] = ()
    client_id: str | None = None
    scope: str | None = None
    wallet_ids: frozenset[UUID] | None = None
    per_day: _PerDay | None = None
    factor: bool = False
    confirm_above: dict[_Currency, _Minor] = Field(default_factory=dict[str, int])


@dataclass(slots=True)
class _Verified:
    claims: Claims
    kid: str
    session_id: str
    token_version: int
    is_user: bool
    good_until: datetime
    cached_until: float


class TokenVerifier:
    """Verifies access tokens by published keys and followed revocations.

    A verified token is remembered (by its SHA-256 only) for at most a minute; each use still checks
    its expiry, the revocations, and whether its key is still published.
    """

    def __init__(  # noqa: PLR0913 - collaborators, clocks and a bound, all named at the call
        self,
        keys: KeySet,
        revocations: Revocations,
        *,
        issuer: str,
        audience: str,
        clock: Clock | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        cache_entries: int = CACHE_ENTRIES,
    ) -> None:
        self._keys = keys
        self._revocations = revocations
        self._issuer = issuer
        self._audience = audience
        self._clock = clock or SystemClock()
        self._monotonic = monotonic
        self._cache_entries = cache_entries
        self._cache: dict[bytes, _Verified] = {}
        self._running = AsyncExitStack()

    @classmethod
    async def open(
        cls,
        jwks_url: str,
        *,
        issuer: str,
        audience: str,
        revocations: Revocations,
        client: httpx.AsyncClient | None = None,
    ) -> Self:
        """Start to fetch keys and to follow revocations; return before either has arrived.

        The service whose own keys these are opens a verifier too, before it can answer the fetch:
        so readiness (`require_ready`) waits, and opening does not. A `client` is its owner's.
        """
        running = AsyncExitStack()
        if client is None:
            made = httpx.AsyncClient(trust_env=False, verify=TRUST)
            client = await running.enter_async_context(made)
        verifier = cls(
            KeySet(http_source(jwks_url, client)),
            revocations,
            issuer=issuer,
            audience=audience,
        )
        verifier._running = running
        tasks = [
            spawn(verifier._keys.keep_fresh(), "tokens.jwks"),
            spawn(revocations.follow(), "tokens.revocations"),
        ]
        running.push_async_callback(stop, tasks)
        return verifier

    async def close(self) -> None:
        """Stop the background work; the Redis client is left to its owner."""
        await self._running.aclose()

    @property
    def keys_loaded(self) -> bool:
        """Tell whether a key set has been fetched."""
        return self._keys.loaded

    @property
    def revocations_fresh(self) -> bool:
        """Tell whether a revocation made a second ago would be known."""
        return self._revocations.fresh

    def when_revocations_are_lost(self, tell: Callable[[], None]) -> None:
        """Call this whenever the Redis that is followed is not marked as complete."""
        self._revocations.when_incomplete(tell)

    async def require_ready(self) -> None:
        """Raise Unavailable unless user tokens can be verified now."""
        if not (self.keys_loaded and self.revocations_fresh):
            raise Unavailable

    async def verify(self, token: str) -> Claims:
        """Return the claims of a good access token.

        Raises:
            TokenInvalid: for whatever is wrong with it; never says what.
            Unavailable: no key was ever fetched, or revocations are not known (user tokens),
                nor in a moment.
        """
        if len(token) > LARGEST_TOKEN_CHARACTERS:
            raise TokenInvalid
        digest = sha256(token.encode("utf-8", "surrogatepass")).digest()
        verified = self._cache.get(digest)
        if verified is None or verified.cached_until < self._monotonic():
            verified = await self._verify_from_scratch(token)
            self._remember(digest, verified)
        self._check_still_good(verified)
        if verified.is_user:
            if not self._revocations.fresh:
                await self._revocations.catch_up()
                self._check_still_good(verified)
            self._check_not_revoked(verified)
        return verified.claims

    def _check_still_good(self, verified: _Verified) -> None:
        if verified.kid not in self._keys.keys:
            raise TokenInvalid
        if verified.good_until <= self._clock.now():
            raise TokenInvalid

    def _check_not_revoked(self, verified: _Verified) -> None:
        if not self._revocations.fresh:
            raise Unavailable
        if self._revocations.denies(
            verified.session_id, verified.claims.subject, verified.token_version
        ):
            raise TokenInvalid

    def _remember(self, digest: bytes, verified: _Verified) -> None:
        self._cache.pop(digest, None)
        if len(self._cache) >= self._cache_entries:
            del self._cache[next(iter(self._cache))]
        self._cache[digest] = verified

    async def _verify_from_scratch(self, token: str) -> _Verified:
        signed, header, payload, signature = _split(token)
        try:
            kid = _Header.model_validate_json(header).kid
        except ValidationError:
            raise TokenInvalid from None
        key = await self._keys.find(kid)
        if key is None:
            raise TokenInvalid if self._keys.loaded else Unavailable
        if not _ES256.verify(signed, key, signature):
            raise TokenInvalid
        try:
            claimed = _Payload.model_validate_json(payload)
        except ValidationError:
            raise TokenInvalid from None
        self._check_terms(claimed)
        claims = _claims(claimed)
        return _Verified(
            claims=claims,
            kid=kid,
            session_id=str(claims.session_id),
            token_version=claims.token_version,
            is_user=claims.service is None,
            good_until=claims.expires_at + timedelta(seconds=LEEWAY_SECONDS),
            cached_until=self._monotonic() + CACHE_SECONDS,
        )

    def _check_terms(self, claimed: _Payload) -> None:
        now = self._clock.now().timestamp()
        if claimed.iss != self._issuer or claimed.aud != self._audience:
            raise TokenInvalid
        if claimed.exp + LEEWAY_SECONDS <= now or claimed.iat - LEEWAY_SECONDS > now:
            raise TokenInvalid
        # A token that outlives the memory of revocations could be used again after its revocation.
        if claimed.exp - claimed.iat > RETENTION.total_seconds():
            raise TokenInvalid


def _claims(claimed: _Payload) -> Claims:
    """Return the claims of a user or a service; refuse claims that fit neither."""
    service: str | None = None
    user_id: UUID | None = None
    if claimed.sub.startswith(SERVICE_PREFIX):
        service = claimed.sub.removeprefix(SERVICE_PREFIX)
        if not service or claimed.sid is not None or claimed.roles != {"service"}:
            raise TokenInvalid
    else:
        if None in (claimed.sid, claimed.tv, claimed.auth_time) or "service" in claimed.roles:
            raise TokenInvalid
        try:
            user_id = UUID(claimed.sub)
        except ValueError:
            raise TokenInvalid from None
        if str(user_id) != claimed.sub:  # revocations name the subject in its one usual spelling
            raise TokenInvalid
    per_day, scope = claimed.per_day, claimed.scope
    if claimed.client_id is not None:  # an OAuth client's token never opens all, whatever it lacks
        scope = scope or ""
    return Claims(
        subject=claimed.sub,
        user_id=user_id,
        session_id=claimed.sid,
        token_version=claimed.tv or 0,
        roles=claimed.roles,
        service=service,
        expires_at=datetime.fromtimestamp(claimed.exp, UTC),
        auth_time=None
        if claimed.auth_time is None
        else datetime.fromtimestamp(claimed.auth_time, UTC),
        amr=claimed.amr,
        has_factor=claimed.factor,
        scope=None if scope is None else frozenset(scope.split()),
        wallet_ids=claimed.wallet_ids,
        per_day=None if per_day is None else Money(per_day.minor, per_day.currency),
        confirm_above=claimed.confirm_above,
    )


def _split(token: str) -> tuple[bytes, bytes, bytes, bytes]:
    """Return the signed part, and header, payload and signature decoded."""
    if token.count(".") != 2:  # noqa: PLR2004 - the three parts of a JWS
        raise TokenInvalid
    header, payload, signature = token.split(".")
    return (
        f"{header}.{payload}".encode("ascii", "replace"),
        _decode(header),
        _decode(payload),
        _decode(signature),
    )


def _decode(part: str) -> bytes:
    """Decode base64url, refusing every spelling but the canonical one (RFC 4648 §3.5).

    The library skips foreign characters and stray bits, so that one token would have many
    spellings, and a revoked or cached one could be passed off as another.
    """
    try:
        decoded = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError:
        raise TokenInvalid from None
    if not part or base64.urlsafe_b64encode(decoded).rstrip(b"=").decode() != part:
        raise TokenInvalid
    return decoded
