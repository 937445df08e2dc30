"""deploy/Dockerfile and .dockerignore, as far as their text can be held to account."""

import re

import pytest
from deploy.bootstrap import ROOT
from deploy.stack.services import MEMORY

TEXT = (ROOT / "deploy" / "Dockerfile").read_text()
STAGES = re.split(r"^(?=FROM )", TEXT, flags=re.MULTILINE)
LAST = STAGES[-1]
IGNORED = (ROOT / ".dockerignore").read_text().splitlines()


def test_the_base_image_is_an_argument_pinned_to_a_minor_version() -> None:
    assert re.search(r"^ARG BASE_IMAGE=python:3\.\d+-slim-bookworm$", STAGES[0], re.MULTILINE)
    bases = re.findall(r"^FROM (\S+)", TEXT, re.MULTILINE)
    assert set(bases) == {"${BASE_IMAGE}"}
    assert len(bases) >= 2


def test_the_service_is_an_argument() -> None:
    assert re.search(r"^ARG SERVICE$", LAST, re.MULTILINE)


def test_what_differs_between_the_services_comes_after_what_they_share() -> None:
    shared = LAST.index("COPY --from=packages"), LAST.index("RUN ")
    assert LAST.index("ARG SERVICE") > max(shared)
    assert LAST.rstrip().endswith("COPY --from=sources /app /app")


def test_the_bytecode_holds_no_time_and_the_sources_can_be_read_after_any_umask() -> None:
    assert "compileall -q --invalidation-mode unchecked-hash /app" in TEXT
    assert "chmod -R u=rwX,go=rX /app" in TEXT


@pytest.mark.check(68)
def test_packages_are_installed_by_their_hashes_and_without_tools() -> None:
    assert "--require-hashes" in TEXT
    assert "requirements.lock" in TEXT
    assert "requirements-dev.lock" not in TEXT
    assert "testkit" not in TEXT


@pytest.mark.check(68)
def test_the_image_runs_as_nobody_in_particular() -> None:
    users = re.findall(r"^USER (\S+)$", LAST, re.MULTILINE)
    assert users == ["10001:10001"]


def test_signals_reach_the_service() -> None:
    command = re.search(r"^CMD (.+)$", LAST, re.MULTILINE)
    assert command is not None
    assert command[1].startswith("[")
    assert "exec python" in command[1]


def test_memory_is_kept_as_the_runner_has_it() -> None:
    for name, value in MEMORY.items():
        assert re.search(rf"^ENV (?:.*\n)*? *{name}={value}$", LAST, re.MULTILINE)


def test_no_secret_is_built_in() -> None:
    assert not re.search(r"PASSWORD|SECRET|TOKEN|COPY .*\.env", TEXT)


@pytest.mark.parametrize("copied", re.findall(r"^COPY (?!--from)(\S+) ", TEXT, re.MULTILINE))
def test_what_is_copied_is_there_and_not_ignored(copied: str) -> None:
    assert (ROOT / copied).exists()
    allowed = [line.removeprefix("!") for line in IGNORED if line.startswith("!")]
    inside = [path for path in allowed if path == copied or path.startswith(f"{copied}/")]
    assert inside


def test_everything_else_stays_outside() -> None:
    rules = [line for line in IGNORED if line and not line.startswith("#")]
    assert rules[0] == "*"
    assert not {"!.env", "!.git", "!.local", "!.venv", "!tests"} & set(rules)
