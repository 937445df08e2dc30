"""Writes entries as statements of OFX 2.2 (XML), one for each account."""

from base64 import urlsafe_b64encode
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from finance.files.entries import FileBook, FileEntry
from finance.files.texts import one_line
from kit.money import decimal_text

_HEAD: Final = (
    '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n'
    '<?OFX OFXHEADER="200" VERSION="220" SECURITY="NONE" OLDFILEUID="NONE" NEWFILEUID="NONE"?>\n'
    "<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0</CODE><SEVERITY>INFO</SEVERITY></STATUS>"
    "<DTSERVER>{now}</DTSERVER><LANGUAGE>ENG</LANGUAGE></SONRS></SIGNONMSGSRSV1>\n"
    "<BANKMSGSRSV1>\n"
)
_STATEMENT: Final = (
    "<STMTTRNRS><TRNUID>0</TRNUID><STATUS><CODE>0</CODE><SEVERITY>INFO</SEVERITY></STATUS>"
    "<STMTRS><CURDEF>{currency}</CURDEF>\n<BANKACCTFROM><BANKID>saldo</BANKID>"
    "<ACCTID>{id}</ACCTID><ACCTTYPE>{type}</ACCTTYPE></BANKACCTFROM>\n"
    "<BANKTRANLIST><DTSTART>{begin}</DTSTART><DTEND>{end}</DTEND>\n"
)
_STATEMENT_END: Final = (
    "</BANKTRANLIST>\n<LEDGERBAL><BALAMT>{balance}</BALAMT><DTASOF>{end}</DTASOF></LEDGERBAL>"
    "</STMTRS></STMTTRNRS>\n"
)
_TYPES: Final = {"income": "CREDIT", "expense": "DEBIT", "transfer": "XFER"}
_LONGEST_NAME: Final = 32
_LONGEST_MEMO: Final = 255


class OfxWriter:
    """Writes entries that come account by account; each has the ``FITID`` of its id."""

    def __init__(self, book: FileBook, now: datetime) -> None:
        self._book = book
        self._zone = ZoneInfo(book.zone)
        self._now = now
        self._account_id: UUID | None = None
        self._written: set[UUID] = set()

    def head(self) -> bytes:
        """Begin the document."""
        return _HEAD.format(now=_time(self._now, self._zone)).encode()

    def rows(self, rows: Sequence[FileEntry]) -> bytes:
        """Return entries, with the beginnings and ends of the statements on the way."""
        parts: list[str] = []
        for entry in rows:
            if entry.account_id != self._account_id:
                parts += [self._end(), self._begin(entry.account_id)]
            parts.append(self._transaction(entry))
        return "".join(parts).encode()

    def tail(self) -> Iterator[bytes]:
        """Yield the statements of accounts without entries, and the end."""
        parts = [self._end()]
        for account_id in self._book.accounts:
            if account_id not in self._written:
                parts += [self._begin(account_id), self._end()]
        yield ("".join(parts) + "</BANKMSGSRSV1></OFX>\n").encode()

    def _begin(self, account_id: UUID) -> str:
        account = self._book.accounts[account_id]
        self._account_id = account_id
        self._written.add(account_id)
        return _STATEMENT.format(
            currency=account.currency,
            id=urlsafe_b64encode(account_id.bytes).decode().rstrip("="),  # 22 characters at most
            type="SAVINGS" if account.kind == "savings" else "CHECKING",
            begin=_day(self._book.begin),
            end=_day(self._book.end),
        )

    def _end(self) -> str:
        if self._account_id is None:
            return ""
        account = self._book.accounts[self._account_id]
        self._account_id = None
        balance = decimal_text(account.end_minor, account.currency)
        return _STATEMENT_END.format(balance=balance, end=_day(self._book.end))

    def _transaction(self, entry: FileEntry) -> str:
        name = _text(entry.counterparty or entry.description, _LONGEST_NAME) or entry.type
        memo = _text(" · ".join(filter(None, [entry.description, entry.note])), _LONGEST_MEMO)
        posted = _day(entry.date) if entry.at is None else _time(entry.at, self._zone)
        amount = decimal_text(entry.amount_minor, entry.currency)
        return (
            f"<STMTTRN><TRNTYPE>{_TYPES[entry.type]}</TRNTYPE><DTPOSTED>{posted}</DTPOSTED>"
            f"<TRNAMT>{amount}</TRNAMT><FITID>{entry.id}</FITID><NAME>{name}</NAME>"
            + (f"<MEMO>{memo}</MEMO>" if memo else "")
            + "</STMTTRN>\n"
        )


def _text(text: str, longest: int) -> str:
    return escape(one_line(text)[:longest].strip())


def _day(day: date) -> str:
    return f"{day:%Y}".rjust(4, "0") + f"{day:%m%d}"


def _time(at: datetime, zone: ZoneInfo) -> str:
    """Return a moment by the user's clock, so that its day is theirs to every reader.

    An offset has two decimals; what clocks once were off by seconds is left out.
    """
    offset = at.astimezone(zone).utcoffset() or timedelta()
    hours = round(offset / timedelta(hours=1), 2)
    local = at.astimezone(UTC) + timedelta(hours=hours)
    return f"{local:%Y%m%d%H%M%S}.000[{hours:+g}]"
