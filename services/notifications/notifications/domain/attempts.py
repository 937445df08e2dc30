"""Decides when a webhook is tried again and when its endpoint is switched off.

Pure; times are UTC.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Final

# The example schedule of Standard Webhooks: each wait follows the attempt before it.
WAITS: Final = tuple(
    timedelta(seconds=seconds)
    for seconds in (0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
ATTEMPTS: Final = len(WAITS)
JITTER: Final = 0.1  # of a wait, in either direction
MOST_RETRY_AFTER: Final = timedelta(hours=24)
MOST_PAUSE: Final = timedelta(hours=1)
FAILURES_IN_A_ROW: Final = 10

_GONE: Final = 410
_FIRST_SUCCESS, _FIRST_REDIRECT = 200, 300
_ASK_FOR_PATIENCE: Final = frozenset({429, 502, 503, 504})
_LONGEST_RETRY_AFTER: Final = 40


class DeliveryStatus(StrEnum):
    """The status of a delivery; it is `skipped` if its endpoint was off, or full."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """The result of an attempt: a status code, or the code of what went wrong."""

    status_code: int | None
    retry_after: timedelta | None = None
    error: str | None = None

    @property
    def is_success(self) -> bool:
        """Whether the receiver accepted it: 2xx."""
        code = self.status_code
        return self.error is None and code is not None and _FIRST_SUCCESS <= code < _FIRST_REDIRECT

    @property
    def is_gone(self) -> bool:
        """Whether the receiver wants no more events, ever: 410."""
        return self.error is None and self.status_code == _GONE


@dataclass(frozen=True, slots=True)
class Next:
    """The next state of a delivery; `at` is set while it is pending."""

    status: DeliveryStatus
    at: datetime | None = None


def decide_next(reply: AttemptResult, tries: int, now: datetime, jitter: float) -> Next:
    """Return a delivery's next state after the `tries`-th attempt since its (re)start.

    `jitter` is -1 to 1. `Retry-After` can only lengthen the wait, up to 24 hours.
    """
    if reply.is_success:
        return Next(DeliveryStatus.DELIVERED)
    if reply.is_gone or tries >= ATTEMPTS:
        return Next(DeliveryStatus.FAILED)
    wait = WAITS[tries] * (1 + JITTER * jitter)
    if reply.retry_after is not None:
        wait = max(wait, min(reply.retry_after, MOST_RETRY_AFTER))
    return Next(DeliveryStatus.PENDING, now + wait)


def retry_after(header: str | None, now: datetime) -> timedelta | None:
    """Parse a Retry-After header: seconds or a date; return None if it is neither.

    RFC 9110 §10.2.3. The result is at most 24 hours.
    """
    if header is None or len(header) > _LONGEST_RETRY_AFTER:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text), int(MOST_RETRY_AFTER.total_seconds())))
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # the latter for numbers too large for any date
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max(moment - now, timedelta(0)), MOST_RETRY_AFTER)


@dataclass(frozen=True, slots=True)
class Streak:
    """A summary of a batch of attempts at one endpoint, in order.

    Attributes: is_fresh: Whether an attempt succeeded, so that counting starts again. failures: How
    many have failed since then. is_gone: Whether the receiver answered 410. patience: The
    Retry-After of a receiver that said it is overloaded.
    """

    is_fresh: bool = False
    failures: int = 0
    is_gone: bool = False
    patience: timedelta | None = None


def streak_of(replies: Iterable[AttemptResult]) -> Streak:
    """Summarise attempts at one endpoint, given in the order in which they ended."""
    is_fresh, failures, is_gone = False, 0, False
    patience: timedelta | None = None
    for reply in replies:
        if reply.is_success:
            is_fresh, failures, patience = True, 0, None
            continue
        failures += 1
        is_gone = is_gone or reply.is_gone
        if reply.retry_after is not None and reply.status_code in _ASK_FOR_PATIENCE:
            patience = min(reply.retry_after, MOST_PAUSE)
    return Streak(is_fresh, failures, is_gone, patience)


def pause_after(failures: int, patience: timedelta | None) -> timedelta:
    """Return how long an endpoint gets a pause after so many failures in a row.

    It is a second for each failure. So an endpoint that is down is not flooded, and ten failures in
    a row take longer than a restart.
    """
    return max(timedelta(seconds=min(failures, FAILURES_IN_A_ROW)), patience or timedelta(0))
