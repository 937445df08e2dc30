"""CSV by RFC 4180 that no spreadsheet runs, and that names where it is not CSV."""

import csv
import io
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit import csv_text
from kit.csv_text import (
    Bounds,
    CsvError,
    CsvRecord,
    encode_csv,
    text_cell,
    text_of,
    time_cell,
)

WIDE = Bounds(fields=20, characters=100, lines=100)


def read(body: bytes) -> list[CsvRecord]:
    return list(csv_text.read_csv(body, WIDE))


def test_lines_end_with_cr_lf_and_hard_cells_are_quoted() -> None:
    made = encode_csv([("a", 'say "hi"', "x,y", "two\nlines")])
    assert made == b'a,"say ""hi""","x,y","two\nlines"\r\n'


@pytest.mark.check(45)
@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_text_that_a_spreadsheet_would_run_is_disarmed(text: str) -> None:
    assert text_cell(text) == f"'{text}"


@pytest.mark.check(45)
@pytest.mark.parametrize(
    "text",
    [
        *("＝1+1", "＋1", "－1", "＠SUM(A1)", "−1"),  # some spreadsheets fold them
        *(" =1", "\u00a0=1", "\u3000=1", "\ufeff=1", "\u200b=1", "\u2060=1", "\u202e=1"),
        *("\0=1", "\x1b=1", "\u00ad=1", '"=1', "'=1", "“=1"),
    ],
)
def test_what_is_trimmed_or_not_seen_hides_no_formula(text: str) -> None:
    assert text_cell(text) == f"'{text}"


@pytest.mark.parametrize("separator", [";", ",", "\t", "\n", "\r", "\r\n", "|", "；", "\u2028"])
def test_a_formula_after_a_separator_is_disarmed_too(separator: str) -> None:
    made = text_cell(f"tea{separator} =1+1")
    assert made.startswith("'tea")
    assert "=" not in {part.strip()[:1] for part in made.replace(separator, "\0").split("\0")}


@pytest.mark.parametrize(
    ("text", "line", "field", "why"),
    [
        (b"x," * 8_000_000, 1, 20, "20 fields"),
        (b"a,b\n" + b"x," * 1_000_000, 2, 20, "20 fields"),
        (b"\n" * 8_000_000, 101, 1, "100 lines"),
        (b"a\n" * 1_000_000, 101, 1, "100 lines"),
        (b"x" * 8_000_000, 1, 1, "100 characters"),
    ],
    ids=["fields", "second line", "empty lines", "lines", "characters"],
)
def test_nothing_beyond_the_bounds_is_looked_at(
    text: bytes, line: int, field: int, why: str
) -> None:
    records = csv_text.read_csv(text, WIDE)
    seen = []
    with pytest.raises(CsvError) as refused:
        seen.extend(records)
    assert len(seen) <= WIDE.lines
    assert (refused.value.line, refused.value.field) == (line, field)
    assert why in refused.value.en


@pytest.mark.parametrize(
    "text",
    ["Dinner", "a=b", "12:30 - 14:00", "tea; coffee", "a-b, c+d", "'quoted", "Обед", "", None],
)
def test_other_text_stays_as_it_is(text: str | None) -> None:
    assert text_cell(text) == (text or "")


def test_what_was_written_is_read_again() -> None:
    cells = [["1", "Обед, 🍜", 'a"b', "-150.00"], ["2", "", "x\r\ny", "0.00"]]
    made = encode_csv(cells)
    assert list(csv.reader(io.StringIO(made.decode(), newline=""))) == cells
    assert [record.fields for record in read(made)] == cells


cells = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@given(st.lists(st.lists(cells, min_size=2, max_size=3), max_size=5))
def test_anything_written_is_read_again(table: list[list[str]]) -> None:
    assert [record.fields for record in read(encode_csv(table))] == table


def test_records_say_in_which_line_they_begin_and_empty_lines_are_none() -> None:
    text = '\ufeffa,b\r\n"1\n2",x\n\n3,4'.encode()
    assert [(record.line, record.fields) for record in read(text)] == [
        (1, ["a", "b"]),
        (2, ["1\n2", "x"]),
        (5, ["3", "4"]),
    ]
    assert list(read(b"")) == list(read(b"\n\r\n")) == []


@pytest.mark.parametrize(
    ("text", "line", "field", "why"),
    [
        (b'a,b\n1,"2', 2, 2, "not closed"),
        (b'a,b\n1,x"2"', 2, 2, "stands in quotes"),
        (b'a,b\n"1"2,3', 2, 1, "stands in quotes"),
        (b"a,b\n1,2\r3,4\n", 2, 2, "stands in quotes"),
        (b'"a\nb",\xc3\x28', 2, 2, "UTF-8"),
    ],
)
def test_what_is_no_csv_says_where(text: bytes, line: int, field: int, why: str) -> None:
    with pytest.raises(CsvError, match=why) as caught:
        list(read(text))
    assert (caught.value.line, caught.value.field) == (line, field)


def test_a_moment_is_written_in_utc_and_none_is_an_empty_cell() -> None:
    moscow = timezone(timedelta(hours=3))
    assert time_cell(datetime(2026, 1, 31, 12, tzinfo=moscow)) == "2026-01-31T09:00:00Z"
    assert time_cell(None) == ""


@given(st.text(alphabet=st.sampled_from(list("ab=+-@'\",; \t\n\r\u200b0")), max_size=12))
def test_a_cell_is_read_back_as_the_text_that_was_written(text: str) -> None:
    assert text_of(text_cell(text)) == text


@pytest.mark.parametrize("text", ["',=", "'\tx", "''\nx", "'a;=b", "\n'=", "a,'=b"])
def test_a_text_with_an_apostrophe_in_front_is_not_taken_for_a_disarmed_one(text: str) -> None:
    assert text_of(text_cell(text)) == text


@pytest.mark.parametrize("cell", ["'abc", "=1+1", "'", "''", "',a", "'a,=b"])
def test_a_cell_that_was_not_written_so_is_the_text_that_it_is(cell: str) -> None:
    assert text_of(cell) == cell


def test_a_cell_of_a_million_line_breaks_is_looked_at_once() -> None:
    text = "x" + "\n" * 1_000_000 + "x"  # looked at from each of them it would take hours
    assert text_cell(text) == text_of(text) == text
    assert text_of(text_cell(f"{text}\n=1")) == f"{text}\n=1"


@pytest.mark.parametrize("cell", ["plain", "it's", "'quoted'", "=1+1"])
def test_a_cell_that_somebody_typed_stays_as_it_is(cell: str) -> None:
    assert text_of(cell) == cell
