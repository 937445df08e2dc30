"""Packages are audited where the feed of known holes can be reached, and nothing is feigned."""

from pathlib import Path

import httpx
import pytest
import respx
from deploy import package_audit

FEED = "https://pypi.org/pypi/anyio/4.16.0/json"


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "requirements.lock"
    path.write_text("# Written by `make lock`.\nanyio==4.16.0 \\\n    --hash=sha256:0\n")
    return path


@respx.mock
def test_the_feed_is_there_where_it_knows_a_package(lock: Path) -> None:
    respx.get(FEED).respond(json={"info": {}, "vulnerabilities": []})
    assert package_audit.is_reachable(lock)


@respx.mock
@pytest.mark.parametrize("answer", [httpx.Response(404), httpx.Response(200, html="<p>files</p>")])
def test_a_mirror_of_packages_alone_is_no_feed(lock: Path, answer: httpx.Response) -> None:
    respx.get(FEED).mock(answer)
    assert not package_audit.is_reachable(lock)


@respx.mock
def test_without_a_network_there_is_no_feed(lock: Path) -> None:
    respx.get(FEED).mock(side_effect=httpx.ConnectError)
    assert not package_audit.is_reachable(lock)


def test_a_lock_that_names_nothing_is_not_asked_about(tmp_path: Path) -> None:
    (tmp_path / "empty.lock").write_text("")
    assert not package_audit.is_reachable(tmp_path / "empty.lock")
