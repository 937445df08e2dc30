"""Serves a wallet's past: entries, balance at a time, statements."""

from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import Query
from starlette.responses import StreamingResponse

from kit.csv_text import encode_csv, text_cell, time_cell
from kit.db import Database
from kit.money import decimal_text
from kit.refusals import CursorInvalid
from kit.web.audit import Auditing
from kit.web.csv_bodies import csv_file
from kit.web.fields import MoneyObject
from kit.web.identity import Caller
from kit.web.pagination import Position, page_of
from kit.web.routes import Router
from kit.web.schemas import Page
from wallet import refusals
from wallet.api.ownership import visible
from wallet.repository.history import EntryLine
from wallet.schemas.queries import EntriesQuery, StatementQuery
from wallet.schemas.wallets import BalanceAnswer, EntryAnswer, ReasonableMoment, StatementAnswer
from wallet.service import history
from wallet.service.history import EntryRange, Period, Statement
from wallet.wiring import Wired

router = Router(tags=["history"], scope="wallets")

# The parameters in the order in which statements have always had them.
_CSV = "text/csv; header=present; charset=utf-8"
_COLUMNS = (
    "seq",
    "posted_at",
    "kind",
    "reference",
    "description",
    "amount",
    "balance_after",
    "currency",
    "transfer_id",
)

At = Annotated[ReasonableMoment | None, Query(description="Now, if it is left out.")]


@router.get(
    "/v1/wallets/{wallet_id}/entries",
    access="owner",
    operation_id="list_entries",
    summary="List a wallet's entries, newest first",
    response_model=Page[EntryAnswer],
    refusals=(CursorInvalid,),
)
async def list_entries(
    wallet_id: UUID,
    caller: Caller,
    wired: Wired,
    query: Annotated[EntriesQuery, Query()],
    audit: Auditing,
) -> Page[EntryAnswer]:
    """List what came in and what went out."""
    cursors = query.cursors(
        wired.settings.cursor_secret,
        list_name="list_entries",
        subject=caller.subject,
        wallet_id=wallet_id,
    )
    before = cursors.decode(query.cursor)
    async with wired.database.read() as connection:
        wallet = await visible(connection, caller, wallet_id)
        asked = asked_for(query, before)
        rows = await history.entries(connection, wallet.id, asked)
    await audit.read("wallet", wallet.id, wallet.owner_id)
    return page_of(
        Page[EntryAnswer],
        rows,
        lambda row: EntryAnswer.of(row, wallet.currency),
        limit=query.limit,
        cursors=cursors,
        place=place_of,
    )


def asked_for(query: EntriesQuery, before: Position | None) -> EntryRange:
    """Return the filter of entries; within one account an entry's seq is its id."""
    below = None if before is None else before.id.int
    return EntryRange(*query.span, below, query.limit + 1)


def place_of(line: EntryLine) -> Position:
    """Return the position of a page whose last entry is this one."""
    return Position(line.posted_at, UUID(int=line.seq))


@router.get(
    "/v1/wallets/{wallet_id}/balance",
    access="owner",
    operation_id="get_balance",
    summary="Get a wallet's balance at a time",
)
async def get_balance(
    wallet_id: UUID, caller: Caller, wired: Wired, audit: Auditing, at: At = None
) -> BalanceAnswer:
    """Show the balance after all that was posted until a time, that time included."""
    async with wired.database.read() as connection:
        wallet = await visible(connection, caller, wallet_id)
        if at is None:
            minor = wallet.balance_minor
        else:
            minor = await history.balance_at(connection, wallet, at)
    await audit.read("wallet", wallet.id, wallet.owner_id)
    return BalanceAnswer(
        wallet_id=wallet.id,
        at=at or wired.database.clock.now(),
        balance=MoneyObject.of(minor, wallet.currency),
    )


@router.get(
    "/v1/wallets/{wallet_id}/statement",
    access="owner",
    operation_id="get_statement",
    summary="Get a statement: opening balance, entries and closing balance of a period",
    response_model=StatementAnswer,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
    refusals=(refusals.StatementTooLong,),
)
async def get_statement(
    wallet_id: UUID,
    caller: Caller,
    wired: Wired,
    query: Annotated[StatementQuery, Query()],
    audit: Auditing,
) -> StatementAnswer | StreamingResponse:
    """Show a statement; the default period is the wallet's whole life.

    JSON has at most 1,000 entries; CSV has no limit.
    """
    begin, end = query.span
    async with wired.database.read() as connection:
        wallet = await visible(connection, caller, wallet_id)
        period = Period(begin or wallet.created_at, end or wired.database.clock.now())
        found = await history.statement(connection, wallet, period)
        lines = await history.lines(connection, found) if query.format == "json" else []
    await audit.read("wallet", wallet.id, wallet.owner_id)
    if query.format == "json":
        return StatementAnswer.of(found, lines)
    name = f"wallet-{wallet.number}.csv"
    return csv_file(_csv(wired.database, found), name, media_type=_CSV)


async def _csv(database: Database, found: Statement) -> AsyncIterator[bytes]:
    """Yield a statement as CSV while it is read; a failure cuts the answer off."""
    currency, period = found.wallet.currency, found.period
    opening = decimal_text(found.opening_minor, currency)
    closing = decimal_text(found.closing_minor, currency)
    opened, closed = time_cell(period.begin), time_cell(period.end)
    yield encode_csv(
        [
            _COLUMNS,
            ("", opened, "opening_balance", "", "", "", opening, currency, ""),
        ]
    )
    async for lines in history.all_lines(database, found):
        yield encode_csv(_cells(line, currency) for line in lines)
    yield encode_csv([("", closed, "closing_balance", "", "", "", closing, currency, "")])


def _cells(line: EntryLine, currency: str) -> tuple[str, ...]:
    return (
        str(line.seq),
        time_cell(line.posted_at),
        line.kind,
        text_cell(line.reference),
        text_cell(line.description),
        decimal_text(line.amount_minor, currency),
        decimal_text(line.balance_after_minor, currency),
        currency,
        str(line.transfer_id),
    )
