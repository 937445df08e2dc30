"""Makes the file of an export, and sends it to the storage as it is made.

It runs in a process of its own: no row is kept once it is written. What can be refused is, when it
is ordered.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from finance.clients.storage import FileStorage
from finance.domain.books import BookOwner
from finance.domain.dates.days import day_of
from finance.domain.dates.periods import BookPeriod
from finance.domain.files.exports import ExportedReport
from finance.domain.files.file_jobs import FileJob
from finance.domain.reports.scopes import ReportScope, with_edges
from finance.domain.transactions.transactions import TransactionType
from finance.files.entries import FileBook, FileEntry
from finance.files.formats import FORMATS, TABLES, FileWriter, entry_writer, table_writer
from finance.files.tables import TRANSACTIONS, row_of
from finance.repository import Books
from finance.repository.files.exports import Exports, ExportScope
from finance.service.reports.files import report_table, require_short
from kit.db import Connection, Database, Snapshot

Tell = Callable[[int, int | None], None]  # rows so far, of how many
_Batches = AsyncIterator[Sequence[Any]]


class _Content(NamedTuple):
    """What a file is made of: rows as its writer takes them, and how many."""

    writer: FileWriter[Any]
    total: int
    batches: _Batches


@dataclass(slots=True, kw_only=True)
class _Export:
    """One file on its way, counted and hashed."""

    connection: Snapshot
    job: FileJob
    period: BookPeriod
    folder: Path
    tell: Tell
    now: datetime
    size: int = 0
    rows: int = 0
    digest: Any = field(default_factory=sha256)

    @property
    def today(self) -> date:
        """The day in the user's zone."""
        return day_of(self.now, self.period.zone)

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the file as its rows are read."""
        is_report = self.job.options["report"] != ExportedReport.TRANSACTIONS
        content = await (self._report() if is_report else self._transactions())
        self.tell(0, content.total)
        yield self._passed(content.writer.head())
        async for rows in content.batches:
            yield self._passed(content.writer.rows(rows))
            self.rows += len(rows)
            self.tell(self.rows, content.total)
        for chunk in content.writer.tail():
            yield self._passed(chunk)

    async def _transactions(self) -> _Content:
        exports, scope, name = Exports(self.connection), self._scope(), self.job.format
        total, book = await exports.count(scope), await exports.book(scope, self.today)
        entries = exports.entries(scope, FORMATS[name].order)
        if name not in TABLES:
            return _Content(entry_writer(name, book, self.now), total, entries)
        writer = table_writer(name, TRANSACTIONS, self.folder, bom=self.job.options["bom"])
        return _Content(writer, total, _in_rows(entries, book))

    async def _report(self) -> _Content:
        asked = self.job.options
        table = await report_table(self.connection, _report_scope(self.job, self.period), asked)
        writer = table_writer(self.job.format, table.columns, self.folder, bom=asked["bom"])
        return _Content(writer, len(table.rows), _at_once(table.rows))

    def _scope(self) -> ExportScope:
        asked = self.job.options
        return ExportScope(
            user_id=self.job.user_id,
            period=self.period,
            account_id=_id(asked["account_id"]),
            category_id=_id(asked["category_id"]),
            type=None if asked["type"] is None else TransactionType(asked["type"]),
        )

    def _passed(self, chunk: bytes) -> bytes:
        self.size += len(chunk)
        self.digest.update(chunk)
        return chunk


async def export(
    database: Database, storage: FileStorage, job: FileJob, folder: Path, tell: Tell
) -> dict[str, Any]:
    """Store the file of a job; return its size, hash and number of rows.

    Raises:
        Unavailable: the storage does not take it.
        AccountNotYours, RangeTooLong: of a report, by their names.
    """
    shape = FORMATS[job.format]
    async with database.snapshot() as connection:
        file = _Export(
            connection=connection,
            job=job,
            period=await _period(connection, job),
            folder=folder,
            tell=tell,
            now=database.clock.now(),
        )
        name = f"saldo-{job.options['report']}-{file.today}.{shape.extension}"
        await storage.put(
            job.object_key or "", file.chunks(), media_type=shape.media_type, name=name
        )
    return {"rows": file.rows, "size": file.size, "sha256": file.digest.hexdigest()}


async def require_possible(connection: Connection, job: FileJob) -> None:
    """Refuse an order of which it is known that it would fail.

    Raises:
        RangeTooLong: a report would have more days, weeks or months than are shown.
    """
    if job.options["report"] != ExportedReport.TRANSACTIONS:
        require_short(_report_scope(job, await _period(connection, job)), job.options)


def _report_scope(job: FileJob, period: BookPeriod) -> ReportScope:
    # Of the month in which it was ordered, also where it is made in the next one.
    period = with_edges(period, day_of(job.created_at, period.zone))
    return ReportScope(job.user_id, period, account_id=_id(job.options["account_id"]))


async def _period(connection: Connection, job: FileJob) -> BookPeriod:
    asked = job.options
    book = await Books(connection).find(BookOwner(job.user_id, asked["default_zone"]))
    zone = asked["tz"] or book.time_zone
    return BookPeriod(_day(asked["from"]), _day(asked["to"]), zone, book.time_zone)


async def _in_rows(entries: AsyncIterator[Sequence[FileEntry]], book: FileBook) -> _Batches:
    row = row_of(book)
    async for some in entries:
        yield [row(one) for one in some]


async def _at_once(rows: Sequence[Any]) -> _Batches:
    yield rows


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _id(text: str | None) -> UUID | None:
    return None if text is None else UUID(text)
