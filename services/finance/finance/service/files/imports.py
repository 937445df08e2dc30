"""Reads the file of an import, and books its lines.

It runs in a process of its own, bounded before it begins. Lines are booked some at a time, each
once: what is on the account already is known by its key. What names no category of the user's is
placed by their rules.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from finance.clients.storage import FileStorage
from finance.domain.accounts import FinanceAccount
from finance.domain.books import BookOwner
from finance.domain.files.file_jobs import FileJob
from finance.files.bookings import booking_of, by_name, kept_text
from finance.files.formats import READERS
from finance.files.readers.keys import keyed
from finance.files.readers.lines import MOST_ACCOUNTS, Choices, FileError, Line, Reading
from finance.repository import Accounts, Books, FinanceCategories
from finance.repository.transactions.imports import Imports
from finance.service.feed.rules import placed
from finance.service.files.exports import Tell
from finance.service.transactions.bookings import book as book_all
from kit.db import Connection, Database, UnitOfWork
from kit.ids import new_id
from kit.money import decimal_text

BATCH: Final = 1_000
_MOST_FAULTS: Final = 1_000
_PREVIEW: Final = 20
_WITH_IDS: Final = frozenset({"ofx"})  # formats whose lines have names of their own

_Keyed = Sequence[tuple[str, Line]]


async def check(
    database: Database, storage: FileStorage, job: FileJob, tell: Tell
) -> dict[str, Any]:
    """Return how a file was read, what it holds, and what of it is new; books nothing.

    Raises:
        FileError: it can't be read at all; its code says why.
        FileGoneError: its time was over.
        Unavailable: the storage does not answer.
    """
    reading, account = await _read(database, storage, job)
    lines, known = list(_keyed(job, reading)), 0
    for batch in _batches(lines):
        async with database.read() as connection:
            known += len(await _known(connection, account, batch))
        tell(known, len(lines))
    result = _found(reading, account, known)
    return {"rows": len(lines), "result": result}


async def book(
    database: Database, storage: FileStorage, job: FileJob, tell: Tell
) -> dict[str, Any]:
    """Book the lines of a file that are not on their account yet, some at a time.

    Raises what ``check`` raises.
    """
    reading, _ = await _read(database, storage, job)
    lines, booked = list(_keyed(job, reading)), 0
    for place, batch in enumerate(_batches(lines), start=1):
        async with database.unit_of_work() as uow:
            booked += await _book(uow, job, batch)
        tell(min(place * BATCH, len(lines)), len(lines))
    return {"rows": len(lines), "result": {**job.result, "booked": booked}}


async def _read(
    database: Database, storage: FileStorage, job: FileJob
) -> tuple[Reading, FinanceAccount]:
    body = await storage.read(job.object_key or "")
    async with database.read() as connection:
        account = await _account(connection, job)
    return READERS[job.format](body, account.currency, _choices(job.options)), account


def _choices(options: Mapping[str, Any]) -> Choices:
    return Choices(**{name: options.get(name) for name in Choices.__slots__})


async def _account(connection: Connection, job: FileJob) -> FinanceAccount:
    if job.account_id is None:
        raise FileError("account_gone")
    account = await Accounts(connection).find(job.user_id, job.account_id)
    if account is None or account.wallet_id is not None:
        raise FileError("account_gone")
    return account


def _keyed(job: FileJob, reading: Reading) -> Iterator[tuple[str, Line]]:
    return keyed(reading.lines, has_ids=job.format in _WITH_IDS)


def _batches(lines: _Keyed) -> Iterator[_Keyed]:
    return (lines[begin : begin + BATCH] for begin in range(0, len(lines), BATCH))


async def _known(connection: Connection, account: FinanceAccount, batch: _Keyed) -> frozenset[str]:
    return await Imports(connection).known(account.id, [key for key, _ in batch])


async def _book(uow: UnitOfWork, job: FileJob, batch: _Keyed) -> int:
    """Book those lines of a batch that are new, under the lock of the book."""
    now = uow.clock.now()
    owner = BookOwner(job.user_id, job.options["default_zone"])
    owned = await Books(uow).lock(owner, now)
    account = await _account(uow, job)
    if account.currency != job.result["currency"]:  # what was shown is what is booked
        raise FileError("currency_changed")
    known = await _known(uow, account, batch)
    new = [(key, line) for key, line in batch if key not in known]
    if not new:
        return 0
    categories = by_name(await FinanceCategories(uow).tree(job.user_id))
    transactions = [
        booking_of(
            line,
            account,
            transaction_id=new_id(),
            key=key,
            categories=categories,
            zone=owned.time_zone,
            now=now,
        )
        for key, line in new
    ]
    await book_all(uow, await placed(uow, owner, transactions))
    return len(new)


def _found(reading: Reading, account: FinanceAccount, known: int) -> dict[str, Any]:
    return {
        "currency": account.currency,
        "encoding": reading.encoding,
        "delimiter": reading.delimiter,
        "date_order": reading.date_order,
        "decimal": reading.decimal,
        "header_line": reading.header_line,
        "columns": reading.columns,
        "mapping": reading.mapping,
        "ambiguous": reading.ambiguous,
        "accounts": reading.accounts[:MOST_ACCOUNTS],
        "new": len(reading.lines) - known,
        "known": known,
        "faulty": len(reading.faults),
        "faults": [[one.number, one.code] for one in reading.faults[:_MOST_FAULTS]],
        "preview": [
            {
                "line": line.number,
                "date": line.date.isoformat(),
                "amount": decimal_text(line.amount_minor, account.currency),
                "currency": account.currency,
                "description": kept_text(line.description) or "",
                "category": kept_text(line.category) or "",
            }
            for line in reading.lines[:_PREVIEW]
        ],
    }
