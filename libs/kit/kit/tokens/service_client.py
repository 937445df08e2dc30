"""Fetches a service's own access token for calls to other services.

Does not make those calls.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Annotated, Final, Self

import httpx
import structlog
from pydantic import BaseModel, Field, SecretStr, ValidationError

from kit.clock import Clock, SystemClock
from kit.refusals import Unavailable
from kit.tasks import backoff, spawn, stop

RENEW_BEFORE: Final = timedelta(seconds=60)
TIMEOUT_SECONDS: Final = 3.0
ASK_AGAIN_SECONDS: Final = 1.0

_log = structlog.get_logger(__name__)


class _Grant(BaseModel):
    access_token: Annotated[str, Field(min_length=1, max_length=8192)]
    expires_in: Annotated[int, Field(gt=0)]


class ServiceToken:
    """Holds one service's client-credentials token (RFC 6749 §4.4).

    It is renewed by the first use within `RENEW_BEFORE` of its end.

    Args:
        client: carries the request; its owner closes it.
        auth_url: where auth listens, without a path.
        service: the bare name, as `payments`; the client id is `svc:payments`.
        secret: the service's secret, shared with auth through the environment.
        clock: for tests.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        auth_url: str,
        service: str,
        secret: SecretStr,
        clock: Clock | None = None,
    ) -> None:
        self._client = client
        self._url = f"{auth_url.rstrip('/')}/v1/auth/token"
        self._form = {
            "grant_type": "client_credentials",
            "client_id": f"svc:{service}",
            "client_secret": secret.get_secret_value(),
        }
        self._clock = clock or SystemClock()
        self._one_at_a_time = asyncio.Lock()
        self._headers: dict[str, str] = {}
        self._renew_at: datetime | None = None

    async def headers(self) -> dict[str, str]:
        """Return the `Authorization` header for a call to another service.

        Raises:
            Unavailable: auth did not answer, or would not give a token.
        """
        if self._is_due():
            async with self._one_at_a_time:
                if self._is_due():
                    await self._renew()
        return dict(self._headers)

    @asynccontextmanager
    async def fetched_ahead(self) -> AsyncIterator[Self]:
        """Fetch the first token during the block, so that the first call need not wait."""
        task = spawn(self._fetch_first(), "tokens.service")
        try:
            yield self
        finally:
            await stop([task])

    async def _fetch_first(self) -> None:
        delays = backoff(most=ASK_AGAIN_SECONDS)  # auth may start later than we do
        while True:
            try:
                await self.headers()
            except Unavailable:
                await asyncio.sleep(next(delays))
            else:
                return

    def _is_due(self) -> bool:
        return self._renew_at is None or self._clock.now() >= self._renew_at

    async def _renew(self) -> None:
        try:
            answer = await self._client.post(self._url, data=self._form, timeout=TIMEOUT_SECONDS)
            answer.raise_for_status()
            grant = _Grant.model_validate_json(answer.content)
        except (httpx.HTTPError, ValidationError) as error:
            _log.warning("service_token_refused", error=type(error).__name__)
            raise Unavailable from error
        self._headers = {"Authorization": f"Bearer {grant.access_token}"}
        lifetime = timedelta(seconds=grant.expires_in)
        # A token that lives shorter than the margin is renewed at half its life, not on every call.
        margin = min(RENEW_BEFORE, lifetime / 2)
        self._renew_at = self._clock.now() + lifetime - margin
