"""Exchanges callers' API keys at auth for short access tokens.

Services verify those; none of them ever sees a key. A token is kept for a minute, and longer only
while auth is away. Does not know which keys there are, nor what they open.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Final

import httpx
import structlog
from pydantic import BaseModel, Field, ValidationError

from gateway.forwarding.request import ProxiedRequest
from gateway.limits.admission import Admission
from gateway.refusals import ApiKeyInvalid
from kit import context
from kit.refusals import TokenInvalid, Unavailable
from kit.scopes import KeyAddressRefused
from kit.tasks import spawn
from kit.tokens.api_keys import is_well_formed
from kit.tokens.service_client import ServiceToken
from kit.tokens.verifier import Claims, TokenVerifier

KEPT_SECONDS: Final = 60.0
MOST_KEPT: Final = 10_000
TIMEOUT_SECONDS: Final = 3.0

_log = structlog.get_logger(__name__)


class _Grant(BaseModel):
    access_token: Annotated[str, Field(min_length=1, max_length=8192)]
    expires_in: Annotated[int, Field(ge=0)]


class _Problem(BaseModel):
    code: str = ""


@dataclass(frozen=True, slots=True)
class _Kept:
    """A token, when it is to be exchanged anew, and when it is of no use any more."""

    token: str
    due_at: float
    ends_at: float


class KeyExchange:
    """Gives the access token of an API key, for the address that it is used from.

    Args:
        client: carries the requests to auth; its owner closes it.
        auth_url: where auth listens, without a path.
        own: the gateway's own service token.
        tokens: verifies what auth gives, and knows what has been revoked since.
        admission: counts against the address whatever auth is asked.
        most_kept: how many tokens are kept at most; the oldest make room.
    """

    def __init__(  # noqa: PLR0913 (each is named at the composition root)
        self,
        client: httpx.AsyncClient,
        auth_url: str,
        own: ServiceToken,
        tokens: TokenVerifier,
        admission: Admission,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        most_kept: int = MOST_KEPT,
    ) -> None:
        self._client = client
        self._url = f"{auth_url.rstrip('/')}/internal/api-keys/exchange"
        self._own = own
        self._tokens = tokens
        self._admission = admission
        self._monotonic = monotonic
        self._most_kept = most_kept
        self._kept: dict[bytes, _Kept] = {}
        self._under_way: dict[bytes, asyncio.Future[_Kept]] = {}

    async def replace(self, exchange: ProxiedRequest, key: str) -> Claims:
        """Have the request go on with its key's access token; return the token's claims.

        Where that is refused it goes on with neither, if it goes on at all. Raises as `identify`.

        Raises:
            RateLimited: auth would be asked, and this address has asked it too often.
        """
        exchange.inbound.authorise_by(None)
        if _place(key, exchange.caller) not in self._kept:
            self._admission.spend_here(exchange)
        token, claims = await self.identify(key, exchange.caller)
        exchange.inbound.authorise_by(token)
        return claims

    async def identify(self, key: str, address: str) -> tuple[str, Claims]:
        """Return a key's access token, and its claims.

        A kept token that is revoked may be of an owner whose roles have changed since: then auth is
        asked once more.

        Raises:
            ApiKeyInvalid: it is mistyped, unknown, expired or revoked.
            KeyAddressRefused: its owner does not allow this address.
            Unavailable: auth is away, and no token is kept.
        """
        if not is_well_formed(key):
            raise ApiKeyInvalid
        place = _place(key, address)
        kept = self._kept.get(place)
        if kept is not None:
            try:
                token = await self._still_good(place, kept, key, address)
                return token, await self._tokens.verify(token)
            except TokenInvalid:
                self._kept.pop(place, None)
        token = (await self._exchange(place, key, address)).token
        try:
            return token, await self._tokens.verify(token)
        except TokenInvalid:  # revoked between the exchange and here
            raise ApiKeyInvalid from None

    async def _still_good(self, place: bytes, kept: _Kept, key: str, address: str) -> str:
        """Return a kept token, or a newer one where it is due and auth answers."""
        now = self._monotonic()
        if now < kept.due_at:
            return kept.token
        try:
            return (await self._exchange(place, key, address)).token
        except Unavailable:
            if now >= kept.ends_at:
                raise
            return kept.token

    async def _exchange(self, place: bytes, key: str, address: str) -> _Kept:
        """Exchange a key; callers with the same key at the same moment share one request."""
        under_way = self._under_way.get(place)
        if under_way is None:
            under_way = asyncio.get_running_loop().create_future()
            self._under_way[place] = under_way
            spawn(self._settle(under_way, place, key, address), "gateway.api_keys")
        # Shielded: a caller who leaves takes nothing from the others.
        return await asyncio.shield(under_way)

    async def _settle(
        self, under_way: asyncio.Future[_Kept], place: bytes, key: str, address: str
    ) -> None:
        try:
            kept = await self._ask(key, address)
        except Exception as error:  # noqa: BLE001 - whoever waits has to hear of it
            if not isinstance(error, Unavailable):
                self._kept.pop(place, None)
            under_way.set_exception(error)
            under_way.exception()  # it is no loss where everybody who waited has left
        else:
            self._keep(place, kept)
            under_way.set_result(kept)
        finally:
            del self._under_way[place]
            under_way.cancel()  # where this was cancelled itself

    def _keep(self, place: bytes, kept: _Kept) -> None:
        self._kept.pop(place, None)
        if len(self._kept) >= self._most_kept:
            del self._kept[next(iter(self._kept))]
        self._kept[place] = kept

    async def _ask(self, key: str, address: str) -> _Kept:
        body = {"key": key, "address": address}
        try:
            headers = await self._own.headers() | _trace()
            answer = await self._client.post(
                self._url, json=body, headers=headers, timeout=TIMEOUT_SECONDS
            )
            if answer.is_success:
                return self._kept_for(_Grant.model_validate_json(answer.content))
            code = _Problem.model_validate_json(answer.content).code
        except (httpx.HTTPError, ValidationError) as error:
            _log.warning("api_key_not_exchanged", error=type(error).__name__)
            raise Unavailable from error
        if code == "api_key_not_found":
            raise ApiKeyInvalid
        if code == KeyAddressRefused.code:
            raise KeyAddressRefused
        _log.warning("api_key_not_exchanged", status=answer.status_code, code=code)
        raise Unavailable

    def _kept_for(self, grant: _Grant) -> _Kept:
        now = self._monotonic()
        kept_seconds = min(KEPT_SECONDS, grant.expires_in)
        return _Kept(grant.access_token, now + kept_seconds, now + grant.expires_in)


def _place(key: str, address: str) -> bytes:
    return sha256(f"{key}\0{address}".encode("utf-8", "surrogatepass")).digest()


def _trace() -> dict[str, str]:
    """Return the ids of the request in hand, by which auth's log names it, too."""
    work = context.current()
    ids = {"x-request-id": work.request_id, "traceparent": work.traceparent}
    return {name: value for name, value in ids.items() if value is not None}
