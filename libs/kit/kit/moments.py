"""Counts moments in microseconds since 1970, as cursors and hashes do.

Does not read what callers write: `kit.web.times` does.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds_of(moment: datetime) -> int:
    """Return the microseconds since 1970 began, in UTC; `moment` is aware."""
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def moment_at(microseconds: int) -> datetime:
    """Return the moment so many microseconds after 1970 began, in UTC."""
    return _EPOCH + timedelta(microseconds=microseconds)
