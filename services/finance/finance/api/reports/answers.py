"""Answers with reports, kept or computed from one state of the caller's book."""

from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

from finance.api.owners import OK
from finance.cache import CachedReport, ComputedReport, ReportKey
from finance.domain.books import BookOwner, FinanceBook
from finance.repository import Books
from finance.wiring import Wiring
from kit.db import Connection
from kit.web.answers import Answer

X_CACHE: Final = "X-Cache"


class Rendering(NamedTuple):
    """A report that is asked for.

    Attributes:
        operation: Which report.
        asked: All that it depends on besides the book.
        render: Reads what it needs, and returns the bytes of the answer.
    """

    operation: str
    asked: str
    render: Callable[[Connection], Awaitable[bytes]]


class FoundReport(NamedTuple):
    """A rendered report, and a tag that is another one whenever the report may be."""

    report: CachedReport
    tag: str


async def book_of(wired: Wiring, owner: BookOwner) -> FinanceBook:
    """Return the caller's book; its version names the state that reports are of."""
    async with wired.database.read() as connection:
        return await Books(connection).find(owner)


async def found_report(wired: Wiring, book: FinanceBook, wanted: Rendering) -> FoundReport:
    """Return a report of the book as just read, or of a later state of it."""
    key = ReportKey(book.user_id, wanted.operation, wanted.asked)

    async def compute() -> ComputedReport:
        async with wired.database.snapshot() as snapshot:
            frozen = await Books(snapshot).find(BookOwner(book.user_id, book.time_zone))
            return ComputedReport(frozen.version, await wanted.render(snapshot))

    report = await wired.reports.answer(key, book.version, compute)
    return FoundReport(report, key.tag(book.version))


async def answered(wired: Wiring, book: FinanceBook, wanted: Rendering) -> Answer:
    """Answer with a report as JSON."""
    report, _ = await found_report(wired, book, wanted)
    return Answer(OK, headers={X_CACHE: report.outcome.value}, body=report.body)
