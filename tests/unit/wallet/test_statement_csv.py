"""CSV by RFC 4180 that no spreadsheet runs."""

import csv
import io

import pytest

from wallet.domain import statement_csv


def test_lines_end_with_cr_lf_and_hard_cells_are_quoted() -> None:
    written = statement_csv.rows([("a", 'say "hi"', "x,y", "two\nlines")])
    assert written == b'a,"say ""hi""","x,y","two\nlines"\r\n'


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_text_that_a_spreadsheet_would_run_is_disarmed(text: str) -> None:
    assert statement_csv.text_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["Dinner", "a=b", "'quoted", "Обед", "", None])
def test_other_text_stays_as_it_is(text: str | None) -> None:
    assert statement_csv.text_cell(text) == (text or "")


def test_what_was_written_is_read_again() -> None:
    cells = [["1", "Обед, 🍜", 'a"b', "-150.00"], ["2", "", "x\r\ny", "0.00"]]
    written = statement_csv.rows(cells).decode()
    assert list(csv.reader(io.StringIO(written, newline=""))) == cells
