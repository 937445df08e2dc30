from datetime import date

from finance.files.readers.keys import keyed
from finance.files.readers.lines import Line

COFFEE = Line(1, date(2026, 1, 31), -500, "coffee", key="A1")


def keys(*lines: Line, has_ids: bool = False) -> list[str]:
    return [key for key, _ in keyed(lines, has_ids=has_ids)]


def test_what_is_said_alike_twice_is_two_lines_and_again_the_same_two() -> None:
    assert len({*keys(COFFEE, COFFEE)}) == 2
    assert keys(COFFEE, COFFEE) == keys(COFFEE, COFFEE)


def test_where_the_line_stands_and_how_it_is_filed_make_no_difference() -> None:
    moved = Line(9, date(2026, 1, 31), -500, "coffee", category="Food", key="A1")
    assert keys(moved) == keys(COFFEE)


def test_the_banks_own_id_names_a_line_whatever_else_is_changed() -> None:
    renamed = Line(1, date(2026, 2, 1), -500, "Coffee shop", key="A1")
    assert keys(renamed, has_ids=True) == keys(COFFEE, has_ids=True)
    assert keys(renamed) != keys(COFFEE)
