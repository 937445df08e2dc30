"""Names the device behind a User-Agent header, for people who see their sessions.

Whoever sends the header chooses it, so nothing is decided by it.
"""

from typing import Final

# The first that is found names it: most browsers also claim to be those below them.
_PROGRAMS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("YaBrowser/", "Yandex Browser"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def device_of(user_agent: str | None) -> str | None:
    """Return a short name: “Firefox on Windows”, or another program's first product."""
    if not user_agent or user_agent.isspace():  # headers may consist of a no-break space
        return None
    program = _first(_PROGRAMS, user_agent) or user_agent.split()[0].partition("/")[0]
    system = _first(_SYSTEMS, user_agent)
    return program if system is None else f"{program} on {system}"


def _first(names: tuple[tuple[str, str], ...], user_agent: str) -> str | None:
    return next((name for mark, name in names if mark in user_agent), None)
