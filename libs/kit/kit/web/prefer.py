"""Reads `Prefer: wait=N` (RFC 7240): how long a caller waits for a final answer.

Does not wait; the operation does, outside any unit of work.
"""

from typing import Annotated

from fastapi import Depends, Header

from kit.http import PREFERENCE_APPLIED

MAX_WAIT_SECONDS = 30.0


def wait_seconds(prefer: str | None) -> float | None:
    """Return how many seconds a Prefer header asks to wait, 1 to 30, or None.

    What is malformed is no preference (RFC 7240 §2).
    """
    for preference in (prefer or "").lower().replace(";", ",").split(","):
        name, _, value = preference.partition("=")
        seconds = value.strip().strip('"')
        if name.strip() == "wait" and seconds.isascii() and seconds.isdigit():
            wait = min(float(seconds[:6]), MAX_WAIT_SECONDS)
            return wait if wait >= 1.0 else None
    return None


def preference_applied(seconds: float) -> dict[str, str]:
    """Return the header that says for how long was waited."""
    return {PREFERENCE_APPLIED: f"wait={seconds:.0f}"}


def _wait(
    prefer: Annotated[
        str | None, Header(description="`wait=N`: wait up to N seconds (1 to 30) for the end.")
    ] = None,
) -> float | None:
    return wait_seconds(prefer)


PreferWait = Annotated[float | None, Depends(_wait)]
