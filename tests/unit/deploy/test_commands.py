from pathlib import Path

import pytest
from deploy.stack.commands import gateway_port, leftovers
from deploy.stack.errors import StackError
from deploy.stack.locks import LOCK, held
from deploy.stack.state import StackState


def test_the_gateway_is_on_the_usual_port_where_nothing_was_said(tmp_path: Path) -> None:
    assert gateway_port({}, tmp_path) == 8000


def test_a_chosen_port_counts_and_is_kept_after_an_unclean_end(tmp_path: Path) -> None:
    assert gateway_port({"GATEWAY_PORT": "8080"}, tmp_path) == 8080
    state = StackState.open(tmp_path)
    state.ports["gateway"] = 8080
    state.save()
    assert gateway_port({}, tmp_path) == 8080
    assert gateway_port({"GATEWAY_PORT": "8090"}, tmp_path) == 8090


@pytest.mark.parametrize("text", ["abc", "0", "65536", "-1", "80.5", "８０８０", " "])
def test_what_is_no_port_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(StackError, match="is no port"):
        gateway_port({"GATEWAY_PORT": text}, tmp_path)


def test_stacks_that_a_killed_command_left_are_found_and_those_of_a_running_one_are_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in ("bench", "test", "test/resilience", "data-1"):
        (tmp_path / ".local" / folder).mkdir(parents=True)
        StackState.new(tmp_path / ".local" / folder).save()
    local = tmp_path / ".local"
    assert [stack.local for stack in leftovers(tmp_path)] == [
        local / "bench",
        local / "test/resilience",
        local / "test",
    ]
    with held(local / "test" / LOCK, "unused"):
        assert [stack.local for stack in leftovers(tmp_path)] == [local / "bench"]
    assert "test is running in another terminal: left alone" in capsys.readouterr().out
