from pathlib import Path

import pytest
from deploy.bootstrap import ROOT
from deploy.stack.migrations import head
from deploy.stack.services import SERVICES

MIGRATION = '"""It."""\n\nrevision = "{0}"\ndown_revision = {1}\n'


@pytest.fixture
def versions(tmp_path: Path) -> Path:
    folder = tmp_path / "migrations" / "versions"
    folder.mkdir(parents=True)
    (folder / "one.py").write_text(MIGRATION.format("0001", None))
    return folder


def test_the_head_is_what_nothing_is_built_upon(versions: Path, tmp_path: Path) -> None:
    assert head(tmp_path) == "0001"
    (versions / "a_later_one.py").write_text(MIGRATION.format("0002", '"0001"'))
    assert head(tmp_path) == "0002"


def test_typed_revisions_are_read_too(versions: Path, tmp_path: Path) -> None:
    (versions / "two.py").write_text("revision: str = '0002'\ndown_revision: str | None = '0001'\n")
    assert head(tmp_path) == "0002"


@pytest.mark.parametrize("text", [MIGRATION.format("0002", None), "import this\n"])
def test_two_heads_or_a_file_of_another_kind_are_unclear(
    versions: Path, tmp_path: Path, text: str
) -> None:
    (versions / "two.py").write_text(text)
    assert head(tmp_path) is None


def test_no_migrations_are_unclear(tmp_path: Path) -> None:
    assert head(tmp_path) is None


@pytest.mark.parametrize(
    "service", [service.name for service in SERVICES if service.migration is not None]
)
def test_the_migrations_of_our_services_are_clear(service: str) -> None:
    assert head(ROOT / "services" / service) is not None
