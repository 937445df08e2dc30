import os
import tracemalloc
from datetime import UTC, date, datetime

import pytest

from finance.files.readers.csv import read_csv
from finance.files.readers.lines import Choices, FileError, Line, LineFault

PLAIN = Choices()

# As Russian banks write them: a preamble, semicolons, Windows-1251, a comma and thin spaces.
RUSSIAN = """Выписка по счёту 40817810000000000001;;;;
Период: 01.01.2026 - 31.01.2026;;;;
;;;;
Дата операции;Дата платежа;Сумма операции;Валюта операции;Категория;Описание
"31.01.2026 18:05:12";01.02.2026;"-1\u00a0234,50";RUR;Супермаркеты;"Магазин ""Ёлка"" у дома"
13.01.2026;14.01.2026;100 000,00;RUB;Зарплата;ООО «Ромашка»
"""
BRITISH = """Date,Narrative,Paid Out,Paid In,Balance
01/31/2026,TESCO STORES 3021,"1,234.50",,9000.00
01/02/2026,SALARY,,"2,000.00",11000.00
"""


def test_a_russian_banks_file_is_read_without_a_word_about_it() -> None:
    reading = read_csv(RUSSIAN.replace("Ё", "Е").replace("ё", "е").encode("cp1251"), "RUB", PLAIN)
    assert reading.faults == []
    assert [(one.date, one.amount_minor, one.description) for one in reading.lines] == [
        (date(2026, 1, 31), -123_450, 'Магазин "Елка" у дома'),
        (date(2026, 1, 13), 10_000_000, "ООО «Ромашка»"),
    ]
    assert (reading.encoding, reading.delimiter) == ("cp1251", ";")
    assert (reading.date_order, reading.decimal, reading.header_line) == ("dmy", ",", 4)
    assert reading.mapping == {
        "date": "Дата операции",
        "amount": "Сумма операции",
        "currency": "Валюта операции",
        "category": "Категория",
        "description": "Описание",
    }
    assert reading.ambiguous == []


def test_debit_and_credit_are_one_amount_with_a_sign() -> None:
    reading = read_csv(BRITISH.encode(), "GBP", PLAIN)
    assert [one.amount_minor for one in reading.lines] == [-123_450, 200_000]
    assert reading.date_order == "mdy"


@pytest.mark.parametrize(
    "header",
    [
        "Date,Value Date,Description,Debit,Credit,Balance",
        "Date,Value Dt,Narration,Withdrawal Amt.,Deposit Amt.,Closing Balance",
        "Дата,Сумма комиссии,Описание,Списание,Зачисление,Остаток",
    ],
)
def test_what_is_named_like_an_amount_takes_no_place_of_debit_and_credit(header: str) -> None:
    second = "0" if "комиссии" in header else "31/01/2026"
    body = f"{header}\n31/01/2026,{second},x,5.00,,10.00\n30/01/2026,{second},y,,7.00,17.00\n"
    reading = read_csv(body.encode(), "RUB", PLAIN)
    assert [one.amount_minor for one in reading.lines] == [-500, 700]


def test_what_went_out_is_told_by_a_column_where_no_amount_has_a_sign() -> None:
    body = "operationDate;amount;type\n31.01.2026;5,00;Списание\n01.02.2026;7,00;Пополнение\n"
    reading = read_csv(body.encode(), "RUB", PLAIN)
    assert [one.amount_minor for one in reading.lines] == [-500, 700]
    assert reading.mapping["date"] == "operationDate"
    signed = read_csv(f"{body}02.02.2026;-9,00;Списание\n".encode(), "RUB", PLAIN)
    assert [one.amount_minor for one in signed.lines] == [500, 700, -900]


def test_what_was_paid_abroad_counts_as_the_account_has_it() -> None:
    body = (
        "Дата операции;Сумма операции;Валюта операции;Сумма платежа;Валюта платежа;Описание\n"
        "31.01.2026 10:00:00;-10,00;USD;-900,00;RUB;Shop\n"
    )
    reading = read_csv(body.encode("cp1251"), "RUB", PLAIN)
    assert [one.amount_minor for one in reading.lines] == [-90_000]


def test_what_the_bank_has_not_carried_out_is_named() -> None:
    body = b"date,amount,state\n2026-01-31,-5.00,COMPLETED\n2026-01-30,-6.00,DECLINED\n"
    reading = read_csv(body, "RUB", PLAIN)
    assert [one.amount_minor for one in reading.lines] == [-500]
    assert reading.faults == [LineFault(3, "not_carried_out")]


