"""Reads QIF: a line for each field, a circumflex after each transaction."""

from collections.abc import Iterator
from typing import Final, cast

from finance.files.readers.dates import DateOrder, date_of, order_of
from finance.files.readers.encodings import decoded
from finance.files.readers.lines import (
    LONGEST_ACCOUNT,
    LONGEST_CELL,
    MOST_LINES,
    Choices,
    FileError,
    Line,
    LineError,
    LineFault,
    Reading,
)
from finance.files.readers.numbers import amount_of, decimal_of
from finance.files.texts import text_lines

_KINDS: Final = {"bank", "cash", "ccard", "oth a", "oth l"}
_FIELDS: Final = "DTUPMLN"
_MOST_FIELDS: Final = 400


def read_qif(body: bytes, currency: str, choices: Choices) -> Reading:
    """Return what a file holds for an account of a currency.

    Raises:
        FileError: `file_not_text`, `encoding_wrong`, `file_malformed`, `too_many_lines`,
            `several_accounts`.
    """
    text, encoding = decoded(body, choices.encoding)
    if not text.lstrip().startswith("!"):
        raise FileError("file_malformed")
    reading = Reading(encoding=encoding)
    found: list[tuple[int, dict[str, str]]] = []
    accounts: dict[str, None] = {}
    for account, number, said in _transactions(text):
        accounts.setdefault(account)
        if choices.only_account in (None, account):
            found.append((number, said))
        if len(found) > MOST_LINES:
            raise FileError("too_many_lines")
    reading.accounts = list(accounts)
    if len(accounts) > 1 and choices.only_account is None:
        raise FileError("several_accounts", accounts)
    order, is_sure = order_of(said.get("D", "") for _, said in found)
    reading.ambiguous += [] if choices.date_order or is_sure else ["date_order"]
    reading.date_order = choices.date_order or order or "mdy"
    decimal, is_sure = decimal_of(_amount(said) for _, said in found)
    reading.ambiguous += [] if choices.decimal or is_sure else ["decimal"]
    reading.decimal = choices.decimal or decimal or "."
    for number, said in found:
        try:
            reading.lines.append(_line(number, said, currency, reading))
        except LineError as refused:
            reading.faults.append(LineFault(number, refused.code))
    return reading


def _transactions(text: str) -> Iterator[tuple[str, int, dict[str, str]]]:
    """Yield each transaction's account, the line where it begins, and its fields.

    One without its circumflex has no fields: it may be cut off.
    """
    account, section, begun = "", "", 0
    said: dict[str, str] = {}
    for number, raw in enumerate(text_lines(text), start=1):
        line = raw.rstrip("\r\n")[: LONGEST_CELL + 2]
        is_another = line.startswith("!") or (line.startswith("D") and "D" in said)
        if is_another and said and _is_of_transactions(section):
            yield account, begun, {}
            said, begun = {}, 0
        if line.startswith("!"):
            section = line.strip().lower()
            said, begun = {}, 0
        elif line.startswith("^"):
            if section == "!account":
                account = said.get("N", "")[:LONGEST_ACCOUNT]
            elif _is_of_transactions(section) and said:
                yield account, begun, said
            said, begun = {}, 0
        elif line.strip():
            begun = begun or number
            if line[0] in _FIELDS and len(said) < _MOST_FIELDS:
                said.setdefault(line[0], line[1:].strip())
    if said and _is_of_transactions(section):
        yield account, begun, {}


def _is_of_transactions(section: str) -> bool:
    return section.removeprefix("!type:").strip() in _KINDS


def _line(number: int, said: dict[str, str], currency: str, reading: Reading) -> Line:
    if not said:
        raise LineError("malformed")
    if any(len(value) > LONGEST_CELL for value in said.values()):
        raise LineError("cell_too_long")
    minor = amount_of(_amount(said), reading.decimal or ".", currency)
    if not minor:
        raise LineError("amount_zero")
    payee, memo, category = said.get("P", ""), said.get("M", ""), said.get("L", "")
    return Line(
        number=number,
        date=date_of(said.get("D", ""), cast("DateOrder", reading.date_order)),
        amount_minor=minor,
        description=payee or memo,
        note=memo if payee else "",
        category="" if category.startswith("[") else category.partition("/")[0],
        key=said.get("N", ""),
    )


def _amount(said: dict[str, str]) -> str:
    return said.get("T") or said.get("U", "")
