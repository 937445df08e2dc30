"""Asks the two verification services whether a payment may be made; moves nothing.

Both are asked at once. A failure that may pass (no answer, 5xx, nonsense) is tried again with
jitter until the step's deadline; a definite "no" from either ends the check. A service that
fails too often is left alone for a while; payments wait for it, up to their deadline.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal
from uuid import UUID

import httpx
from prometheus_client import Counter
from pydantic import BaseModel, ValidationError

from kit.breaker import Breaker, BreakerLimits
from kit.clock import Clock
from kit.money import decimal_text
from kit.saga import Note, TaskOutcome
from kit.tasks import backoff
from payments.domain.reasons import CHECK_DENIED, CHECK_UNAVAILABLE
from payments.domain.tries import Try, TryOutcome
from payments.sagas.payment import CHECK_DEADLINE

# Eight tries fit into the deadline even if each runs into its timeout: 8 * 1.0 s + 7 * 0.25 s.
TRY_SECONDS: Final = 1.0
PAUSE_SECONDS: Final = 0.05
LONGEST_PAUSE_SECONDS: Final = 0.25
# A little less than the step has, so that its tries are still stored.
GIVE_UP_SECONDS: Final = CHECK_DEADLINE.total_seconds() - 0.1
LONGEST_ANSWER_BYTES: Final = 16 * 1024
LONGEST_REASON: Final = 200

tries_made = Counter(
    "saldo_outside_tries", "Tries at the verification services", ["verifier", "outcome"]
)


class _Verdict(BaseModel):
    verdict: Literal["ok", "denied"]
    reason: str | None = None


_VERDICTS: Final = {"ok": TryOutcome.OK, "denied": TryOutcome.DENIED}


class _DeniedError(Exception):
    """A service said a definite "no"."""


class Verifiers:
    """The verification services: their names in the saga's log, and their addresses.

    Keep one for as long as the process asks: it remembers which service keeps failing.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        urls: Mapping[str, str],
        clock: Clock,
        give_up_seconds: float = GIVE_UP_SECONDS,
        limits: BreakerLimits | None = None,
    ) -> None:
        """Take the client, the services to ask, and how long to try.

        Args:
            client: Its owner closes it.
            urls: The services' addresses by name.
            clock: Dates the notes.
            give_up_seconds: When a check ends without a verdict.
            limits: When a service is left alone, where it differs from kit's.
        """
        self._client = client
        self._urls = urls
        self._clock = clock
        self._give_up_seconds = give_up_seconds
        self._breakers = {name: Breaker(f"verifier_{name}", limits) for name in urls}

    async def check(self, payment_id: UUID, data: Mapping[str, Any]) -> TaskOutcome:
        """Run the saga's check: done where all said yes, else refused; note each try.

        ``data`` is what ``sagas.payment.facts`` gives. The services get id, amount (a decimal
        string) and currency, and nothing about people.
        """
        question = {
            "payment_id": str(payment_id),
            "amount": decimal_text(data["amount_minor"], data["currency"]),
            "currency": data["currency"],
        }
        notes: list[Note] = []
        refusal = None
        try:
            async with asyncio.timeout(self._give_up_seconds), asyncio.TaskGroup() as group:
                for name in self._urls:
                    group.create_task(self._must_agree(name, question, notes))
        except* TimeoutError:
            refusal = CHECK_UNAVAILABLE
        except* _DeniedError:
            refusal = CHECK_DENIED
        return TaskOutcome(refusal=refusal, notes=tuple(notes))

    async def _must_agree(self, name: str, question: Mapping[str, str], notes: list[Note]) -> None:
        """Ask one service until it has a verdict.

        Raises:
            _DeniedError: the verdict is "no".
        """
        pauses = backoff(PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)
        breaker = self._breakers[name]
        outcome: TryOutcome | None = None
        while True:
            ticket = breaker.begin(_seconds())
            if ticket is not None:
                outcome = await self._try(name, question, notes, _Place(breaker, ticket))
            elif outcome is not TryOutcome.HELD_BACK:  # one note for each wait is enough
                outcome = TryOutcome.HELD_BACK
                notes.append(Note(self._clock.now(), Try(name, outcome, 0).text))
            if outcome is TryOutcome.DENIED:
                raise _DeniedError
            if outcome is TryOutcome.OK:
                return
            await asyncio.sleep(next(pauses))

    async def _try(
        self, name: str, question: Mapping[str, str], notes: list[Note], place: "_Place"
    ) -> TryOutcome:
        """Ask once, and note the try, even one that is broken off."""
        at, began = self._clock.now(), _seconds()
        outcome, said = TryOutcome.GIVEN_UP, None
        try:
            outcome, said = await self._ask(self._urls[name], question)
        finally:
            took_ms = round((_seconds() - began) * 1000)
            notes.append(Note(at, Try(name, outcome, took_ms, said).text))
            tries_made.labels(name, outcome).inc()
            place.leave(outcome)
        return outcome

    async def _ask(self, url: str, question: Mapping[str, str]) -> tuple[TryOutcome, str | None]:
        try:
            async with (
                asyncio.timeout(TRY_SECONDS),
                self._client.stream("POST", url, json=question) as answer,
            ):
                body = await _read(answer)
        except (TimeoutError, httpx.TimeoutException):
            return TryOutcome.NO_ANSWER, None
        except httpx.HTTPError as error:
            return TryOutcome.UNREACHABLE, type(error).__name__
        if answer.status_code != httpx.codes.OK:
            return TryOutcome.FAILED, f"status {answer.status_code}"
        try:
            said = _Verdict.model_validate_json(body)
        except ValidationError:
            return TryOutcome.NO_VERDICT, None
        return _VERDICTS[said.verdict], _short(said.reason)


@dataclass(frozen=True, slots=True)
class _Place:
    """Holds the breaker's permission for one call, and reports how the call ended."""

    breaker: Breaker
    ticket: int

    def leave(self, outcome: TryOutcome) -> None:
        is_good = None if outcome is TryOutcome.GIVEN_UP else outcome.is_verdict
        self.breaker.end(self.ticket, _seconds(), is_good=is_good)


def _seconds() -> float:
    return asyncio.get_running_loop().time()


async def _read(answer: httpx.Response) -> bytes:
    """Return the body; nothing if it is too long, so that it holds no verdict."""
    body = b""
    async for chunk in answer.aiter_bytes():
        body += chunk
        if len(body) > LONGEST_ANSWER_BYTES:
            return b""
    return body


def _short(reason: str | None) -> str | None:
    """Return a service's reason as one short printable text, as it comes from outside."""
    kept = "".join(character for character in reason or "" if character.isprintable())
    return kept[:LONGEST_REASON] or None
