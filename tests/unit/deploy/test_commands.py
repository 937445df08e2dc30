from pathlib import Path

import pytest
from deploy.stack.commands import gateway_port
from deploy.stack.errors import StackError
from deploy.stack.state import State


def test_the_gateway_is_on_the_usual_port_where_nothing_was_said(tmp_path: Path) -> None:
    assert gateway_port({}, tmp_path) == 8000


def test_a_chosen_port_counts_and_is_kept_after_an_unclean_end(tmp_path: Path) -> None:
    assert gateway_port({"GATEWAY_PORT": "8080"}, tmp_path) == 8080
    state = State.open(tmp_path)
    state.ports["gateway"] = 8080
    state.save()
    assert gateway_port({}, tmp_path) == 8080
    assert gateway_port({"GATEWAY_PORT": "8090"}, tmp_path) == 8090


@pytest.mark.parametrize("text", ["abc", "0", "65536", "-1", "80.5", "８０８０", " "])
def test_what_is_no_port_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(StackError, match="is no port"):
        gateway_port({"GATEWAY_PORT": text}, tmp_path)
