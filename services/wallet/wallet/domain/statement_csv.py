"""Writes a statement as CSV (RFC 4180); pure. Cells that a spreadsheet would run are disarmed."""

import csv
import io
from collections.abc import Iterable

COLUMNS = (
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

# What makes a spreadsheet take text for a formula (ASVS 5.0 §1.2.10); numbers are left alone.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def text_cell(text: str | None) -> str:
    """Return free text as a cell that no spreadsheet takes for a formula."""
    if not text:
        return ""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def rows(cells: Iterable[Iterable[str]]) -> bytes:
    """Return lines of CSV, ended by CR LF, in UTF-8."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerows(cells)
    return buffer.getvalue().encode()
