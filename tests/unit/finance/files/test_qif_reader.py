from datetime import date

import pytest

from finance.files.readers.lines import Choices, FileError, Line, LineFault
from finance.files.readers.qif import read_qif

PLAIN = Choices()


def test_fields_are_read_and_splits_are_left_to_their_transaction() -> None:
    body = (
        "!Type:Bank\nD01/31'26\nT-1,234.50\nPBaker\nMrye\nLFood:Bread\nSFood\n$-1.00\n^\n"
        "D02/01'26\nU5.00\nMsalary\nL[Savings]\n^\n"
    )
    reading = read_qif(body.encode(), "RUB", PLAIN)
    assert reading.lines == [
        Line(2, date(2026, 1, 31), -123_450, "Baker", "rye", "Food:Bread"),
        Line(10, date(2026, 2, 1), 500, "salary"),
    ]
    assert (reading.date_order, reading.ambiguous) == ("mdy", [])


def test_ambiguous_dates_are_said_until_an_order_is_chosen() -> None:
    body = b"!Type:Cash\r\nD01/02/2026\r\nT5\r\n^\r\n"
    assert read_qif(body, "RUB", PLAIN).ambiguous == ["date_order"]
    assert read_qif(body, "RUB", Choices(date_order="dmy")).lines[0].date == date(2026, 2, 1)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ("T5", "date_malformed"),
        ("D31.01.2026", "amount_malformed"),
        ("D31.01.2026\nT0.00", "amount_zero"),
        ("D31.01.2026\nT1.005", "amount_too_precise"),
        ("D31.01.2026\nT5\nP" + "x" * 11_000, "cell_too_long"),
    ],
)
def test_a_bad_transaction_is_named(fields: str, code: str) -> None:
    reading = read_qif(f"!Type:Bank\nD30.01.2026\nT1\n^\n{fields}\n^\n".encode(), "RUB", PLAIN)
    assert reading.faults == [LineFault(5, code)]
    assert len(reading.lines) == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"PK\x03\x04", "file_not_text"),
        (b"date,amount\n", "file_malformed"),
        (b"!Type:Bank\n" + b"D1/1/2026\nT1\n^\n" * 200_100, "too_many_lines"),
        (
            b"".join(
                b"!Account\nN%b\n^\n!Type:Bank\nD1/1/2026\nT1\n^\n" % one for one in (b"a", b"b")
            ),
            "several_accounts",
        ),
    ],
)
def test_a_file_that_cant_be_read_at_all_is_refused(body: bytes, code: str) -> None:
    with pytest.raises(FileError, match=code):
        read_qif(body, "RUB", PLAIN)


def test_lists_of_other_things_are_passed_over() -> None:
    body = b"!Type:Cat\nNFood\nE\n^\n!Type:Memorized\nT5\n^\n"
    assert read_qif(body, "RUB", PLAIN).lines == []


@pytest.mark.parametrize(
    ("body", "faulty"),
    [
        ("!Type:Bank\nD30.01.2026\nT1\nD31.01.2026\nT2\n^\n", 2),
        ("!Type:Bank\nD31.01.2026\nT2\n^\nD30.01.2026\nT1\n", 5),
        ("!Type:Bank\nD31.01.2026\nT2\n^\nD30.01.2026\nT1\n!Type:Cat\nNFood\n^\n", 5),
    ],
)
def test_what_has_no_end_is_named_and_what_follows_is_read(body: str, faulty: int) -> None:
    reading = read_qif(body.encode(), "RUB", PLAIN)
    assert [one.amount_minor for one in reading.lines] == [200]
    assert reading.faults == [LineFault(faulty, "malformed")]


def test_many_accounts_cost_no_more_than_their_size() -> None:
    body = b"".join(
        b"!Account\nN%d\n^\n!Type:Bank\nD1/31/2026\nT1\n^\n" % one for one in range(100_000)
    )
    reading = read_qif(body, "RUB", Choices(only_account="7"))
    assert (len(reading.lines), len(reading.accounts)) == (1, 100_000)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_on_any_machine(end: str) -> None:
    body = end.join(["!Type:Bank", "D01/31/2026", "T5.00", "PBread", "^", ""])
    [line] = read_qif(body.encode(), "RUB", PLAIN).lines
    assert (line.number, line.description) == (2, "Bread")


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("1/31' 6", date(2006, 1, 31)),
        ("1/ 1'26", date(2026, 1, 1)),
        ("12/31/99", date(1999, 12, 31)),
    ],
)
def test_years_are_read_as_quicken_writes_them(said: str, found: date) -> None:
    body = f"!Type:Bank\nD{said}\nT5\n^\n".encode()
    [line] = read_qif(body, "RUB", Choices(date_order="mdy")).lines
    assert line.date == found
