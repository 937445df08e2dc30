"""Asks the two verification services whether a payment may be made; moves nothing.

Both are asked at once. What may pass by (no answer, 5xx, nonsense) is tried again with jitter until
the step's deadline; a definite "no" from either ends it.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, Final, Literal
from uuid import UUID

import httpx
from pydantic import BaseModel, ValidationError

from kit.money import decimal_text
from kit.saga import TaskOutcome
from kit.tasks import backoff
from payments.domain.reasons import CHECK_DENIED, CHECK_UNAVAILABLE
from payments.saga import CHECK_DEADLINE

# Eight tries fit into the deadline even where each runs into its timeout: 8 * 1.0 s + 7 * 0.25 s.
TRY_SECONDS: Final = 1.0
PAUSE_SECONDS: Final = 0.05
LONGEST_PAUSE_SECONDS: Final = 0.25
# A little less than the step has, so that what was tried is still written down.
GIVE_UP_SECONDS: Final = CHECK_DEADLINE.total_seconds() - 0.1
LONGEST_ANSWER_BYTES: Final = 16 * 1024
LONGEST_REASON: Final = 200


class _Verdict(BaseModel):
    verdict: Literal["ok", "denied"]
    reason: str | None = None


class _NoVerdictError(Exception):
    """This try brought no verdict; the next one may."""


class _DeniedError(Exception):
    """A service said a definite "no"."""


class Verifiers:
    """The verification services, by the name they have in the saga's log, and their addresses."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        urls: Mapping[str, str],
        give_up_seconds: float = GIVE_UP_SECONDS,
    ) -> None:
        """Take the client (its owner closes it), the addresses, and how long to try."""
        self._client = client
        self._urls = urls
        self._give_up_seconds = give_up_seconds

    async def check(self, payment_id: UUID, data: Mapping[str, Any]) -> TaskOutcome:
        """Do the saga's check: done where all said yes, else refused; each try is noted.

        ``data`` is what ``payments.saga.facts`` gives. The services are told id, amount (a decimal
        string) and currency, and nothing about people.
        """
        question = {
            "payment_id": str(payment_id),
            "amount": decimal_text(data["amount_minor"], data["currency"]),
            "currency": data["currency"],
        }
        tries: list[str] = []
        refusal = None
        try:
            async with asyncio.timeout(self._give_up_seconds), asyncio.TaskGroup() as group:
                for name, url in self._urls.items():
                    group.create_task(self._must_agree(name, url, question, tries))
        except* TimeoutError:
            refusal = CHECK_UNAVAILABLE
        except* _DeniedError:
            refusal = CHECK_DENIED
        return TaskOutcome(refusal=refusal, notes=tuple(tries))

    async def _must_agree(
        self, name: str, url: str, question: Mapping[str, str], tries: list[str]
    ) -> None:
        """Ask one service until it has a verdict; raises _DeniedError where that is "no"."""
        pauses = backoff(PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)
        while True:
            try:
                said = await self._ask(url, question)
            except _NoVerdictError as error:
                tries.append(f"{name}: {error}")
                await asyncio.sleep(next(pauses))
                continue
            tries.append(f"{name}: {said.verdict}{_because(said.reason)}")
            if said.verdict == "denied":
                raise _DeniedError
            return

    async def _ask(self, url: str, question: Mapping[str, str]) -> _Verdict:
        try:
            async with (
                asyncio.timeout(TRY_SECONDS),
                self._client.stream("POST", url, json=question) as answer,
            ):
                body = await _read(answer)
        except TimeoutError:
            raise _NoVerdictError("no answer in time") from None
        except httpx.HTTPError as error:
            raise _NoVerdictError(type(error).__name__) from None
        if answer.status_code != httpx.codes.OK:
            raise _NoVerdictError(f"status {answer.status_code}")
        try:
            return _Verdict.model_validate_json(body)
        except ValidationError:
            raise _NoVerdictError("no verdict in the answer") from None


async def _read(answer: httpx.Response) -> bytes:
    body = b""
    async for chunk in answer.aiter_bytes():
        body += chunk
        if len(body) > LONGEST_ANSWER_BYTES:
            raise _NoVerdictError("answer too long")
    return body


def _because(reason: str | None) -> str:
    """Return the service's reason as one short printable text; it is a stranger's."""
    kept = "".join(character for character in reason or "" if character.isprintable())
    return f" ({kept[:LONGEST_REASON]})" if kept else ""
