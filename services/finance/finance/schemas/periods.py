"""Reads a period from a query: two edges and a zone, by default the book's."""

from pydantic import Field

from finance.domain.books import FinanceBook
from finance.domain.dates.periods import BookPeriod
from finance.schemas.texts import BookZone
from kit.span import PeriodInvalid
from kit.web.queries import RangeFilters
from kit.web.times import span


class PeriodFilters(RangeFilters):
    """The filters by a period of the caller's book."""

    tz: BookZone | None = Field(
        None, description="IANA time zone that plain days are meant in; by default the book's."
    )

    def period(self, book: FinanceBook) -> BookPeriod:
        """Return the period in a book.

        Raises:
            PeriodInvalid: nothing can be in it.
        """
        zone = self.tz or book.time_zone
        if not span(self.begin, self.end, zone).is_forwards:
            raise PeriodInvalid
        return BookPeriod(self.begin, self.end, zone, book.time_zone)