@pytest.mark.parametrize(
    ("dates", "order", "found"),
    [
        (["2026-02-01", "2026-01-31"], "ymd", date(2026, 2, 1)),
        (["2026/02/01", "2026/01/31"], "ymd", date(2026, 2, 1)),
        (["20260201", "20260131"], "ymd", date(2026, 2, 1)),
        (["01.02.2026", "31.01.26"], "dmy", date(2026, 2, 1)),
        (["01.02.2026", "03.04.2026"], "dmy", date(2026, 2, 1)),
        (["01/02/2026", "31/01/2026"], "dmy", date(2026, 2, 1)),
        (["01/02/2026", "01/31/2026"], "mdy", date(2026, 1, 2)),
        (["2026-02-01T10:00:00Z", "2026-01-31"], "ymd", date(2026, 2, 1)),
        (["1 Feb 2026", "02-Mar-26"], "dmy", date(2026, 2, 1)),
        (["1 февраля 2026 г.", "02 мар. 2026"], "dmy", date(2026, 2, 1)),
        (['"Feb 1, 2026"', '"March 2, 2026"'], "mdy", date(2026, 2, 1)),
        (["2026-Feb-01", "2026 Mar 02"], "ymd", date(2026, 2, 1)),
        (["31.12.99", "01.01.00"], "dmy", date(1999, 12, 31)),
    ],
)
def test_one_order_of_dates_is_found_for_the_whole_column(
    dates: list[str], order: str, found: date
) -> None:
    body = "date,amount\n" + "".join(f"{one},-5.00\n" for one in dates)
    reading = read_csv(body.encode(), "RUB", PLAIN)
    assert (reading.date_order, reading.ambiguous) == (order, [])
    assert reading.lines[0].date == found


def test_dates_that_fit_two_orders_are_said_to_be_ambiguous_until_one_is_chosen() -> None:
    body = b"date,amount\n01/02/2026,5.00\n03/04/2026,6.00\n"
    assert read_csv(body, "RUB", PLAIN).ambiguous == ["date_order"]
    chosen = read_csv(body, "RUB", Choices(date_order="mdy"))
    assert (chosen.ambiguous, chosen.lines[0].date) == ([], date(2026, 1, 2))


@pytest.mark.parametrize(
    ("amounts", "minor"),
    [
        (["1 234,50", "5,00"], 123_450),
        (["1.234,50"], 123_450),
        (["1,234.50"], 123_450),
        (["1,234,567"], 123_456_700),
        (["1\u202f234,5"], 123_450),
        (["1'234.50"], 123_450),
        (["(15.00)"], -1_500),
        (["15.00-"], -1_500),
        (["\u221215.00"], -1_500),
        (["+15"], 1_500),
        (["-15,00 ₽"], -1_500),
        (["15,00 руб."], 1_500),
        (["$15.00"], 1_500),
        (["-$15.00"], -1_500),
        (["RUB 15.00"], 1_500),
        (["\u201015.00"], -1_500),
        (["\u201115,00 ₽"], -1_500),
        (["\u201415.00"], -1_500),
        (["15.00 DR"], -1_500),
        (["15,00 Dr."], -1_500),
        (["15.00CR"], 1_500),
        (["DR 15.00"], -1_500),
        (['="15.00"'], 1_500),
        (["0.500", "1.25"], 50),
    ],
)
def test_amounts_are_read_as_banks_write_them(amounts: list[str], minor: int) -> None:
    body = "date;amount\n" + "".join(f"2026-01-31;{one}\n" for one in amounts)
    reading = read_csv(body.encode(), "RUB", Choices(delimiter=";"))
    assert (reading.faults, reading.ambiguous) == ([], [])
    assert reading.lines[0].amount_minor == minor


