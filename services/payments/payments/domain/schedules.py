"""Decides when a scheduled payment may be paid by itself."""

from datetime import datetime, timedelta
from typing import Final

from payments.refusals import ExecuteAtInThePast, ExecuteAtTooFar

LONGEST: Final = timedelta(days=366)  # so that the same day of next year always fits


def check_execution_time(execute_at: datetime, now: datetime) -> None:
    """Refuse a time that is over, or further away than a year."""
    if execute_at <= now:
        raise ExecuteAtInThePast
    if execute_at - now > LONGEST:
        raise ExecuteAtTooFar
