"""Owns the public keys that access tokens are checked against.

The published set is fetched in the background, and the last one is used while its publisher is
away. Does not judge tokens.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import httpx
import jwt
import structlog
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey

REFRESH_SECONDS: Final = 60.0
FORCED_FETCH_SECONDS: Final = 30.0
FETCH_TIMEOUT_SECONDS: Final = 3.0
FIRST_RETRY_SECONDS: Final = 0.2
LAST_RETRY_SECONDS: Final = 5.0
LARGEST_DOCUMENT_BYTES: Final = 64 * 1024

Fetch = Callable[[], Awaitable[Mapping[str, Any]]]

_log = structlog.get_logger(__name__)


class JwksError(Exception):
    """The published document holds no key that an ES256 token can be checked against."""


def parse_jwks(document: Mapping[str, Any]) -> dict[str, EllipticCurvePublicKey]:
    """Return the P-256 public keys of a JSON Web Key Set by key id (RFC 7517).

    Keys of other kinds or without an id are skipped, and so is one published together with its
    private part: what everybody can sign with proves nothing.

    Raises:
        JwksError: nothing usable is left.
    """
    entries = document.get("keys")
    keys: dict[str, EllipticCurvePublicKey] = {}
    for entry in entries if isinstance(entries, list) else ():
        if not isinstance(entry, dict) or "d" in entry:
            continue
        kid = entry.get("kid")
        with contextlib.suppress(jwt.PyJWTError):
            key = jwt.PyJWK(entry, "ES256").key
            if (
                isinstance(kid, str)
                and isinstance(key, EllipticCurvePublicKey)
                and isinstance(key.curve, SECP256R1)
            ):
                keys[kid] = key
    if not keys:
        raise JwksError("the key set holds no usable ES256 key")
    return keys


def http_source(url: str, client: httpx.AsyncClient) -> Fetch:
    """Return a function that fetches the key set at `url`.

    It follows no redirects, refuses a large answer, and has a short timeout.
    """

    async def fetch() -> Mapping[str, Any]:
        answer = await client.get(url, timeout=FETCH_TIMEOUT_SECONDS, follow_redirects=False)
        answer.raise_for_status()
        if len(answer.content) > LARGEST_DOCUMENT_BYTES:
            raise JwksError("the key set is unreasonably large")
        document = answer.json()
        if not isinstance(document, dict):
            raise JwksError("the key set is not a JSON object")
        return document

    return fetch


class KeySet:
    """Holds the keys that are published now, by key id.

    An unknown key id causes at most one fetch per 30 s and never removes a key; a key leaves when
    a good document without it was read, within `REFRESH_SECONDS` of that document's publication.
    """

    def __init__(self, fetch: Fetch, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._monotonic = monotonic
        self._forced_at = -FORCED_FETCH_SECONDS
        self._one_at_a_time = asyncio.Lock()
        self.keys: dict[str, EllipticCurvePublicKey] = {}

    @property
    def loaded(self) -> bool:
        """Tell whether any key has been fetched yet."""
        return bool(self.keys)

    async def find(self, kid: str) -> EllipticCurvePublicKey | None:
        """Return the key with this id, after one more fetch where it is unknown."""
        key = self.keys.get(kid)
        if key is not None:
            return key
        async with self._one_at_a_time:
            now = self._monotonic()
            if kid not in self.keys and now - self._forced_at >= FORCED_FETCH_SECONDS:
                self._forced_at = now
                await self.refresh()
        return self.keys.get(kid)

    async def refresh(self) -> bool:
        """Fetch once; on any failure keep the known keys and return False."""
        try:
            self.keys = parse_jwks(await self._fetch())
        except (httpx.HTTPError, ValueError, JwksError) as error:
            _log.warning("jwks_fetch_failed", error=type(error).__name__, stale=self.loaded)
            return False
        return True

    async def keep_fresh(self) -> None:
        """Fetch for ever: often until the first success, then every `REFRESH_SECONDS`."""
        retry = FIRST_RETRY_SECONDS
        while True:
            if await self.refresh():
                retry = FIRST_RETRY_SECONDS
                await asyncio.sleep(REFRESH_SECONDS)
            else:
                await asyncio.sleep(retry)
                retry = min(retry * 2, LAST_RETRY_SECONDS)