def test_a_mark_before_three_digits_is_ambiguous_until_one_is_chosen() -> None:
    body = b"date;amount\n2026-01-31;1,234\n"
    assert read_csv(body, "BHD", PLAIN).ambiguous == ["decimal"]
    assert read_csv(body, "BHD", Choices(decimal=",")).lines[0].amount_minor == 1_234
    assert read_csv(body, "BHD", Choices(decimal=".")).lines[0].amount_minor == 1_234_000


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("31.02.2026;5,00;RUB;x", "date_malformed"),
        ("01.01.1899;5,00;RUB;x", "date_out_of_range"),
        ("31.01.2026;five;RUB;x", "amount_malformed"),
        ("31.01.2026;;RUB;x", "amount_malformed"),
        ("31.01.2026;~5,00;RUB;x", "amount_malformed"),
        ("31.01.2026;\u00ac5,00;RUB;x", "amount_malformed"),
        ("31.01.2026;-5,00 DR;RUB;x", "amount_malformed"),
        ("31.01.2026;5;00;RUB;x", "currency_differs"),
        ("31.01.2026;0,00;RUB;x", "amount_zero"),
        ("31.01.2026;5,001;RUB;x", "amount_too_precise"),
        ("31.01.2026;99999999999999,00;RUB;x", "amount_too_large"),
        ("31.01.2026;5,00;USD;x", "currency_differs"),
        ("31.01.2026", "fields_missing"),
        ("31.01.2026;5,00;RUB;" + "x" * 11_000, "cell_too_long"),
        ("31.01.2026;5,00;RUB;" + "x" * 100_000, "cell_too_long"),
        ("a;" * 200, "too_many_columns"),
    ],
)
def test_a_bad_line_is_named_and_the_others_are_read(line: str, code: str) -> None:
    body = f"дата;сумма;валюта;описание\n30.01.2026;-7,50;RUB;до\n{line}\n29.01.2026;1,00;;после\n"
    reading = read_csv(body.encode(), "RUB", PLAIN)
    assert reading.faults == [LineFault(3, code)]
    assert [one.description for one in reading.lines] == ["до", "после"]
    assert [one.number for one in reading.lines] == [2, 4]


def test_a_line_is_numbered_as_an_editor_does_also_after_line_breaks_in_cells() -> None:
    body = b'date,amount,description\n2026-01-01,1.00,"a\nb"\n2026-01-02,x,c\n'
    reading = read_csv(body, "RUB", PLAIN)
    assert (reading.lines[0].description, reading.faults) == (
        "a b",
        [LineFault(4, "amount_malformed")],
    )


def test_columns_without_names_are_told_by_what_stands_in_them() -> None:
    reading = read_csv(b"7;31.01.2026;shop;-5,00\n8;30.01.2026;rent;-7,00\n", "RUB", PLAIN)
    assert reading.mapping["date"] == "2"
    assert reading.mapping["description"] == "3"


def test_a_mapping_is_taken_as_given_by_name_or_number() -> None:
    body = b"when,how much,what\n2026-01-31,-5.00,bread\n"
    assert read_csv(body, "RUB", PLAIN).ambiguous == ["amount"]
    given = Choices(mapping={"date": "1", "amount": "how much", "description": "3"})
    [line] = read_csv(body, "RUB", given).lines
    assert line == Line(1 + 1, date(2026, 1, 31), -500, "bread")


def test_a_mapping_that_names_no_column_is_refused() -> None:
    for named in ("nothing", "0", "4", "99999999999"):
        with pytest.raises(FileError, match="mapping_unknown"):
            read_csv(b"date,amount\n2026-01-31,5\n", "RUB", Choices(mapping={"date": named}))


def test_what_is_not_found_is_said_and_nothing_is_read() -> None:
    reading = read_csv(b"colour,taste\nred,sweet\n", "RUB", PLAIN)
    assert reading.ambiguous == ["date", "amount"]
    assert reading.lines == []


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1251"]
)
def test_the_encoding_is_found(encoding: str) -> None:
    text = "date;amount;описание\n31.01.2026;-5,00;хлеб ржаной\n"
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    [line] = read_csv((mark + text).encode(encoding), "RUB", PLAIN).lines
    assert line.description == "хлеб ржаной"


def test_utf_16_is_known_without_a_mark() -> None:
    body = "date;amount;description\n2026-01-31;-5,00;хлеб\n".encode("utf-16-be")
    reading = read_csv(body, "RUB", PLAIN)
    assert (reading.encoding, reading.lines[0].description) == ("utf-16", "хлеб")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"PK\x03\x04rest of a workbook", "file_not_text"),
        (b"\x1f\x8b\x08 zipped", "file_not_text"),
        (b"date,amount\n\x00\x00\x00,5", "file_not_text"),
        (os.urandom(2_000) + b"\x98", "file_not_text"),
        (b"", "file_empty"),
        (b"\n\n \n", "file_empty"),
        (b"date,amount\n" + b"2026-01-01,5\n" * 200_100, "too_many_lines"),
        (b"date,amount,account\n2026-01-01,5,a\n2026-01-01,5,b\n", "several_accounts"),
    ],
)
def test_a_file_that_cant_be_read_at_all_is_refused(body: bytes, code: str) -> None:
    with pytest.raises(FileError, match=code):
        read_csv(body, "RUB", PLAIN)


def test_one_of_several_accounts_can_be_chosen() -> None:
    body = b"date,amount,account\n2026-01-01,5,a\n2026-01-01,6,b\n"
    reading = read_csv(body, "RUB", Choices(only_account="b"))
    assert [one.amount_minor for one in reading.lines] == [600]
    assert reading.accounts == ["a", "b"]


