"""Owns spans of time, as lists are narrowed by them; how callers write one is `kit.web.times`'."""

from datetime import datetime
from typing import Final, NamedTuple


class Span(NamedTuple):
    """From a moment on, before another; None is an open end."""

    begin: datetime | None = None
    end: datetime | None = None


ALWAYS: Final = Span()
