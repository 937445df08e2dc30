import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from deploy.bootstrap import ROOT
from deploy.stack.coverage import Coverage
from deploy.stack.suite import SERIAL_ROOMS, Part, measured, parts, summary

REPORT = """<testsuites><testsuite name="pytest" errors="{errors}" failures="{failures}"
 skipped="1" tests="{tests}" time="2.5"></testsuite></testsuites>"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    for room in (*SERIAL_ROOMS, "tests/unit"):
        (tmp_path / room).mkdir(parents=True)
        (tmp_path / room / "test_one.py").touch()
    return tmp_path


def test_everything_is_two_parts_and_the_stacks_run_alone(clone: Path) -> None:
    first, second = parts(clone, "tests")
    assert first.paths == ("tests",)
    assert {f"--ignore={room}" for room in SERIAL_ROOMS} <= set(first.options)
    assert "-n" in first.options
    assert second == Part("serial", SERIAL_ROOMS)


def test_a_room_without_tests_is_left_out(clone: Path) -> None:
    (clone / SERIAL_ROOMS[0] / "test_one.py").unlink()
    assert parts(clone, "tests")[1].paths == SERIAL_ROOMS[1:]


@pytest.mark.parametrize(
    ("target", "is_shared"),
    [
        ("tests/unit", True),
        ("tests/unit/", True),
        ("tests/unit/test_one.py", False),
        ("tests/unit/test_one.py::test_it", False),
        ("tests/e2e", False),
        ("tests/e2e/test_one.py", False),
        ("tests/resilience", False),
    ],
)
def test_a_chosen_part_is_shared_by_workers_where_that_helps(
    clone: Path,
    target: str,
    is_shared: bool,  # noqa: FBT001 (a parameter of the test)
) -> None:
    (part,) = parts(clone, target)
    assert part.paths == (target,)
    assert ("-n" in part.options) == is_shared


@pytest.mark.parametrize(
    ("target", "paths"),
    [
        ("tests/unit tests/contract", [("tests/unit", "tests/contract")]),
        (" tests/unit/test_one.py ", [("tests/unit/test_one.py",)]),
        (
            "tests/unit/a.py::test_x[1 2] tests/b.py",
            [("tests/unit/a.py::test_x[1 2]", "tests/b.py")],
        ),
        ("tests/unit tests/e2e", [("tests/unit",), ("tests/e2e",)]),
        (
            "tests/e2e/test_one.py tests/resilience/",
            [("tests/e2e/test_one.py", "tests/resilience/")],
        ),
        ("tests/unit ./tests/", [("tests",), SERIAL_ROOMS]),
        ("", [("tests",), SERIAL_ROOMS]),
    ],
)
def test_several_may_be_chosen_at_once(
    clone: Path, target: str, paths: list[tuple[str, ...]]
) -> None:
    assert [part.paths for part in parts(clone, target)] == paths


def test_a_path_with_a_blank_is_one(clone: Path) -> None:
    (clone / "tests/my unit").mkdir()
    assert [part.paths for part in parts(clone, "tests/my unit")] == [("tests/my unit",)]


def test_what_somebody_has_set_for_his_own_stack_reaches_no_test() -> None:
    set_by_hand = os.environ | {"GATEWAY_PORT": "8080", "ENVIRONMENT": "production"}
    script = "import os, tests.conftest; print({'GATEWAY_PORT', 'ENVIRONMENT'} & set(os.environ))"
    seen = subprocess.run(  # noqa: S603 (our own)
        [sys.executable, "-c", script],
        env=set_by_hand,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert seen.stdout == "set()\n"


def test_the_reports_add_up(tmp_path: Path) -> None:
    for name, failures in (("one", 0), ("two", 2)):
        text = REPORT.format(errors=0, failures=failures, tests=10)
        (tmp_path / name).write_text(text)
    line = summary([tmp_path / "one", tmp_path / "two"])
    assert line == "==== both parts: 2 failed, 16 passed, 2 skipped in 5 s ===="


def test_a_part_without_a_report_is_an_error(tmp_path: Path) -> None:
    assert "1 errors" in summary([tmp_path / "missing"])


def test_all_tests_are_measured_but_those_that_run_alone(clone: Path) -> None:
    run = measured(parts(clone, "tests"), (), is_asked=False)
    assert [(part.name, part.is_measured) for part in run] == [
        ("parallel", True),
        ("serial", False),
    ]


@pytest.mark.parametrize(
    ("target", "options"), [("tests", ("-k", "name")), ("tests/unit", ()), ("tests/e2e", ())]
)
def test_some_of_the_tests_are_not_measured(
    clone: Path, target: str, options: tuple[str, ...]
) -> None:
    run = measured(parts(clone, target), options, is_asked=False)
    assert not [part for part in run if part.is_measured]
    assert run == [replace(part, is_measured=False) for part in parts(clone, target)]


@pytest.mark.parametrize("options", [(), ("-k", "name")])
def test_where_coverage_is_asked_for_what_is_measured_is_all_that_runs(
    clone: Path, options: tuple[str, ...]
) -> None:
    (part,) = measured(parts(clone, "tests/unit tests/e2e"), options, is_asked=True)
    assert (part.paths, part.is_measured) == (("tests/unit",), True)
    (part,) = measured(parts(clone, "tests"), options, is_asked=True)
    assert (part.name, part.is_measured) == ("parallel", True)


CODE = """def halved(number: int) -> int:
    if number % 2:
        return -1
    return number // 2
"""


@pytest.mark.parametrize(("calls", "code"), [("halved(2)", 1), ("halved(2), halved(3)", 0)])
def test_what_no_process_reached_is_told_and_fails(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], calls: str, code: int
) -> None:
    (tmp_path / "halving.py").write_text(CODE)
    (tmp_path / "pyproject.toml").write_text(
        "[tool.coverage.run]\nbranch = true\nparallel = true\nsource_pkgs = ['halving']\n"
        "[tool.coverage.report]\nfail_under = 95\nshow_missing = true\n"
    )
    coverage = Coverage(tmp_path, tmp_path / "figures", gates={"halving.py": 100})
    coverage.clear()
    script = f"from halving import halved; {calls}"
    for _ in range(2):
        subprocess.run(  # noqa: S603 (our own)
            [sys.executable, "-c", script],
            env=os.environ | coverage.environment,
            cwd=tmp_path,
            check=True,
        )
    assert bool(coverage.judge()) is bool(code)
    told = capfd.readouterr().out
    assert ("67%" in told) is bool(code)
    assert ("100%" in told) is not bool(code)
    coverage.clear()
    assert list(coverage.folder.glob("*")) == []
