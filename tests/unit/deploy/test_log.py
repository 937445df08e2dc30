from pathlib import Path

import pytest
from deploy.stack.log import Follower, Show


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
