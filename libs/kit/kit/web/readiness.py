"""Says how ready somebody is, of what their checks have shown."""

from collections.abc import Collection, Mapping

READY, DEGRADED, UNAVAILABLE = "ready", "degraded", "unavailable"


def readiness(passed: Mapping[str, bool], dispensable: Collection[str]) -> str:
    """Return `ready`, `degraded` where only the dispensable is away, or `unavailable`."""
    failed = {name for name, has_passed in passed.items() if not has_passed}
    if not failed:
        return READY
    return DEGRADED if failed <= set(dispensable) else UNAVAILABLE
