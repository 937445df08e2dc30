"""Defines one try at a verification service, and its line in the saga's log."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self


class TryOutcome(StrEnum):
    """How a try ended; the first two are verdicts, all others leave the question open."""

    OK = "ok"
    DENIED = "denied"
    NO_ANSWER = "no_answer"  # none in time
    UNREACHABLE = "unreachable"  # no connection, or a broken one
    FAILED = "failed"  # another status than 200
    NO_VERDICT = "no_verdict"  # an answer without a verdict
    HELD_BACK = "held_back"  # not asked: the service fails too often now
    GIVEN_UP = "given_up"  # broken off by the deadline, or as the other said "no"

    @property
    def is_verdict(self) -> bool:
        """Tell whether the question is answered."""
        return self in (TryOutcome.OK, TryOutcome.DENIED)


_TEXT: Final = re.compile(rf"(\w+): ({'|'.join(TryOutcome)}) after (\d+) ms(?:: (.+))?")


@dataclass(frozen=True, slots=True)
class Try:
    """One try at one service.

    Attributes:
        verifier: The service, by the name it has in settings and logs.
        said: Its reason or status, or what broke: one short printable line, or nothing.
    """

    verifier: str
    outcome: TryOutcome
    took_ms: int
    said: str | None = None

    @property
    def text(self) -> str:
        """The try as a line of the saga's log; ``read`` reads it back."""
        because = f": {self.said}" if self.said else ""
        return f"{self.verifier}: {self.outcome} after {self.took_ms} ms{because}"

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Return the try that a line tells; None where it is another kind of line."""
        found = _TEXT.fullmatch(text)
        if found is None:
            return None
        return cls(found[1], TryOutcome(found[2]), int(found[3]), found[4])
