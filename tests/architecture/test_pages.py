"""Holds the pages of rooms to what is read in five minutes, and their decisions to one form."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from deploy.generate import rooms
from deploy.generate.rooms import ROOT

# Five minutes are 900 words of prose. 950, because the words of tables count here too, and a map's
# rows are looked up rather than read.
MOST_LINES, MOST_WORDS, MOST_COLUMNS, MOST_LINES_OF_A_BULLET = 120, 950, 120, 3
LABELS = ["Wanted", "Tried or measured", "Chosen", "Enforced by"]

LIBS = ("kit", "contracts", "testkit")
ROOMS = {name: ROOT / "libs" / name for name in LIBS}
ROOMS |= {name: rooms.folder(name) for name in (*rooms.services(), rooms.GATEWAY)}
ROOMS["deploy"] = ROOT / "deploy"
READMES = [
    *(ROOMS[name] / "README.md" for name in sorted(ROOMS)),
    ROOT / "libs" / "kit" / "kit" / "web" / "README.md",
    ROOT / "tests" / "README.md",
    ROOT / "README.md",
]
WITH_DECISIONS = [name for name in sorted(ROOMS) if (ROOMS[name] / "DECISIONS.md").exists()]
PAGES = [*READMES, *(ROOMS[name] / "DECISIONS.md" for name in WITH_DECISIONS)]

GENERATED = re.compile(r"^<!-- generated:.*?^<!-- /generated -->", re.DOTALL | re.MULTILINE)
CODE = re.compile(r"^ *```.*?^ *```$", re.DOTALL | re.MULTILINE)
LABEL = re.compile(r"^\*\*([A-Z][a-z ]+)\*\*", re.MULTILINE)
NAMED_TESTS = re.compile(r"`(tests/[\w/]+\.py)` \(((?:`\w+`(?:, )?)+)\)")
DECLARED = re.compile(r"\b(Counter|Gauge|Histogram)\(\s*\"(saldo_\w+)\"")
METRIC = re.compile(r"\bsaldo_[a-z_]+[a-z]\b")
FILE = re.compile(r"`((?:[\w-]+/)*[\w-]+\.(?:py|md|toml|json|sh|yml))`")


def _from_the_top(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_metrics_are_named_as_they_are_exported() -> None:
    exported = {
        f"{name}_total" if kind == "Counter" else name
        for folder in ("libs", "services", "gateway")
        for path in (ROOT / folder).rglob("*.py")
        for kind, name in DECLARED.findall(path.read_text(encoding="utf-8"))
    }
    pages = (*PAGES, *ROOT.glob("*.md"), *(ROOT / "deploy").glob("*.md"))
    named = {name for page in pages for name in METRIC.findall(page.read_text(encoding="utf-8"))}
    assert named
    assert named - exported == set()


@pytest.mark.parametrize("path", READMES, ids=_from_the_top)
def test_a_page_is_read_in_five_minutes(path: Path) -> None:
    text = _by_hand(path)
    words = [word for word in text.split() if re.search(r"\w", word)]
    assert len(words) <= MOST_WORDS
    assert len([line for line in text.splitlines() if line.strip()]) <= MOST_LINES


@pytest.mark.parametrize("path", PAGES, ids=_from_the_top)
def test_what_is_written_by_hand_fits_a_screen(path: Path) -> None:
    lines = _by_hand(path).splitlines()
    assert [line for line in lines if len(line) > MOST_COLUMNS and not _is_row(line)] == []


@pytest.mark.parametrize("path", READMES, ids=_from_the_top)
def test_a_bullet_of_a_page_has_three_lines_at_most(path: Path) -> None:
    bullets = _bullets(_by_hand(path))
    assert [lines[0] for lines in bullets if len(lines) > MOST_LINES_OF_A_BULLET] == []


@pytest.mark.parametrize("name", WITH_DECISIONS)
def test_a_decision_says_what_was_wanted_tried_chosen_and_what_holds_it(name: str) -> None:
    decisions = _decisions(ROOMS[name])
    assert decisions
    assert {
        title: labels
        for title, text in decisions.items()
        if (labels := LABEL.findall(text)) != LABELS
    } == {}


@pytest.mark.parametrize("name", WITH_DECISIONS)
def test_a_decision_names_a_test_or_says_that_there_is_none(name: str) -> None:
    enforced = {
        title: text.partition("**Enforced by**")[2]
        for title, text in _decisions(ROOMS[name]).items()
    }
    assert [one for one, text in enforced.items() if not re.search("tests/|No test", text)] == []


@pytest.mark.parametrize("name", WITH_DECISIONS)
def test_every_test_that_a_decision_names_is_there(name: str) -> None:
    text = " ".join((ROOMS[name] / "DECISIONS.md").read_text(encoding="utf-8").split())
    missing = [
        f"{path}::{sentence}"
        for path, sentences in NAMED_TESTS.findall(text)
        for sentence in re.findall(r"`(\w+)`", sentences)
        if f"def test_{sentence}(" not in (ROOT / path).read_text(encoding="utf-8")
    ]
    assert missing == []


@pytest.mark.parametrize("name", WITH_DECISIONS)
def test_the_page_leads_to_its_decisions(name: str) -> None:
    assert "](DECISIONS.md)" in (ROOMS[name] / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", PAGES, ids=_from_the_top)
def test_every_file_that_a_page_names_is_there(path: Path) -> None:
    named = FILE.findall(_by_hand(path))
    assert [file for file in named if not _is_there(file, path.parent)] == []


def test_the_page_of_the_web_edge_names_every_module_of_it() -> None:
    web = ROOT / "libs" / "kit" / "kit" / "web"
    modules = {path.stem for folder in (web, web / "serving") for path in folder.glob("*.py")}
    rooms_of_it = {path.parent.name for path in web.glob("*/__init__.py")}
    named = set(re.findall(r"`(\w+)/?`", (web / "README.md").read_text(encoding="utf-8")))
    assert (modules | rooms_of_it) - {"__init__"} - named == set()


def _by_hand(path: Path) -> str:
    """Return a page without its generated blocks and its code."""
    return CODE.sub("", GENERATED.sub("", path.read_text(encoding="utf-8")))


def _is_there(file: str, room: Path) -> bool:
    """Return whether a file is where a page names it: from the room, its package, or the top.

    A name without a folder is anywhere in the room, or of what every service has.
    """
    if "/" not in file:
        packages = (rooms.folder(name) / name for name in rooms.services())
        return any(room.rglob(file)) or any((one / file).exists() for one in (ROOT, *packages))
    places = (room, room / room.name, ROOT, ROOT / "libs/kit")
    return any((place / file).exists() for place in places)


def _is_row(line: str) -> bool:
    return line.lstrip().startswith("|")


def _bullets(text: str) -> Iterator[list[str]]:
    """Yield the lines of every bullet: its own, and those indented below it."""
    bullet: list[str] = []
    for line in [*text.splitlines(), ""]:
        if bullet and not (line.startswith(" ") and line.strip()):
            yield bullet
            bullet = []
        if re.match(r" *([*-]|\d+\.) ", line):
            if bullet:
                yield bullet
            bullet = [line]
        elif bullet:
            bullet.append(line)


def _decisions(room: Path) -> dict[str, str]:
    """Return the decisions of a room, by their headings."""
    text = (room / "DECISIONS.md").read_text(encoding="utf-8")
    _, *parts = re.split(r"^## ", text, flags=re.MULTILINE)
    return dict(part.split("\n", 1) for part in parts)
