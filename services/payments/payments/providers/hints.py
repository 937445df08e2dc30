"""Bounds how many unsigned webhooks are read, as strangers can send any number."""

from datetime import datetime
from typing import Final

from kit.refusals import TooManyRequests

PER_SECOND: Final = 50  # in each process; each of these is a look-up in the database


class Hints:
    """Counts the unsigned webhooks of the current second."""

    def __init__(self) -> None:
        self._second = 0
        self._taken = 0

    def take(self, now: datetime) -> None:
        """Count one more webhook; one that is refused is sent again by the provider.

        Raises:
            TooManyRequests: there were enough within this second.
        """
        second = int(now.timestamp())
        if second != self._second:
            self._second, self._taken = second, 0
        if self._taken >= PER_SECOND:
            raise TooManyRequests(retry_after_seconds=1)
        self._taken += 1
