"""Reads statements of OFX, SGML (1.x) and XML (2.x) alike, by their tags.

Elements of OFX do not nest below a value, so tags are read one by one. What could make a text
grow is not known here: no entity is but the five of XML and numbers.
"""

import html
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from finance.files.readers.currencies import is_named
from finance.files.readers.dates import date_of, moment_of
from finance.files.readers.encodings import decoded
from finance.files.readers.lines import (
    LONGEST_ACCOUNT,
    LONGEST_CELL,
    Choices,
    FileError,
    Line,
    LineError,
    LineFault,
    Reading,
)
from finance.files.readers.numbers import amount_of

_BEGIN: Final = re.compile(r"<OFX(?:\s[^<>]{0,1000})?>", re.IGNORECASE)
# A value is plain or, in XML, also a section of characters that mean nothing. One that has no end
# is looked for no further than to the next, so that a file of such beginnings is read once.
_TAG: Final = re.compile(
    r"<(/?)([A-Za-z0-9.]{1,40})>"
    r"(?:\s*<!\[CDATA\[((?>(?:[^]<]++|<(?!!\[)|\](?!\]>))*))\]\]>|([^<]*))"
)
_CHARSET: Final = re.compile(rb"CHARSET:\s*([A-Za-z0-9-]{1,20})")
_DECLARED: Final = re.compile(rb"""<\?xml[^>]{0,200}encoding=["']([A-Za-z0-9-]{1,20})["']""")
_ENTITY: Final = re.compile(r"&(amp|lt|gt|quot|apos|nbsp|#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6});")
_TIME: Final = re.compile(
    r"(\d{8})(\d{4}(?:\d{2})?)?(?:\.\d{1,6})?(?:\[([+-]?\d{1,2}(?:\.\d{1,2})?)(?::[^\]]{0,20})?\])?",
    re.ASCII,
)
_HEAD: Final = 4096
_ENCODINGS: Final = {
    "1251": "cp1251",
    "WINDOWS-1251": "cp1251",
    "1252": "cp1252",
    "WINDOWS-1252": "cp1252",
    "UTF-8": "utf-8",
    "ISO-8859-1": "cp1252",
    "8859-1": "cp1252",
}
_WHOLE: Final = {"NAME", "MEMO", "TRNAMT", "DTPOSTED", "FITID", "CURSYM", "PAYEE", "CHECKNUM"}


def read_ofx(body: bytes, currency: str, choices: Choices) -> Reading:
    """Return what the statements of a file hold for an account of a currency.

    Raises:
        FileError: `file_not_text`, `encoding_wrong`, `file_malformed`, `has_entities`,
            `too_many_lines`, `several_accounts`.
    """
    text, encoding = decoded(body, choices.encoding or _encoding(body))
    found = _BEGIN.search(text)
    if found is None:
        raise FileError("file_malformed")
    begin = found.start()
    if "<!" in text[:begin] or "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise FileError("has_entities")
    reading = Reading(encoding=encoding, date_order="ymd", decimal=choices.decimal or ".")
    accounts: dict[str, None] = {}
    for account, said, number in _transactions(text, begin):
        accounts.setdefault(account)
        if choices.only_account not in (None, account):
            continue
        if len(accounts) > 1 and choices.only_account is None:
            continue  # it is refused, once all accounts are known
        try:
            reading.lines.append(_line(number, said, currency))
        except LineError as refused:
            reading.faults.append(LineFault(number, refused.code))
        reading.count()
    reading.accounts = list(accounts)
    if len(accounts) > 1 and choices.only_account is None:
        raise FileError("several_accounts", accounts)
    return reading


def _encoding(body: bytes) -> str | None:
    """Return what a file says of its encoding, unless it is UTF-8 all the same."""
    head = body[:_HEAD]
    found = _CHARSET.search(head) or _DECLARED.search(head)
    said = None if found is None else _ENCODINGS.get(found[1].decode().upper())
    return "utf-8" if said is not None and not body.isascii() and _is_utf8(body) else said


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _transactions(text: str, begin: int) -> Iterator[tuple[str, dict[str, str], int]]:
    """Yield each transaction's account and values, and the line where it begins.

    One that has no end has no values: what is missing of it, nobody knows.
    """
    around = {"ACCTID": "", "CURDEF": ""}
    said: dict[str, str] | None = None
    number, counted = text.count("\n", 0, begin) + 1, begin
    for found in _TAG.finditer(text, begin):
        is_end, name = found[1] == "/", found[2].upper()
        if name == "STMTTRN":
            if said is not None:
                yield around["ACCTID"], said if is_end else {}, number
            said = None if is_end else {"CURDEF": around["CURDEF"]}
            number += text.count("\n", counted, found.start())
            counted = found.start()
        elif is_end:
            continue
        elif said is not None and name == "ORIGCURRENCY":
            said["CURSYM"] = ""  # its symbol is of another amount than the one that is told
        elif said is not None and name in _WHOLE:
            said.setdefault(name, _value(found))
        elif said is None and name in around:
            around[name] = _value(found)[:LONGEST_ACCOUNT]
    if said is not None:
        yield around["ACCTID"], {}, number


def _line(number: int, said: dict[str, str], currency: str) -> Line:
    if not said:
        raise LineError("malformed")
    if any(len(value) > LONGEST_CELL for value in said.values()):
        raise LineError("cell_too_long")
    if not is_named(said.get("CURSYM") or said["CURDEF"], currency):
        raise LineError("currency_differs")
    posted = _TIME.fullmatch(said.get("DTPOSTED", ""))
    if posted is None:
        raise LineError("date_malformed")
    amount = said.get("TRNAMT", "")
    decimal = "," if "," in amount and "." not in amount else "."
    minor = amount_of(amount, decimal, currency)
    if not minor:
        raise LineError("amount_zero")
    name, memo = said.get("NAME") or said.get("PAYEE", ""), said.get("MEMO", "")
    day, clock, offset = posted.groups()
    return Line(
        number=number,
        date=date_of(day, "ymd"),
        amount_minor=minor,
        description=name or memo,
        note=memo if name and memo != name else "",
        at=_moment(day, clock, offset),
        key=said.get("FITID", ""),
    )


def _moment(day: str, clock: str | None, offset: str | None) -> datetime | None:
    """Return the moment of a time that names its zone; a bare one has a day."""
    if clock is None or offset is None:
        return None
    hours = float(offset)
    shift = f"{int(abs(hours)):02}:{round(abs(hours) % 1 * 60):02}"
    at = f"{day[:4]}-{day[4:6]}-{day[6:]}T{clock[:2]}:{clock[2:4]}:{clock[4:] or '00'}"
    return moment_of(f"{at}{'-' if hours < 0 else '+'}{shift}")


def _value(found: re.Match[str]) -> str:
    """Return what an element holds, as it was meant."""
    if found[3] is not None:
        return " ".join(found[3][: LONGEST_CELL + 1].split())
    return _text(found[4][: LONGEST_CELL + 1])


def _text(value: str) -> str:
    """Return a value on one line; an entity that is not known stays as it is."""
    plain = _ENTITY.sub(lambda found: html.unescape(found[0]), value) if "&" in value else value
    return " ".join(plain.replace("\0", "").split())
