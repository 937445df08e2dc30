"""Sends signed webhooks as real providers do: with repetitions and faults."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import httpx
import orjson
import structlog

from kit import signatures
from kit.clock import Clock
from kit.tasks import spawn

TRIES: Final = 6
FIRST_PAUSE_SECONDS: Final = 0.5
SEND_SECONDS: Final = 5.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookFaults:
    """The faults with which webhooks are sent.

    Attributes: late_seconds: They are sent so much later. twice: Each is sent twice, both copies
    with one event id. out_of_order: The last one is sent first. wrong_signature: They are signed
    with another secret, and not repeated. repeat_id: All of them have one event id.
    """

    late_seconds: float = 0.0
    twice: bool = False
    out_of_order: bool = False
    wrong_signature: bool = False
    repeat_id: bool = False


class Sender:
    """Signs bodies and posts them to one address."""

    def __init__(
        self, client: httpx.AsyncClient, url: str, header: str, secret: str, clock: Clock
    ) -> None:
        """Take the client (its owner closes it), the address, and how to sign."""
        self._client = client
        self._url = url
        self._header = header
        self._secret = secret
        self._clock = clock

    def send_later(self, bodies: Sequence[dict[str, Any]], faults: WebhookFaults) -> None:
        """Send bodies one after another, in the background."""
        spawn(self.send_all(bodies, faults), "sandbox.webhooks")

    async def send_all(self, bodies: Sequence[dict[str, Any]], faults: WebhookFaults) -> None:
        """Send bodies one after another, with the given faults."""
        if faults.late_seconds:
            await asyncio.sleep(faults.late_seconds)
        for body in reversed(bodies) if faults.out_of_order else bodies:
            for _ in range(2 if faults.twice else 1):
                await self._until_taken(body, faults)

    async def _until_taken(self, body: dict[str, Any], faults: WebhookFaults) -> None:
        pause = FIRST_PAUSE_SECONDS
        for _ in range(1 if faults.wrong_signature else TRIES):
            answer = await self.send(body, wrong_signature=faults.wrong_signature)
            if answer is not None and answer.is_success:
                return
            await asyncio.sleep(pause)
            pause *= 2
        log.warning("webhook_not_taken", type=body.get("type"))

    async def send(
        self, body: dict[str, Any], *, wrong_signature: bool = False
    ) -> httpx.Response | None:
        """Send a body once; return None if nobody answered."""
        raw = orjson.dumps(body)
        secret = "of somebody else" if wrong_signature else self._secret
        headers = {
            "Content-Type": "application/json",
            self._header: signatures.sign(secret, raw, self._clock.now()),
        }
        try:
            return await self._client.post(
                self._url, content=raw, headers=headers, timeout=SEND_SECONDS
            )
        except httpx.HTTPError as error:
            log.warning("webhook_not_sent", error=type(error).__name__)
            return None
