"""Decides when wrong passwords make a login wait. Pure; times are UTC.

They are counted four times: for the name from one place, for the name, for the place, and for
everybody. Names that nobody has are counted like any other. So a wait does not tell whether an
account exists; and because the two names of an account are counted apart, it does not tell whose
an e-mail address is. A user who has logged in from a place waits there for nobody else's mistakes.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Final
from uuid import UUID

from auth.refusals import LoginLocked

FAILURES: Final = 10  # that are free for a name from one place
LOCK: Final = timedelta(minutes=15)  # the longest wait
PLACE_KEPT: Final = timedelta(days=90)  # a place is known for so long after the last login from it
_KNOWN_AGAIN_AFTER: Final = timedelta(days=1)
_SECOND: Final = timedelta(seconds=1)
_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)
_DOUBLINGS: Final = 10  # a second becomes more than `LOCK`
_IPV6_NETWORK: Final = 64  # bits; one line has so many addresses that they count as one


class LockoutScope(StrEnum):
    """What wrong passwords are counted for."""

    LOGIN = "login"  # a name from a place
    NAME = "name"  # a name, wherever from
    PLACE = "place"  # all names from a place
    EVERYBODY = "everybody"  # all names from everywhere, in this minute


OF_NAMES: Final = (LockoutScope.LOGIN, LockoutScope.NAME)  # what concerns a user whose name it is


@dataclass(frozen=True, slots=True)
class Backoff:
    """How many wrong passwords are free, and what each further one costs.

    The first wait is `wait` long, each one after it twice as long, up to `longest`. The count is
    forgotten when nothing was counted for as long as `kept`.
    """

    free: int
    wait: timedelta
    kept: timedelta
    longest: timedelta = LOCK

    def wait_after(self, count: int) -> timedelta:
        """Return how long nobody may try after so many wrong passwords."""
        if count < self.free:
            return timedelta()
        return min(self.longest, self.wait * (1 << min(count - self.free, _DOUBLINGS)))


@dataclass(frozen=True, slots=True)
class LockoutRules:
    """What each count allows and costs.

    For a place and for everybody it depends on how many users there are.
    """

    of_place: int = 100
    of_everybody: int = 600

    def backoff(self, scope: LockoutScope) -> Backoff:
        """Return what one count allows and costs."""
        match scope:
            case LockoutScope.LOGIN:
                return Backoff(FAILURES, LOCK, LOCK)
            case LockoutScope.NAME:
                return Backoff(20, _SECOND, timedelta(days=1))
            case LockoutScope.PLACE:
                return Backoff(self.of_place, _SECOND, _HOUR)
        return Backoff(self.of_everybody, _MINUTE, _MINUTE, longest=_MINUTE)


@dataclass(frozen=True, slots=True)
class Counted:
    """One count of recent wrong passwords; `key` is a hash of what it is for."""

    scope: LockoutScope
    key: bytes
    backoff: Backoff
    count: int = 0
    ends_at: datetime | None = None

    @property
    def waits_until(self) -> datetime | None:
        """The end of the wait that the latest wrong password began, if it began one."""
        if self.ends_at is None or self.count < self.backoff.free:
            return None
        return self.ends_at - self.backoff.kept + self.backoff.wait_after(self.count)

    @property
    def begins_to_wait(self) -> bool:
        """Whether the latest wrong password is the first that is not free."""
        return self.count == self.backoff.free


@dataclass(frozen=True, slots=True)
class Failures:
    """The recent wrong passwords that count for an attempt.

    `user_id` is whose name it is, None for a name that nobody has. `known_at` is when the user last
    logged in from there, None if never.
    """

    counts: tuple[Counted, ...]
    user_id: UUID | None = None
    known_at: datetime | None = None

    def of(self, scope: LockoutScope) -> Counted:
        """Return one of the counts."""
        return next(one for one in self.counts if one.scope is scope)

    @property
    def begin_a_lock(self) -> bool:
        """Whether the latest wrong password begins a wait that the owner is told of."""
        return any(self.of(scope).begins_to_wait for scope in OF_NAMES)

    def should_know_place(self, now: datetime) -> bool:
        """Tell whether a login must store that the place is known: once a day."""
        return self.known_at is None or now - self.known_at >= _KNOWN_AGAIN_AFTER


def place_of(address: str) -> str:
    """Return the place of an address: itself, or the /64 network of an IPv6 address.

    Whoever has one IPv6 address usually has all of its network (RFC 6177).
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        return str(IPv6Network((parsed, _IPV6_NETWORK), strict=False))
    return str(parsed)


def counts_of(
    name_key: str, address: str, now: datetime, rules: LockoutRules
) -> tuple[Counted, ...]:
    """Return the counts of an attempt, still at zero.

    That of everybody begins anew with every minute.
    """
    place = place_of(address)
    subjects = {
        LockoutScope.LOGIN: f"{name_key}\n{place}",
        LockoutScope.NAME: name_key,
        LockoutScope.PLACE: place,
        LockoutScope.EVERYBODY: str(int(now.timestamp()) // _MINUTE.seconds),
    }
    return tuple(
        Counted(scope, _key(scope, subject), rules.backoff(scope))
        for scope, subject in subjects.items()
    )


def place_key(address: str) -> bytes:
    """Return the key of a place, by which a user's known places are stored, too."""
    return _key(LockoutScope.PLACE, place_of(address))


def require_unlocked(failures: Failures, now: datetime) -> None:
    """Refuse to verify a password, right or wrong, while the login has to wait.

    In a known place only the wrong passwords for this name from there count.

    Raises:
        LoginLocked: until the longest of the waits ends.
    """
    is_known = failures.known_at is not None
    counts = (failures.of(LockoutScope.LOGIN),) if is_known else failures.counts
    ends = [one.waits_until for one in counts if one.waits_until is not None]
    left = max(ends, default=now) - now
    if left > timedelta():
        raise LoginLocked(retry_after_seconds=math.ceil(left.total_seconds()))


def _key(scope: LockoutScope, subject: str) -> bytes:
    return sha256(f"{scope}\n{subject}".encode()).digest()
