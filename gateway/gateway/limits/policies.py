"""Holds the limit of each class of operations, and how a caller stands to it.

`routing.routes` says which operation is of which class.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from msgspec import Struct

_SECOND: Final = 1_000_000  # in microseconds, as levels are counted
_AHEAD_PART: Final = 32  # of a quota; two seconds of a minute


@dataclass(frozen=True)
class Policy:
    """The limit of a class of operations, for each caller.

    A caller may use the whole quota at once, and has it back evenly over the window.

    Attributes:
        name: The class.
        quota: How many requests.
        window_seconds: In which time.
        at_once: How many of them may be under way, 0 for any number.
        is_strict: Whether nobody is let in uncounted while the shared counts can't be reached.
        is_local: Whether it is counted by this process alone.
    """

    name: str
    quota: int
    window_seconds: int = 60
    at_once: int = 0
    is_strict: bool = False
    is_local: bool = False

    @cached_property
    def interval(self) -> int:
        """Return the time in which one request comes back, in microseconds."""
        return max(1, self.window_seconds * _SECOND // self.quota)

    @cached_property
    def most(self) -> int:
        """Return the level that a whole quota makes, in microseconds."""
        return self.quota * self.interval

    @cached_property
    def ahead(self) -> int:
        """Return how much of a quota is taken ahead, in microseconds."""
        return self.quota // _AHEAD_PART * self.interval

    def ahead_at(self, level: int) -> int:
        """Return how much is taken ahead at a level; from half of the quota on 0."""
        return self.ahead if level >= 0 and 2 * (level + self.ahead) <= self.most else 0

    @cached_property
    def header(self) -> bytes:
        """Return it as RateLimit-Policy has it (httpapi-ratelimit-headers-10 §3)."""
        return b'"%b";q=%d;w=%d' % (self.name.encode(), self.quota, self.window_seconds)


POLICIES: Final = (
    Policy("login", 60),
    Policy("money", 300, is_strict=True),
    Policy("read", 1200),
    Policy("write", 300),
    Policy("heavy", 30, at_once=4),
    Policy("stream", 60, at_once=10),
    Policy("hook", 6000),
    Policy("page", 6000, is_local=True),
)


def scaled(factor: float) -> Mapping[str, Policy]:
    """Return the policies by name, each as many times as large."""
    return {
        policy.name: replace(
            policy,
            quota=max(1, round(policy.quota * factor)),
            at_once=policy.at_once and max(1, round(policy.at_once * factor)),
        )
        for policy in POLICIES
    }


class QuotaStanding(Struct, frozen=True):
    """How a caller stands to a policy after a request.

    Attributes:
        policy: Which.
        level: What `Counts.take` returned: microseconds until the whole quota is back; where it is
            below zero, the request is refused, and it says in how long one will be let in.
    """

    policy: Policy
    level: int

    @property
    def is_within(self) -> bool:
        """Tell whether the request is let in."""
        return self.level >= 0

    @property
    def retry_after_seconds(self) -> int:
        """Return in how many seconds, rounded up, a request will be let in."""
        return -(self.level // _SECOND)

    @property
    def header(self) -> bytes:
        """Return what is left, and when all is back, as RateLimit has it (§4)."""
        policy = self.policy
        used = self.level if self.is_within else policy.most - policy.interval - self.level
        left = policy.quota + (-used // policy.interval) if self.is_within else 0
        return b'"%b";r=%d;t=%d' % (policy.name.encode(), left, -(-used // _SECOND))
