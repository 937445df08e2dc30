"""Defines a span of time, by which lists are narrowed.

`kit.web.times` reads the spans that callers write.
"""

from datetime import datetime
from typing import Final, NamedTuple


class Span(NamedTuple):
    """A span from `begin` on, before `end`; None leaves that side open."""

    begin: datetime | None = None
    end: datetime | None = None


ALWAYS: Final = Span()
