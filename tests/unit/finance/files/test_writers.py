import csv
import io
import json
import shutil
import subprocess
import sys
import tracemalloc
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.utils.escape import unescape
from tests.unit.finance.files.books import BANK, CASH, HOSTILE, book, entries, entry

from finance.files.entries import FileEntry
from finance.files.formats import FORMATS, TABLES, entry_writer, table_writer
from finance.files.readers.csv import read_csv
from finance.files.readers.lines import Choices
from finance.files.readers.ofx import read_ofx
from finance.files.readers.qif import read_qif
from finance.files.tables import TRANSACTIONS, row_of
from finance.files.writers.beancount import BeancountWriter
from finance.files.writers.csv import CsvWriter
from finance.files.writers.hledger import HledgerWriter
from finance.files.writers.json import JsonWriter
from finance.files.writers.ofx import OfxWriter
from finance.files.writers.qif import QifWriter
from finance.files.writers.xlsx import XlsxWriter

NOW = datetime(2026, 2, 1, tzinfo=UTC)
HLEDGER = shutil.which("hledger") or "hledger is missing: make install"
BEAN_CHECK = str(Path(sys.executable).with_name("bean-check"))


def whole(writer: Any, rows: list[Any], size: int = 2) -> bytes:
    """Return a file that was written a few rows at a time."""
    batches = [rows[begin : begin + size] for begin in range(0, len(rows), size)]
    return b"".join([writer.head(), *map(writer.rows, batches), *writer.tail()])


def hostile(**facts: object) -> list[FileEntry]:
    return entries() + [
        entry(100 + place, description=text, note=text, tags=(text, "x"), **facts)
        for place, text in enumerate(HOSTILE)
    ]


def by_date(found: list[FileEntry]) -> list[FileEntry]:
    return sorted(found, key=lambda one: one.date)


