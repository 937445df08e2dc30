"""What `make mutate` makes of mutmut's results: pure parts only."""

import pytest
from deploy.bootstrap import ROOT
from deploy.mutate import LEFT_OUT, ROOMS, SURVIVORS, Mutant, MutatedRoom, judge, read, table

ONE = Mutant("wallet.domain.book.Book._move", "a + b", "a - b")
OTHER = Mutant("wallet.domain.posting.post", "a < b", "a <= b")


def test_a_survivor_that_nobody_has_explained_is_named() -> None:
    assert judge([ONE, OTHER], read(_explained(ONE))).unexplained == [OTHER]
    assert judge([ONE], read(_explained(ONE))).unexplained == []


def test_of_two_equal_survivors_each_needs_its_explanation() -> None:
    assert judge([ONE, ONE], read(_explained(ONE))).unexplained == [ONE]
    assert judge([ONE, ONE], read(_explained(ONE, ONE))).unexplained == []


def test_an_explanation_of_what_does_not_survive_is_outdated() -> None:
    assert judge([ONE], read(_explained(ONE, OTHER))).outdated == [OTHER]


def test_an_explanation_without_a_reason_explains_nothing() -> None:
    assert judge([ONE], read(_explained(ONE, why=""))).unexplained == [ONE]


def test_the_committed_explanations_have_reasons_and_name_functions_that_are_mutated() -> None:
    explained = read(SURVIVORS.read_text(encoding="utf-8"))
    modules = [module.removesuffix(".py").rstrip("*") for room in ROOMS for module in room.modules]
    mutated = tuple(module.replace("/", ".") for module in modules)
    assert [one for one in explained if not one.where.startswith(mutated)] == []


def test_every_module_of_messaging_that_has_code_is_mutated() -> None:
    folder = ROOT / "libs" / "kit"
    only_declared = {f"kit/messaging/{name}.py" for name in ("__init__", "broker", "messages")}
    found = {str(path.relative_to(folder)) for path in folder.glob("kit/messaging/*.py")}
    assert found - {module for room in ROOMS for module in room.modules} == only_declared


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_the_tests_of_a_room_are_there(room: MutatedRoom) -> None:
    assert [path for path in (*room.tests, *LEFT_OUT) if not (ROOT / path).exists()] == []


def test_the_table_counts_by_module_and_takes_all_that_no_test_fails_on_for_survivors() -> None:
    rows = table(
        {
            "kit.saga.decide.x_begin__mutmut_1": "killed",
            "kit.saga.decide.x_begin__mutmut_2": "no tests",
            "kit.saga.decide.x__end__mutmut_1": "timeout",
            "wallet.domain.book.xǁBookǁ_move__mutmut_1": "survived",
        }
    ).splitlines()
    assert [row.split() for row in rows] == [
        ["module", "mutants", "killed", "timeout", "survived"],
        ["kit.saga.decide", "3", "1", "1", "1"],
        ["wallet.domain.book", "1", "0", "0", "1"],
    ]


def _explained(*mutants: Mutant, why: str = "equal") -> str:
    rows = ", ".join(str(list(one)) for one in mutants)
    return f'[[explained]]\nwhy = "{why}"\nmutants = [{rows}]\n'
