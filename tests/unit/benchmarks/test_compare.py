"""Two runs side by side: what is more than the noise of their own rounds."""

from typing import Any

import pytest
from tests.benchmarks.compare import Difference, rows_of, show, together
from tests.benchmarks.report import Figures


@pytest.mark.parametrize(
    ("first", "second", "verdict"),
    [
        ([60, 61, 62], [50, 51, 52], "less"),
        ([50, 51, 52], [60, 61, 62], "more"),
        ([50, 55, 60], [58, 63, 68], "noise"),
        ([50, 60], [55], "one round: unknown"),
        ([50], [70], "one round: unknown"),
        ([50, 60], [60, 70], "noise"),
        ([1, 100], [40, 50], "noise"),
    ],
)
def test_a_difference_is_noise_where_rounds_of_both_lie_in_one_range(
    first: list[float], second: list[float], verdict: str
) -> None:
    assert Difference(first, second).verdict == verdict


def test_a_difference_is_bounded_by_the_rounds_that_lie_nearest_and_farthest() -> None:
    assert Difference([50, 55, 60], [30, 33, 36]).times.values == [0.5, 0.6, 0.72]


def row(what: str, values: list[float] | None, section: str = "cost") -> dict[str, Any]:
    return {"section": section, "what": what, "values": values}


def test_only_rows_with_figures_can_be_compared() -> None:
    run = {"rows": [row("cpu", [1.0]), row("errors", None), row("parts", [0.0])]}
    assert rows_of(run) == {("cost", "cpu"): [1.0]}


def test_rows_of_one_name_in_two_sections_are_two() -> None:
    run = {"rows": [row("… errors", [1.0]), row("… errors", [2.0], "orders")]}
    assert len(rows_of(run)) == 2


def test_turns_of_one_side_count_as_its_rounds() -> None:
    turns = [{("cost", "cpu"): [1.0], ("cost", "once"): [9.0]}, {("cost", "cpu"): [2.0]}]
    assert together(turns) == {("cost", "cpu"): [1.0, 2.0]}


def test_what_only_one_side_has_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    show({("a", "x"): [2.0, 2.0], ("a", "y"): [1.0]}, {("a", "x"): [1.0, 1.0]})
    assert capsys.readouterr().out.splitlines()[2:] == [
        "| a: x | 2.00 (2.00 to 2.00) | 1.00 (1.00 to 1.00) | 0.50 (0.50 to 0.50) | less |"
    ]


@pytest.mark.parametrize(
    ("values", "form", "shown"),
    [([3.0, 1.0, 2.0], "{:.1f}", "2.0 (1.0 to 3.0)"), ([1234.5], "{:,.0f}", "1,234")],
)
def test_a_figure_is_shown_with_its_bounds_where_it_has_rounds(
    values: list[float], form: str, shown: str
) -> None:
    assert str(Figures(values, form)) == shown
