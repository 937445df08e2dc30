"""kit.web.csv_bodies: a CSV body as the JSON document that it would be; files."""

from collections.abc import AsyncIterator

import pytest
from starlette.requests import Request

from kit.http import saved_as
from kit.refusals import FieldFault, ValidationFailed
from kit.web.csv_bodies import Column, CsvRows, csv_file, placed_in
from kit.web.serving.bodies import as_it_is

ROWS = CsvRows(
    {
        "name": Column(("name",)),
        "size_width": Column(("size", "width"), read=int),
        "size_unit": Column(("size", "unit")),
    },
    most_rows=3,
    longest_cell=20,
)


def test_cells_stand_where_their_columns_say_and_empty_ones_are_not_given() -> None:
    document, _ = ROWS.document(b"size_unit,name,size_width\ncm,a,7\n,b,\n")
    assert document == [
        {"name": "a", "size": {"width": 7, "unit": "cm"}},
        {"name": "b", "size": {}},
    ]


def test_a_fault_of_the_document_is_placed_by_line_and_column() -> None:
    _, placed = ROWS.document(b'name,size_unit\n\n"a\nb",cm\nc,cm\n')
    assert placed(FieldFault("/1/size/unit", "x", "Odd.", "Странно.")) == FieldFault(
        "/line/5/size_unit",
        "x",
        "Line 5, column size_unit: Odd.",
        "Строка 5, столбец size_unit: Странно.",
    )
    assert placed(FieldFault("/0", "x", "Odd.", "Странно.")).pointer == "/line/3"
    for pointer in ("", "/2", "/2/name", "/name"):
        fault = FieldFault(pointer, "x", "Odd.", "Странно.")
        assert placed(fault) is fault


def test_one_row_more_than_may_be_is_read_and_no_further() -> None:
    body = b"name\n" + b"a\n" * 20
    assert len(ROWS.document(body).document) == 4


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        (b"", "/line/1", "malformed"),
        (b"name,colour\n", "/line/1/2", "unknown_column"),
        (b"name, name\n", "/line/1/name", "repeated_column"),
        (b"name,size_unit\na\n", "/line/2/size_unit", "malformed"),
        (b"name\na,b\n", "/line/2/2", "malformed"),
        (b'name\n"a\n', "/line/2/name", "malformed"),
        (b'name\na,"b\n', "/line/2/2", "malformed"),
        (b"name\n" + b"x" * 44 + b"\n", "/line/2/name", "malformed"),
    ],
)
def test_what_is_no_csv_of_these_columns_is_refused(body: bytes, pointer: str, code: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        ROWS.document(body)
    [fault] = refused.value.errors
    assert (fault.pointer, fault.code) == (pointer, code)
    assert fault.detail_en.startswith("Line ")
    assert fault.detail_ru.startswith("Строка ")


def test_what_is_found_later_is_placed_in_the_body_that_was_sent() -> None:
    _, placed = ROWS.document(b"name\na\n")
    fault = FieldFault("/0/name", "x", "Odd.", "Странно.")
    csv = Request({"type": "http", "saldo.placed": placed})
    json = Request({"type": "http", "saldo.placed": as_it_is})
    assert [one.pointer for one in placed_in(csv, [fault])] == ["/line/2/name"]
    assert placed_in(json, [fault]) == [fault]


@pytest.mark.check(46)
async def test_a_file_is_saved_under_its_name_and_sent_as_it_is_read() -> None:
    async def rows() -> AsyncIterator[bytes]:
        yield b"name\r\n"
        yield b"a\r\n"

    answer = csv_file(rows(), "coins.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert answer.headers["content-disposition"] == 'attachment; filename="coins.csv"'
    assert [chunk async for chunk in answer.body_iterator] == [b"name\r\n", b"a\r\n"]


def test_a_file_may_spell_its_type_in_its_own_way() -> None:
    async def rows() -> AsyncIterator[bytes]:
        yield b""

    kind = "text/csv; header=present; charset=utf-8"
    assert csv_file(rows(), "coins.csv", media_type=kind).headers["content-type"] == kind


@pytest.mark.check(44)
@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("coins.csv", 'attachment; filename="coins.csv"'),
        ("a\r\nX-Evil: 1.csv", "attachment; filename*=UTF-8''a%0D%0AX-Evil%3A%201.csv"),
        ('a"; filename="b.exe', "attachment; filename*=UTF-8''a%22%3B%20filename%3D%22b.exe"),
        ("../../x", "attachment; filename*=UTF-8''..%2F..%2Fx"),
        ("счёт.csv", "attachment; filename*=UTF-8''%D1%81%D1%87%D1%91%D1%82.csv"),
    ],
)
def test_a_name_says_where_a_file_is_saved_and_nothing_else(name: str, header: str) -> None:
    assert saved_as(name) == header
