"""Defines a span of time, by which lists are narrowed, and refuses an empty one.

`kit.web.times` reads the spans that callers write.
"""

from datetime import datetime
from typing import Final, NamedTuple

from kit.refusals import FieldFault, Refusal


class Span(NamedTuple):
    """A span from `begin` on, before `end`; None leaves that side open."""

    begin: datetime | None = None
    end: datetime | None = None

    @property
    def is_forwards(self) -> bool:
        """Tell whether it ends after it begins, so that anything can be in it."""
        return self.begin is None or self.end is None or self.begin < self.end


ALWAYS: Final = Span()


class PeriodInvalid(Refusal):
    """Refuses a period in which nothing can be."""

    code = "period_invalid"
    status = 422
    title_en = "Period not accepted"
    title_ru = "Период не принят"
    detail_en = "“from” must be before “to”."
    detail_ru = "«from» должно быть раньше «to»."

    def __init__(self, pointer: str = "/query/to") -> None:
        """Take where the end of the period stands in the request (RFC 6901)."""
        fault = FieldFault(pointer, self.code, self.detail_en, self.detail_ru)
        super().__init__(errors=[fault])
