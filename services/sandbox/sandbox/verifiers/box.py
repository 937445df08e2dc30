"""Owns how a simulated verification service behaves; knows nothing of HTTP."""

from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Final


class VerifierMode(StrEnum):
    """What a service does with a question that does not fail."""

    OK = "ok"
    DENY = "deny"
    SLOW = "slow"  # says ok, after `SLOW_MS`, or the delay it is set to
    TIME_OUT = "time_out"  # does not answer for longer than anybody waits
    NONSENSE = "nonsense"  # answers 200 with something that is no verdict, each time another
    DOWN = "down"  # is not there: what stands before it says 502


SLOW_MS: Final = 700
SILENT_MS: Final = 30_000
# A login page of a proxy, a verdict nobody knows, another service's answer, half an answer.
NONSENSE: Final = (
    b"<!DOCTYPE html><title>Sign in</title>",
    b'{"verdict":"perhaps","reason":null}',
    b"[]",
    b'{"verdict":"o',
)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How a service behaves until it is told otherwise.

    Attributes:
        failure_rate: Share of questions, 0 to 1, that end in a transient failure.
        seed: Makes the order of failures repeatable; None leaves it to chance.
        mode: What becomes of the questions that do not fail.
        delay_ms: How long every answer takes, failures too.
    """

    failure_rate: float
    seed: int | None = None
    mode: VerifierMode = VerifierMode.OK
    delay_ms: int = 0

    def pause_ms(self, said: VerifierMode | None) -> int:
        """Return how long the answer to a question takes that ends like this."""
        if said is VerifierMode.SLOW:
            return self.delay_ms or SLOW_MS
        return SILENT_MS if said is VerifierMode.TIME_OUT else self.delay_ms


class Verifier:
    """One verification service: its behaviour, and what it has been asked since it was set."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.set(behaviour)

    def set(self, behaviour: Behaviour) -> None:
        """Behave like this from now on; the order of failures and the counts begin anew."""
        self.behaviour = behaviour
        self.asked = 0
        self.failed = 0
        self._chance = Random(behaviour.seed)  # noqa: S311 - it decides about failures, not secrets

    def ask(self) -> VerifierMode | None:
        """Return what becomes of this question, None where it fails."""
        self.asked += 1
        if self._chance.random() < self.behaviour.failure_rate:
            self.failed += 1
            return None
        return self.behaviour.mode

    def nonsense(self) -> bytes:
        """Return an answer that is none; the next one is another."""
        return NONSENSE[self.asked % len(NONSENSE)]
