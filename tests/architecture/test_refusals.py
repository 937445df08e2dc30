"""Every "no" that a caller can be told, and every event of the log, is provoked by a test."""

import re
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest
from deploy.bootstrap import ROOT
from deploy.generate import rooms

from auth.domain.audit import Kind
from kit import refusals as shared
from kit.refusals import Refusal, catalogue

# Refusals that no request can meet, and why; each is tested where it is decided.
UNREACHED = {
    # Models bound lengths first and name the field; commands and links decide by the domain.
    "password_wrong_length": "tests/unit/auth/test_passwords.py",
}
ASKING = ("integration", "contract", "e2e", "unit/kit/web", "unit/gateway")


def _codes() -> list[str]:
    found = [
        shared,
        *(import_module(f"{room}.refusals") for room in (*rooms.services(), "gateway")),
    ]
    return sorted({one.code for module in found for one in catalogue(module)})


@cache
def _asked_for(*folders: str) -> str:
    files = (file for folder in folders for file in (ROOT / "tests" / folder).rglob("*.py"))
    return "\n".join(file.read_text() for file in files)


@pytest.mark.parametrize("code", _codes())
def test_a_refusal_is_provoked_by_a_test(code: str) -> None:
    if code in UNREACHED:
        assert re.search("WrongLength", Path(ROOT / UNREACHED[code]).read_text())
        return
    assert re.search(rf"[\"']{code}[\"']", _asked_for(*ASKING))


@pytest.mark.parametrize("kind", Kind)
def test_an_event_is_provoked_by_a_test(kind: Kind) -> None:
    assert re.search(rf"[\"']{kind}[\"']|\bKind\.{kind.name}\b", _asked_for("integration/auth"))


def test_refusals_have_codes_in_snake_case_and_statuses_of_clients_or_outages() -> None:
    for one in catalogue(shared):
        assert re.fullmatch("[a-z]+(_[a-z]+)*", one.code)
        assert 400 <= one.status < 500 or one.status in {500, 503}
        assert issubclass(one, Refusal)
