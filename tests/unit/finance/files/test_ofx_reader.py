from datetime import UTC, date, datetime

import pytest

from finance.files.readers.lines import Choices, FileError, Line, LineFault
from finance.files.readers.ofx import read_ofx

PLAIN = Choices()
SGML = """OFXHEADER:100
DATA:OFXSGML
VERSION:160
SECURITY:NONE
ENCODING:USASCII
CHARSET:1251

<OFX>
<BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>RUB
<BANKACCTFROM><BANKID>044525974<ACCTID>408178<ACCTTYPE>CHECKING</BANKACCTFROM>
<BANKTRANLIST><DTSTART>20260101<DTEND>20260131
<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20260131180512[+3:MSK]
<TRNAMT>-1234.50<FITID>A1<NAME>Хлеб &amp; соль<MEMO>Карта *1234
</STMTTRN>
<STMTTRN>
<TRNTYPE>CREDIT
<DTPOSTED>20260113
<TRNAMT>100,5
<FITID>A2
<MEMO>Зарплата
</STMTTRN>
</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>
"""


def test_sgml_without_closing_tags_is_read_in_its_own_encoding() -> None:
    reading = read_ofx(SGML.encode("cp1251"), "RUB", PLAIN)
    at = datetime(2026, 1, 31, 15, 5, 12, tzinfo=UTC)
    assert reading.lines == [
        Line(12, date(2026, 1, 31), -123_450, "Хлеб & соль", "Карта *1234", at=at, key="A1"),
        Line(15, date(2026, 1, 13), 10_050, "Зарплата", key="A2"),
    ]
    assert (reading.encoding, reading.accounts) == ("cp1251", ["408178"])


def transaction(**values: str) -> bytes:
    known = {"DTPOSTED": "20260131", "TRNAMT": "-5.00", "FITID": "1", "NAME": "x", **values}
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in known.items())
    return f"<OFX><ACCTID>1</ACCTID><STMTTRN>{inner}</STMTTRN></OFX>".encode()


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"DTPOSTED": "2026"}, "date_malformed"),
        ({"DTPOSTED": "20261331"}, "date_malformed"),
        ({"TRNAMT": "much"}, "amount_malformed"),
        ({"TRNAMT": "0.00"}, "amount_zero"),
        ({"TRNAMT": "1.005"}, "amount_too_precise"),
        ({"CURSYM": "USD"}, "currency_differs"),
        ({"MEMO": "x" * 11_000}, "cell_too_long"),
    ],
)
def test_a_bad_transaction_is_named(values: dict[str, str], code: str) -> None:
    assert read_ofx(transaction(**values), "RUB", PLAIN).faults == [LineFault(1, code)]


@pytest.mark.parametrize("said", ["20260131", "202601312359", "20260131235959", "20260131235959.5"])
def test_a_day_is_read_with_any_time_behind_it(said: str) -> None:
    [line] = read_ofx(transaction(DTPOSTED=said), "RUB", PLAIN).lines
    assert (line.date, line.at) == (date(2026, 1, 31), None)


def test_what_was_paid_abroad_counts_as_the_account_has_it() -> None:
    abroad = "<ORIGCURRENCY><CURRATE>90.0</CURRATE><CURSYM>USD</CURSYM></ORIGCURRENCY>"
    body = transaction(TRNAMT="-450.00", NAME=f"Shop</NAME>{abroad}<MEMO>")
    assert [one.amount_minor for one in read_ofx(body, "RUB", PLAIN).lines] == [-45_000]


def test_a_currency_has_its_old_code() -> None:
    assert len(read_ofx(transaction(CURSYM="RUR"), "RUB", PLAIN).lines) == 1


def test_a_section_of_plain_characters_is_a_text() -> None:
    body = transaction(NAME="<![CDATA[<b>M&S]] &amp; ]]>")
    assert [one.description for one in read_ofx(body, "RUB", PLAIN).lines] == ["<b>M&S]] &amp;"]


@pytest.mark.parametrize("name", ["ofx", "OFX xmlns='http://ofx.net'"])
def test_the_first_element_is_known_however_it_is_spelt(name: str) -> None:
    body = transaction().replace(b"<OFX>", f"<{name}>".encode())
    assert len(read_ofx(body, "RUB", PLAIN).lines) == 1


def test_utf_8_is_known_though_the_head_says_otherwise() -> None:
    reading = read_ofx(SGML.encode(), "RUB", PLAIN)
    assert (reading.encoding, reading.lines[0].description) == ("utf-8", "Хлеб & соль")


@pytest.mark.parametrize("part", ["<", "<A>", "<A><![CDATA[", "<A><![CDATA[]", "<![CDATA[", "]]>"])
def test_a_file_of_beginnings_is_read_once(part: str) -> None:
    body = f"<OFX>{part * 200_000}<STMTTRN><DTPOSTED>20260131<TRNAMT>1</STMTTRN>".encode()
    assert len(read_ofx(body, "RUB", PLAIN).lines) <= 1


def test_an_entity_that_is_not_xmls_own_stays_a_text() -> None:
    [line] = read_ofx(transaction(NAME="&lol;&#1093;"), "RUB", PLAIN).lines
    assert line.description == "&lol;х"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"PK\x03\x04", "file_not_text"),
        (b"not ofx", "file_malformed"),
        (b'<!DOCTYPE x [<!ENTITY a "aa">]><OFX></OFX>', "has_entities"),
        (b'<OFX><!ENTITY lol SYSTEM "file:///etc/passwd"></OFX>', "has_entities"),
        (transaction() + transaction().replace(b"<ACCTID>1", b"<ACCTID>2"), "several_accounts"),
    ],
)
def test_a_file_that_cant_be_read_at_all_is_refused(body: bytes, code: str) -> None:
    with pytest.raises(FileError, match=code):
        read_ofx(body, "RUB", PLAIN)


def test_one_of_several_accounts_can_be_chosen() -> None:
    second = transaction(TRNAMT="7").replace(b"<ACCTID>1", b"<ACCTID>2")
    reading = read_ofx(transaction() + second, "RUB", Choices(only_account="2"))
    assert [one.amount_minor for one in reading.lines] == [700]


def test_what_has_no_end_is_named_and_what_follows_is_read() -> None:
    cut = transaction(TRNAMT="7").partition(b"</STMTTRN>")[0] + b"\n"
    reading = read_ofx(cut + transaction() + cut, "RUB", PLAIN)
    assert [one.amount_minor for one in reading.lines] == [-500]
    assert reading.faults == [LineFault(1, "malformed"), LineFault(2, "malformed")]


def test_a_bomb_costs_no_more_than_its_size() -> None:
    assert read_ofx(b"<OFX>" + b"<" * 4_000_000, "RUB", PLAIN).lines == []
    with pytest.raises(FileError, match="too_many_lines"):
        read_ofx(b"<OFX>" + b"<STMTTRN>" * 400_000, "RUB", PLAIN)


def test_many_accounts_cost_no_more_than_their_size() -> None:
    body = b"<OFX>" + b"".join(
        b"<ACCTID>%d<STMTTRN><DTPOSTED>20260131<TRNAMT>1</STMTTRN>" % one for one in range(100_000)
    )
    reading = read_ofx(body, "RUB", Choices(only_account="7"))
    assert (len(reading.lines), len(reading.accounts)) == (1, 100_000)
