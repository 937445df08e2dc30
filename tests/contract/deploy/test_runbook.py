"""deploy/RUNBOOK.md has a row for every alarm, and names commands that there are."""

import re
from collections.abc import Iterator

import pytest
from deploy.bootstrap import ROOT

RUNBOOK = (ROOT / "deploy" / "RUNBOOK.md").read_text()
ALARM = re.compile(
    r"(?:log\.(?:error|critical|exception)\(|partial\(log\.error,|\btell\()\s*\"([a-z_]+)\""
)
ROOMS = ("libs/kit/kit", "services", "gateway/gateway")


def alarms() -> Iterator[str]:
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            yield from ALARM.findall(path.read_text())


@pytest.mark.parametrize("alarm", sorted(set(alarms())))
def test_an_alarm_has_its_row(alarm: str) -> None:
    assert f"`{alarm}`" in RUNBOOK


def test_the_alarms_are_found() -> None:
    assert {"dead_letter", "saga_needs_attention", "bank_credit_in_suspense"} <= set(alarms())


def test_its_commands_are_targets() -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z][a-z-]*)\b", RUNBOOK)) <= targets
