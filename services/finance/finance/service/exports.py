"""Makes the file of an export, and sends it to the storage as it is made.

It runs in a process of its own: no row is kept once it is written.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from finance.clients.storage import FileStorage
from finance.domain.books import BookOwner
from finance.domain.file_jobs import FileJob
from finance.domain.periods import BookPeriod
from finance.domain.transactions import TransactionType
from finance.files.entries import FileBook, FileEntry
from finance.files.formats import FORMATS, TABLES, FileWriter, entry_writer, table_writer
from finance.files.tables import TRANSACTIONS, row_of
from finance.repository import Books
from finance.repository.exports import Exports, ExportScope
from kit.db import Connection, Database

Tell = Callable[[int, int | None], None]  # rows so far, of how many


@dataclass(slots=True, kw_only=True)
class _Export:
    """One file on its way, counted and hashed."""

    exports: Exports
    job: FileJob
    scope: ExportScope
    folder: Path
    tell: Tell
    now: datetime
    size: int = 0
    rows: int = 0
    digest: Any = field(default_factory=sha256)

    @property
    def today(self) -> date:
        """The day in the user's zone."""
        return self.now.astimezone(ZoneInfo(self.scope.period.zone)).date()

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the file as its rows are read."""
        total = await self.exports.count(self.scope)
        self.tell(0, total)
        book = await self.exports.book(self.scope, self.today)
        writer, shown = self._writer(book)
        yield self._passed(writer.head())
        async for entries in self.exports.entries(self.scope, FORMATS[self.job.format].order):
            yield self._passed(writer.rows([shown(one) for one in entries]))
            self.rows += len(entries)
            self.tell(self.rows, total)
        for chunk in writer.tail():
            yield self._passed(chunk)

    def _writer(self, book: FileBook) -> tuple[FileWriter[Any], Callable[[FileEntry], Any]]:
        name, bom = self.job.format, self.job.options["bom"]
        if name in TABLES:
            return table_writer(name, TRANSACTIONS, self.folder, bom=bom), row_of(book)
        return entry_writer(name, book, self.now), _as_it_is

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
    """
    shape = FORMATS[job.format]
    async with database.read() as connection, Exports(connection).one_state():
        file = _Export(
            exports=Exports(connection),
            job=job,
            scope=await _scope(connection, job),
            folder=folder,
            tell=tell,
            now=database.clock.now(),
        )
        name = f"saldo-{job.options['report']}-{file.today}.{shape.extension}"
        await storage.put(
            job.object_key or "", file.chunks(), media_type=shape.media_type, name=name
        )
    return {"rows": file.rows, "size": file.size, "sha256": file.digest.hexdigest()}


async def _scope(connection: Connection, job: FileJob) -> ExportScope:
    asked = job.options
    book = await Books(connection).find(BookOwner(job.user_id, asked["default_zone"]))
    zone = asked["tz"] or book.time_zone
    return ExportScope(
        user_id=job.user_id,
        period=BookPeriod(_day(asked["from"]), _day(asked["to"]), zone, book.time_zone),
        account_id=_id(asked["account_id"]),
        category_id=_id(asked["category_id"]),
        type=None if asked["type"] is None else TransactionType(asked["type"]),
    )


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _id(text: str | None) -> UUID | None:
    return None if text is None else UUID(text)


def _as_it_is(entry: FileEntry) -> FileEntry:
    return entry