def accepted(tmp_path: Path, name: str, content: bytes, *command: str) -> str:
    path = tmp_path / name
    path.write_bytes(content)
    done = subprocess.run(  # noqa: S603 - tools that read what we write
        [*command, str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


@pytest.mark.parametrize("text", HOSTILE)
def test_hledger_accepts_every_name_and_counts_the_same(text: str, tmp_path: Path) -> None:
    found = by_date(hostile())
    journal = whole(HledgerWriter(book([text, f"{text}{text}"])), found)
    check = (HLEDGER, "check", "accounts", "commodities", "ordereddates", "-f")
    accepted(tmp_path, "x.journal", journal, *check)
    stats = accepted(tmp_path, "x.journal", journal, HLEDGER, "stats", "-f")
    openings = 2
    assert f"Transactions             : {len(found) + openings} " in stats


def test_hledger_has_the_balances_that_we_have(tmp_path: Path) -> None:
    journal = whole(HledgerWriter(book()), by_date(entries()))
    balances = accepted(tmp_path, "x.journal", journal, HLEDGER, "bal", "-O", "csv", "-f")
    of = dict(list(csv.reader(io.StringIO(balances)))[1:])
    assert of["Assets:Cash"] == "-130.00 RUB"
    assert of["Assets:Bank"] == "1050.00 RUB"
    assert of["Assets:Yen"] == "-700 JPY"
    assert "Equity:Transfers" not in of  # both sides are there


@pytest.mark.parametrize("text", HOSTILE)
def test_bean_check_accepts_every_name(text: str, tmp_path: Path) -> None:
    ledger = whole(BeancountWriter(book([text, f"{text}{text}"])), by_date(hostile()))
    accepted(tmp_path, "x.beancount", ledger, BEAN_CHECK)
    assert ledger.count(b'\n  id: "') == len(hostile())


def test_accounts_of_one_name_stay_two(tmp_path: Path) -> None:
    journal = whole(HledgerWriter(book(["Cash", "cash"])), by_date(entries())).decode()
    assert "account Assets:cash (2)\n" in journal
    ledger = whole(BeancountWriter(book(["a b", "a-b"])), by_date(entries())).decode()
    assert "open Assets:A-b-2\n" in ledger


@pytest.mark.check(45)
def test_csv_runs_no_formula_and_has_a_mark_by_choice() -> None:
    rows = [row_of(book())(one) for one in hostile()]
    plain = whole(CsvWriter(TRANSACTIONS), rows)
    assert plain.startswith(b"date,account,")
    assert whole(CsvWriter(TRANSACTIONS, bom=True), rows) == b"\xef\xbb\xbf" + plain
    read = list(csv.DictReader(io.StringIO(plain.decode(), newline="")))
    assert len(read) == len(rows)
    assert all(not one["description"].startswith(("=", "+", "@")) for one in read)
    assert read[0]["category"] == "Food / Bread"
    assert read[2]["category"] == "Food"


def test_json_is_a_list_of_objects_also_where_it_is_empty() -> None:
    rows = [row_of(book())(one) for one in hostile()]
    read = json.loads(whole(JsonWriter(TRANSACTIONS), rows))
    assert [one["description"] for one in read] == [one.description or None for one in hostile()]
    assert read[0]["amount"] == "-150.00"
    assert json.loads(whole(JsonWriter(TRANSACTIONS), [])) == []


@pytest.mark.check(45)
def test_a_workbook_has_numbers_dates_texts_and_further_sheets(tmp_path: Path) -> None:
    rows = [row_of(book())(one) for one in hostile()]
    path = tmp_path / "x.xlsx"
    path.write_bytes(whole(XlsxWriter(TRANSACTIONS, tmp_path, most_rows=5), rows))
    sheets = openpyxl.load_workbook(path).worksheets
    assert [sheet.max_row for sheet in sheets] == [6, 6, 6, 6, 3]
    assert [cell.value for cell in sheets[0][1]][:2] == ["date", "account"]
    day, _, _, amount, *_ = (cell.value for cell in sheets[0][2])
    assert (day.date(), amount) == (date(2026, 1, 15), -150)
    cells = [cell for sheet in sheets for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]


@pytest.mark.parametrize("text", ["<r>&</r>", "<r><t>b</t></r>", "<r>a \n</r>", "_x0041_", " a "])
def test_a_text_that_a_workbook_could_take_for_its_own_stays_one(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.xlsx"
    row = row_of(book())(entry(description=text))
    path.write_bytes(whole(XlsxWriter(TRANSACTIONS, tmp_path), [row]))
    found = openpyxl.load_workbook(path).worksheets[0]["G2"].value
    assert unescape(found) == text


@pytest.mark.parametrize("format_name", ["csv", "ofx", "qif"])
def test_what_was_written_is_read_as_it_was(format_name: str) -> None:
    found = [one for one in hostile() if one.account_id == CASH]
    known = book()
    match format_name:
        case "csv":
            body = whole(CsvWriter(TRANSACTIONS, bom=True), list(map(row_of(known), found)))
            reading = read_csv(body, "RUB", Choices())
        case "ofx":
            reading = read_ofx(
                whole(OfxWriter(known, NOW), found),
                "RUB",
                Choices(only_account="AAAAAAAAAAAAAAAAAAAAAQ"),
            )
        case _:
            reading = read_qif(whole(QifWriter(known), found), "RUB", Choices())
    assert reading.faults == []
    assert reading.ambiguous == []
    assert [(one.date, one.amount_minor, one.key) for one in reading.lines] == [
        (one.date, one.amount_minor, str(one.id)) for one in found
    ]
    assert reading.lines[0].description == "Rye bread"


def test_statements_have_the_accounts_ids_and_balances() -> None:
    text = whole(OfxWriter(book(), NOW), entries()).decode()
    assert text.count("<STMTRS>") == text.count("</STMTRS>") == len(book().accounts)
    assert "<BALAMT>-25.50</BALAMT><DTASOF>20260131</DTASOF>" in text
    assert "<DTPOSTED>20260121030000.000[+5.5]</DTPOSTED>" in text
    empty = whole(OfxWriter(book(), NOW), []).decode()
    assert empty.count("<STMTRS>") == len(book().accounts)


def test_an_account_whose_entries_end_begins_anew_in_qif() -> None:
    text = whole(QifWriter(book()), entries()).decode()
    assert text.startswith("!Account\nNCash\nTCash\n^\n!Type:Cash\nD01/15/2026\n")
    assert "\nSFood\nEsoup\n$-10.00\nS\n$-20.00\n^\n" in text
    assert "\nL[Transfers]\n^\n" in text


def test_an_old_day_stays_a_text_in_a_workbook(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    row = row_of(book())(entry(date=date(1900, 1, 1), account_id=BANK))
    path.write_bytes(whole(XlsxWriter(TRANSACTIONS, tmp_path), [row]))
    assert openpyxl.load_workbook(path).worksheets[0]["A2"].value == "1900-01-01"


def test_an_amount_that_excel_would_round_stays_a_text(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    rows = [row_of(book())(entry(amount_minor=minor)) for minor in (10**15 - 1, 10**18 - 1)]
    path.write_bytes(whole(XlsxWriter(TRANSACTIONS, tmp_path), rows))
    sheet = openpyxl.load_workbook(path).worksheets[0]
    assert [sheet["D2"].value, sheet["D3"].value] == [9_999_999_999_999.99, "9999999999999999.99"]


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "Europe/Amsterdam", "America/St_Johns", "UTC"])
def test_moments_of_zones_with_odd_offsets_are_read_again(zone: str) -> None:
    known = replace(book(), zone=zone)
    found = [
        entry(place, at=at)
        for place, at in enumerate([datetime(1910, 5, 1, 12, tzinfo=UTC), NOW], start=1)
    ]
    reading = read_ofx(whole(OfxWriter(known, NOW), found), "RUB", Choices())
    assert reading.faults == []
    for line, one in zip(reading.lines, found, strict=True):
        assert line.at is not None
        assert one.at is not None
        assert abs(line.at - one.at) <= timedelta(seconds=30)


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_no_format_keeps_what_is_written(name: str, tmp_path: Path) -> None:
    """After twenty-four batches no more is held than after four."""
    writer: Any = entry_writer(name, book(), NOW) if name not in TABLES else None
    writer = writer or table_writer(name, TRANSACTIONS, tmp_path, bom=False)
    row, held = row_of(book()), list[int]()
    writer.head()
    tracemalloc.start()
    try:
        for number in range(24):
            batch = [
                entry(100 * number + place, description=f"{number} {place}") for place in range(100)
            ]
            writer.rows([row(one) for one in batch] if name in TABLES else batch)
            held.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert held[-1] < held[3] + 32 * 1024
    assert all(isinstance(chunk, bytes) for chunk in writer.tail())
