"""Every security check is shown by a test, and no such test can be left out quietly."""

import ast

import pytest
from deploy.generate import checks
from deploy.generate.rooms import ROOT

NUMBERS = range(1, 71)
SHOWN = list(checks.shown())


def test_the_checks_are_numbered_without_a_gap() -> None:
    assert [number for group in checks.groups() for number in group.checks] == [*NUMBERS]


@pytest.mark.parametrize("number", NUMBERS)
def test_a_check_is_shown_by_a_test(number: int) -> None:
    assert [one.test for one in SHOWN if one.number == number]


def test_what_shows_a_check_is_a_test_of_a_known_check() -> None:
    assert {one.number for one in SHOWN} <= {*NUMBERS}
    assert {one.test for one in SHOWN if not one.test.startswith("test_")} == set()


@pytest.mark.parametrize(
    "path", sorted({one.path for one in SHOWN}), ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_no_test_of_a_check_is_skipped_or_expected_to_fail(path: "checks.Path") -> None:
    named = {one.test for one in SHOWN if one.path == path}
    for test in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(test, ast.FunctionDef | ast.AsyncFunctionDef) and test.name in named:
            text = ast.unparse(test)
            assert not [word for word in ("skip", "xfail") if word in text], test.name
