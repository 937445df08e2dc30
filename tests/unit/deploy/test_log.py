import json
from pathlib import Path

import pytest
from deploy.stack.log import Follower, Show, for_people


def test_only_whole_lines_are_shown_and_each_once(tmp_path: Path) -> None:
    log = tmp_path / "wallet.log"
    follower = Follower(log)
    assert follower.lines() == []
    log.write_text("one\ntw")
    assert follower.lines() == ["one"]
    with log.open("a") as file:
        file.write("o\nthree\n")
    assert follower.lines() == ["two", "three"]
    assert follower.lines() == []


def test_a_new_file_in_its_place_is_followed_from_the_start(tmp_path: Path) -> None:
    log = tmp_path / "wallet.log"
    log.write_text("before\n")
    follower = Follower(log)
    follower.skip_to_end()
    log.replace(log.with_suffix(".log.1"))
    log.write_text("after\n")
    assert follower.lines() == ["after"]


@pytest.mark.parametrize("colour", [True, False])
def test_every_line_stands_under_the_name_of_its_writer(tmp_path: Path, colour: bool) -> None:  # noqa: FBT001 (a parameter of the test)
    for name in ("auth", "gateway"):
        (tmp_path / f"{name}.log").write_text(f"hello from {name}\n")
    shown: list[str] = []
    names = ("auth", "gateway")
    show = Show(names, lambda name: tmp_path / f"{name}.log", colour, shown.append)
    assert show.step()
    assert not show.step()
    if colour:
        assert all("\033[" in line for line in shown)
        assert shown[0].endswith("hello from auth")
    else:
        assert shown == ["auth    | hello from auth", "gateway | hello from gateway"]


EVENT = {
    "method": "GET",
    "status": 404,
    "event": "request",
    "level": "info",
    "at": "2026-11-30T10:11:12.345678Z",
    "service": "gateway",
    "request_id": "r",
    "traceparent": "t",
}


def test_a_line_is_read_by_people_and_says_all_that_they_need() -> None:
    shown = for_people(json.dumps(EVENT), colour=False)
    assert shown == "10:11:12.345 info    request method=GET status=404 request_id=r"


def test_errors_stand_out_and_exceptions_keep_their_lines() -> None:
    failed = {**EVENT, "level": "error", "exception": "Traceback:\n  x\x1b[2K\nLookupError\n"}
    first, *rest = for_people(json.dumps(failed), colour=True).splitlines()
    assert "\033[31mrequest" in first
    assert rest == ["Traceback:", "  x\\u001b[2K", "LookupError"]


@pytest.mark.check(59)
@pytest.mark.parametrize("odd", ["\n", "\r\n", "\u2028", "\x85", "\x1b[2K", "\ud800"])
def test_nothing_in_a_line_begins_another(odd: str) -> None:
    forged = {**EVENT, "event": f"a{odd}b", "path": f"c{odd}d", f"e{odd}": [odd]}
    shown = for_people(json.dumps(forged), colour=False)
    assert len(shown.splitlines()) == 1
    assert "\x1b" not in shown
    shown.encode()


@pytest.mark.check(59)
def test_an_exception_can_not_speak_for_another_process(tmp_path: Path) -> None:
    failed = {**EVENT, "level": "error", "exception": "Key (name)=(x\ngateway | forged\n)"}
    (tmp_path / "auth.log").write_text(f"{json.dumps(failed)}\n")
    shown: list[str] = []
    Show(("auth",), lambda name: tmp_path / f"{name}.log", colour=False, emit=shown.append).step()
    assert len(shown) == 4
    assert all(line.startswith("auth | ") for line in shown)


def test_no_line_moves_the_cursor_or_ends_the_view() -> None:
    for line in (
        "\x1b[2J",
        json.dumps({**EVENT, "at": "\x1b[2J", "level": "\x1b[2J"}),
        "[" * 100_000,
    ):
        assert "\x1b" not in for_people(line, colour=False)


@pytest.mark.parametrize("line", ["", "LOG:  ready", "[1, 2]", "{}", '{"a": 1', "null"])
def test_what_is_no_event_stays_as_it_is(line: str) -> None:
    assert for_people(line, colour=True) == line
