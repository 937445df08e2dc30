"""Owns how a simulated verification service behaves; knows nothing of HTTP."""

from dataclasses import dataclass
from enum import StrEnum
from random import Random


class Mode(StrEnum):
    """What a service says when it does not fail."""

    OK = "ok"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How a service behaves until it is told otherwise.

    Attributes:
        failure_rate: Share of questions, 0 to 1, that end in a transient failure.
        seed: Makes the order of failures repeatable; None leaves it to chance.
        mode: The verdict of the questions that do not fail.
        delay_ms: How long every answer takes, failures too.
    """

    failure_rate: float
    seed: int | None = None
    mode: Mode = Mode.OK
    delay_ms: int = 0


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

    def ask(self) -> Mode | None:
        """Return the verdict, or None where this question fails."""
        self.asked += 1
        if self._chance.random() < self.behaviour.failure_rate:
            self.failed += 1
            return None
        return self.behaviour.mode
