"""Owns the behaviour of simulated verification services; knows nothing of HTTP."""

from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Final


class VerifierMode(StrEnum):
    """What a service does with a request that does not fail."""

    OK = "ok"
    DENY = "deny"
    SLOW = "slow"  # answers ok after `SLOW_MS`, or after the delay set
    TIME_OUT = "time_out"  # does not answer for longer than any client waits
    NONSENSE = "nonsense"  # answers 200 without a verdict, each time with another body
    DOWN = "down"  # is unreachable: a proxy before it answers 502


SLOW_MS: Final = 700
SILENT_MS: Final = 30_000
# A proxy's login page, an unknown verdict, another service's answer, half an answer.
NONSENSE: Final = (
    b"<!DOCTYPE html><title>Sign in</title>",
    b'{"verdict":"perhaps","reason":null}',
    b"[]",
    b'{"verdict":"o',
)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """The behaviour of a service.

    Attributes: failure_rate: Share of requests, 0 to 1, that end in a transient failure. seed:
    Makes the order of failures repeatable; None makes it random. mode: What happens to the requests
    that do not fail. delay_ms: How long every answer takes, failures too.
    """

    failure_rate: float
    seed: int | None = None
    mode: VerifierMode = VerifierMode.OK
    delay_ms: int = 0

    def pause_ms(self, said: VerifierMode | None) -> int:
        """Return how long the answer to a request takes, in milliseconds."""
        if said is VerifierMode.SLOW:
            return self.delay_ms or SLOW_MS
        return SILENT_MS if said is VerifierMode.TIME_OUT else self.delay_ms


class Verifier:
    """A verification service, with its counts since its behaviour was set."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.set(behaviour)

    def set(self, behaviour: Behaviour) -> None:
        """Set the behaviour; the order of failures and the counts start again."""
        self.behaviour = behaviour
        self.asked = 0
        self.failed = 0
        self._chance = Random(behaviour.seed)  # noqa: S311 - it decides about failures, not secrets

    def ask(self) -> VerifierMode | None:
        """Count a request and return its result; None if it fails."""
        self.asked += 1
        if self._chance.random() < self.behaviour.failure_rate:
            self.failed += 1
            return None
        return self.behaviour.mode

    def nonsense(self) -> bytes:
        """Return a body that is no verdict; the next one differs."""
        return NONSENSE[self.asked % len(NONSENSE)]
