"""Makes an attempt at a delivery: signs, posts, reads the answer's start.

It decides nothing.
"""

import ssl
import time
from contextlib import suppress
from datetime import datetime
from typing import Final, Self

import aiohttp
from yarl import URL

from kit.clock import Clock
from kit.db.unit_of_work import a_unit_of_work_is_open
from kit.outgoing import RemoteCallInUnitOfWorkError
from notifications.domain.attempts import AttemptResult, retry_after
from notifications.domain.deliveries import Attempt, Job
from notifications.domain.signatures import signatures
from notifications.domain.webhook_urls import UrlFault, UrlFaultError, read_url
from notifications.webhooks.guard import AddressRefusedError, Guard
from notifications.webhooks.vault import SecretVault

TIMEOUT: Final = aiohttp.ClientTimeout(total=15.0, connect=3.0)
KEPT_BYTES: Final = 1024  # of an answer, in the log
READ_BYTES: Final = 64 * 1024  # after this the connection is closed instead of read further
IDLE_SECONDS: Final = 15.0
NAMES_SECONDS: Final = 10  # how long a checked address is used again

USER_AGENT: Final = "Saldo-Webhooks/1.0 (+https://www.standardwebhooks.com)"

TIMED_OUT: Final = "timeout"
TLS_FAILED: Final = "tls_failed"
NOT_CONNECTED: Final = "connection_failed"
BROKEN_OFF: Final = "connection_lost"

# The first class that matches gives the code.
_FAULTS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (aiohttp.ClientConnectorDNSError, UrlFault.NOT_FOUND),
    (aiohttp.ClientConnectorCertificateError, TLS_FAILED),
    (aiohttp.ClientConnectorSSLError, TLS_FAILED),
    (TimeoutError, TIMED_OUT),
    (aiohttp.ClientConnectorError, NOT_CONNECTED),
    (aiohttp.ClientError, BROKEN_OFF),
    (OSError, BROKEN_OFF),
)


class WebhookClient:
    """An HTTP client that connects only where the guard allows; close it after use."""

    def __init__(
        self,
        guard: Guard,
        vault: SecretVault,
        clock: Clock,
        *,
        trust: ssl.SSLContext | None = None,
        timeout: aiohttp.ClientTimeout = TIMEOUT,
    ) -> None:
        """Take the guard, the vault of secrets, the clock, and trusted certificates."""
        self._guard, self._vault, self._clock = guard, vault, clock
        self._client = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=guard,
                socket_factory=guard.open_socket,
                limit=0,  # the dispatcher's own limits hold
                ttl_dns_cache=NAMES_SECONDS,
                keepalive_timeout=IDLE_SECONDS,
                ssl=trust or True,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=timeout,
            auto_decompress=False,  # a small compressed answer may be very large
            headers={"content-type": "application/json", "user-agent": USER_AGENT},
            skip_auto_headers=("accept", "accept-encoding"),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()

    async def send(self, job: Job) -> Attempt:
        """Make an attempt at a delivery; the attempt also reports failures."""
        if a_unit_of_work_is_open():
            raise RemoteCallInUnitOfWorkError(str(job.delivery_id))
        at, started = self._clock.now(), time.perf_counter()
        reply, answer = await self._reply(job, at)
        return Attempt(at, round((time.perf_counter() - started) * 1000), reply, answer)

    async def _reply(self, job: Job, at: datetime) -> tuple[AttemptResult, str | None]:
        try:
            read_url(job.url, self._guard.reach)
            return await self._post(job, at)
        except Exception as error:
            code = fault_of(error)
            if code is None:
                raise
            return AttemptResult(None, error=code), None

    async def _post(self, job: Job, at: datetime) -> tuple[AttemptResult, str | None]:
        async with self._client.post(
            URL(job.url, encoded=True),
            data=job.body,
            headers=self._headers(job, at),
            allow_redirects=False,
        ) as response:
            # The status counts, even if the rest of the answer never comes.
            answer = b""
            with suppress(aiohttp.ClientError, TimeoutError):
                answer = await _beginning(response)
            header = response.headers.get("retry-after")
            reply = AttemptResult(response.status, retry_after(header, self._clock.now()))
            return reply, _text(answer)

    def _headers(self, job: Job, at: datetime) -> dict[str, str]:
        keys = [
            self._vault.unlock(job.endpoint_id, stored)
            for stored in (job.secret, job.old_secret)
            if stored is not None
        ]
        webhook_id, timestamp = str(job.message_id), int(at.timestamp())
        return {
            "webhook-id": webhook_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signatures(keys, webhook_id, timestamp, job.body),
        }


def fault_of(error: Exception) -> str | None:
    """Return the stable code of an outside failure; None if it is our own fault."""
    if isinstance(error, UrlFaultError):
        return error.fault
    if isinstance(getattr(error, "os_error", None), AddressRefusedError):
        return UrlFault.NOT_PUBLIC
    return next((code for kind, code in _FAULTS if isinstance(error, kind)), None)


async def _beginning(response: aiohttp.ClientResponse) -> bytes:
    kept, read = b"", 0
    async for chunk in response.content.iter_any():
        read += len(chunk)
        kept = (kept + chunk)[:KEPT_BYTES]
        if read > READ_BYTES:
            response.close()
            break
    return kept


def _text(answer: bytes) -> str | None:
    """Return an answer as text that PostgreSQL can store: without NUL."""
    return answer.decode(errors="replace").replace("\0", "\ufffd") or None
