"""The gateway's README names every route, alias and limit, as the tables have them."""

from pathlib import Path

import pytest

from gateway.limits.policies import POLICIES, Policy
from gateway.routing.aliases import ALIASES
from gateway.routing.routes import (
    DEVELOPMENT_PREFIXES,
    OPENED_BELOW,
    OWN,
    OWN_PUBLIC,
    PREFIXES,
    PUBLIC,
)

README = (Path(__file__).parents[3] / "gateway" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("prefix", [*PREFIXES, *DEVELOPMENT_PREFIXES])
def test_every_prefix_is_named(prefix: str) -> None:
    assert f"`{prefix}`" in README


@pytest.mark.parametrize("operation", [*PUBLIC, *OPENED_BELOW])
def test_every_public_operation_is_named(operation: str) -> None:
    assert f"`{operation}`" in README


@pytest.mark.parametrize("operation", [*OWN, *OWN_PUBLIC])
def test_everything_of_its_own_is_named(operation: str) -> None:
    assert operation.partition(" ")[2] in README


@pytest.mark.parametrize("alias", ALIASES)
def test_every_alias_is_named_with_its_operation(alias: str) -> None:
    [row] = [line for line in README.splitlines() if line.startswith(f"| `{alias}`")]
    assert row.endswith(f"| `{ALIASES[alias]}` |")


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.name)
def test_every_limit_is_named_as_it_is(policy: Policy) -> None:
    at_once = str(policy.at_once or "")
    row = " | ".join((f"| `{policy.name}`", str(policy.quota), at_once)).rstrip()
    assert f"\n{row} |".replace("  |", " |") in README.replace("  |", " |")
    assert policy.window_seconds == 60