@pytest.mark.parametrize(
    "body",
    [
        b"," * 8_000_000,
        b"date,amount\n" + b"," * 8_000_000,
        b'date,amount\n"' + b"x" * 8_000_000,
        b'date,amount\n"' + b"x\n" * 100_000,
        b"date,amount\n" + b'"",""\n' * 1_000,
        b"\xef\xbb\xbf" + b"\r" * 1_000_000,
    ],
)
def test_a_bomb_costs_no_more_than_its_size(body: bytes) -> None:
    try:
        reading = read_csv(body, "RUB", PLAIN)
    except FileError:
        return
    assert reading.lines == []


def test_columns_that_nobody_asked_for_cost_no_memory() -> None:
    wide = ",".join(["abcd"] * 90)
    body = f"date,amount,{wide}\n".encode() + f"2026-01-31,5.00,{wide}\n".encode() * 5_000
    tracemalloc.start()
    try:
        reading = read_csv(body, "RUB", PLAIN)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(reading.lines) == 5_000
    assert most < 5 * len(body)


def test_what_a_spreadsheet_must_not_run_comes_back_as_it_was() -> None:
    body = (
        b'date,amount,description,at,tags\n2026-01-31,5.00,\'=SUM(A1),2026-01-30T22:00:00Z,"a, b"\n'
    )
    [line] = read_csv(body, "RUB", PLAIN).lines
    assert line.description == "=SUM(A1)"
    assert line.at == datetime(2026, 1, 30, 22, tzinfo=UTC)
    assert line.tags == ("a", "b")


def test_a_quote_that_is_never_closed_spoils_its_own_line_alone() -> None:
    body = b'date,amount,description\n2026-01-29,1,a\n2026-01-30,2,"b\n2026-01-31,3,c\n'
    reading = read_csv(body, "RUB", PLAIN)
    assert [(one.number, one.amount_minor) for one in reading.lines] == [(2, 100), (4, 300)]
    assert reading.faults == [LineFault(3, "malformed")]


def test_a_quote_that_is_never_closed_misleads_nobody_about_the_delimiter() -> None:
    rows = [f"{day:02}.01.2026;-{day},00;shop" for day in range(1, 29)] * 20
    rows[3] += ';"x'
    reading = read_csv("\n".join(["Date;Amount;Text", *rows]).encode(), "RUB", PLAIN)
    assert (reading.delimiter, len(reading.lines)) == (";", len(rows) - 1)
    assert reading.faults == [LineFault(5, "malformed")]


def test_what_stands_in_each_text_is_no_delimiter() -> None:
    row = '2026-01-{},-5.00,Cash,"salt;\nbread;\nsoup"\n'
    body = "date,amount,account,note\n" + "".join(row.format(10 + day) for day in range(15))
    reading = read_csv(body.encode(), "RUB", PLAIN)
    assert (reading.delimiter, len(reading.lines)) == (",", 15)


def test_a_line_that_no_account_can_be_told_of_is_named_for_each() -> None:
    body = b'date;amount;account;text\n2026-01-30;5;a;"x\n2026-01-30;6;b;y\n2026-01-30;7;a;z'
    reading = read_csv(body, "RUB", Choices(only_account="b"))
    assert [one.amount_minor for one in reading.lines] == [600]
    assert reading.faults == [LineFault(2, "malformed")]


def test_a_note_of_many_lines_as_long_as_ours_is_read() -> None:
    note = "\n".join(["x" * 45] * 110)
    [line] = read_csv(f'date,amount,note\n2026-01-30,2,"{note}"\n'.encode(), "RUB", PLAIN).lines
    assert line.note == note.replace("\n", " ")


def test_a_text_of_two_lines_and_a_quote_of_inches_are_no_faults() -> None:
    body = b'date,amount,description\n2026-01-30,2,"b\nb ""c"""\n2026-01-31,3,5" pipe\n'
    reading = read_csv(body, "RUB", PLAIN)
    assert [one.description for one in reading.lines] == ['b b "c"', '5" pipe']
    assert reading.faults == []


@pytest.mark.parametrize(
    "at", ["0001-01-01T00:00:00Z", "1900-01-01T23:00:00Z", "9999-12-31T00:00:00Z"]
)
def test_of_a_moment_beyond_the_calendar_the_day_is_taken(at: str) -> None:
    body = f"date,amount,at\n2026-01-31,5,{at}\n".encode()
    [line] = read_csv(body, "RUB", PLAIN).lines
    assert (line.date, line.at) == (date(2026, 1, 31), None)
