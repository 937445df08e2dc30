"""Holds the house together: every room has its files and its page, links lead somewhere."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from deploy.generate import rooms
from deploy.generate.rooms import ROOT

SERVICES = rooms.services()
ROOMS = [ROOT / "libs" / name for name in ("kit", "contracts", "testkit")]
ROOMS += [rooms.folder(name) for name in (*SERVICES, rooms.GATEWAY)]
TOP = {
    ".ci",
    ".dockerignore",
    ".env.example",
    ".github",
    ".gitignore",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Makefile",
    "README.md",
    "SECURITY.md",
    "deploy",
    "docker-compose.yml",
    "gateway",
    "libs",
    "pyproject.toml",
    "requirements-dev.lock",
    "requirements.lock",
    "services",
    "tests",
}

# STYLE's table of one service: in its folder, and in its package, where a noun of several parts
# is a package of modules.
OF_EVERY_SERVICE = ("README.md", "pyproject.toml", "openapi.json")
IN_EVERY_PACKAGE = ("__init__", "__main__", "app", "settings", "refusals")
WITH_A_DATABASE = (
    "api",
    "domain",
    "messages",
    "repository",
    "schemas",
    "service",
    "tables",
)
COMMANDS = {
    *("run", "stop", "reset", "demo", "seed", "up", "down"),
    *("test", "check", "lint", "format", "bench", "chaos"),
    *("install", "dev", "generate", "init-db", "upgrade", "downgrade", "revision", "help"),
}

LINK = re.compile(r"\]\((?!https?://|mailto:|#)([^)\s#]+)")
# Where somebody's files lie says nothing to anybody else.
PRIVATE_PATH = re.compile(r"(?<![\w./:-])/(?:work|root|home/\w+|Users/\w+|tmp/\w+)/")
TEXTS = {".md", ".py", ".toml", ".yml", ".yaml", ".sh", ".sql", ".conf", ".json", ".example"}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_the_files_of_every_service(name: str) -> None:
    folder = rooms.folder(name)
    has_database = (folder / "migrations").is_dir()
    expected = (*IN_EVERY_PACKAGE, *(WITH_A_DATABASE if has_database else ()))
    missing = [part for part in OF_EVERY_SERVICE if not (folder / part).is_file()]
    missing += [part for part in expected if not _is_module(folder / name / part)]
    assert missing == []


@pytest.mark.parametrize("name", SERVICES)
def test_only_sandbox_keeps_nothing(name: str) -> None:
    assert (rooms.folder(name) / "migrations" / "versions").is_dir() == (name != "sandbox")


@pytest.mark.parametrize("folder", ROOMS, ids=lambda folder: folder.name)
def test_a_room_has_a_page_that_begins_with_what_it_is(folder: Path) -> None:
    lines = (folder / "README.md").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# ")
    assert len(lines) > 10


@pytest.mark.parametrize("name", SERVICES)
def test_the_page_of_a_service_has_its_generated_tables(name: str) -> None:
    page = (rooms.folder(name) / "README.md").read_text(encoding="utf-8")
    blocks = {"endpoints", "environment", "refusals"}
    if (rooms.folder(name) / "migrations").is_dir():
        blocks.add("messages")
    if any(rooms.sagas(name)):
        blocks.add("saga")
    assert blocks <= set(re.findall(r"<!-- generated:([a-z-]+) -->", page))


def test_every_link_between_pages_leads_somewhere(committed: list[Path]) -> None:
    broken = [
        f"{page.relative_to(ROOT)} -> {link}"
        for page in committed
        if page.suffix == ".md"
        for link in LINK.findall(page.read_text(encoding="utf-8"))
        if not (page.parent / link).exists()
    ]
    assert broken == []


def test_the_front_page_leads_to_every_room() -> None:
    links = set(LINK.findall((ROOT / "README.md").read_text(encoding="utf-8")))
    targets = {(ROOT / link).resolve() for link in links}
    assert [room.name for room in ROOMS if not {room, room / "README.md"} & targets] == []


def test_the_front_page_names_both_commands_and_every_specification() -> None:
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "\nmake run\n" in page
    assert "\nmake test\n" in page
    assert page.index("make run") < page.index("make test") < page.index("curl")
    assert "```mermaid" in page


def test_every_command_of_the_makefile_is_explained() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    explained = dict(re.findall(r"^([a-z-]+):.*?## (\S.*)$", text, re.MULTILINE))
    assert set(explained) >= COMMANDS
    internal = {"runtime-ready", "tools-ready"}
    assert set(re.findall(r"^([a-z-]+):", text, re.MULTILINE)) - set(explained) <= internal


def test_every_dependency_has_its_reason() -> None:
    bare = []
    for path in [ROOT / "pyproject.toml", *(room / "pyproject.toml" for room in ROOMS)]:
        text = path.read_text(encoding="utf-8")
        lines = {line.partition("#")[0].strip().rstrip(","): line for line in text.splitlines()}
        declared = _dependencies(tomllib.loads(text))
        bare += [f"{path.parent.name}: {name}" for name in declared if "#" not in lines[name]]
    assert bare == []


def test_nothing_is_at_the_top_that_newcomers_need_not_see(committed: list[Path]) -> None:
    assert {path.relative_to(ROOT).parts[0] for path in committed} <= TOP


def test_the_changelog_has_a_place_for_what_comes_next() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert text.startswith("# ")
    assert re.search(r"^## ", text, re.MULTILINE)


def test_no_text_names_a_place_on_the_machine_of_its_author(committed: list[Path]) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in committed
        if path.suffix in TEXTS or not path.suffix
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if PRIVATE_PATH.search(line)
    ]
    assert found == []


def _is_module(path: Path) -> bool:
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def _dependencies(pyproject: dict[str, Any]) -> list[str]:
    project = pyproject.get("project", {})
    groups = [
        project.get("dependencies", []),
        *project.get("optional-dependencies", {}).values(),
        *pyproject.get("dependency-groups", {}).values(),
    ]
    return [f'"{name}"' for group in groups for name in group]
