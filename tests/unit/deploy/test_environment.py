from pathlib import Path

import pytest
from deploy.stack.environment import chosen_by_user, read_env_file, surroundings

EXAMPLE = """\
# What it is for.
PAYMENTS_CHECK_FROM=15000.00
# AUTH_ACTIVATION_DELIVERY=
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    (tmp_path / ".env.example").write_text(EXAMPLE)
    return tmp_path


def test_an_env_file_is_read_as_compose_reads_it(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "# comment\n\nA=1\nexport B = two \nC=\"three four\"\nD='#5'\nE=a=b\nnonsense\n"
    )
    assert read_env_file(tmp_path / ".env") == {
        "A": "1",
        "B": "two",
        "C": "three four",
        "D": "#5",
        "E": "a=b",
    }


def test_no_env_file_is_an_empty_one(tmp_path: Path) -> None:
    assert read_env_file(tmp_path / ".env") == {}


def test_nothing_is_chosen_by_the_example_alone(clone: Path) -> None:
    assert chosen_by_user(clone, {}) == {}


def test_known_variables_of_the_shell_count_and_others_do_not(clone: Path) -> None:
    shell = {"PAYMENTS_CHECK_FROM": "1", "AUTH_ACTIVATION_DELIVERY": "response", "EDITOR": "ed"}
    assert chosen_by_user(clone, shell) == {
        "PAYMENTS_CHECK_FROM": "1",
        "AUTH_ACTIVATION_DELIVERY": "response",
    }


def test_the_shell_wins_over_the_file(clone: Path) -> None:
    (clone / ".env").write_text("PAYMENTS_CHECK_FROM=2\nLOG_LEVEL=DEBUG\n")
    assert chosen_by_user(clone, {"PAYMENTS_CHECK_FROM": "1"}) == {
        "PAYMENTS_CHECK_FROM": "1",
        "LOG_LEVEL": "DEBUG",
    }


def test_started_programs_see_no_leftovers_of_the_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WALLET_DATABASE_URL", "postgresql://elsewhere")
    monkeypatch.setenv("PATH", "/usr/bin")
    seen = surroundings()
    assert "WALLET_DATABASE_URL" not in seen
    assert seen["PATH"] == "/usr/bin"
