"""Where the sandbox may run, and how its services fail by default."""

import pytest

from kit.settings import load
from sandbox.app import build
from sandbox.settings import Settings
from sandbox.verifiers.box import VerifierMode


def test_the_services_fail_a_tenth_and_a_quarter_of_the_time_by_default() -> None:
    verifiers = build(Settings()).web.state.verifiers
    assert verifiers["one"].behaviour.failure_rate == 0.10
    assert verifiers["two"].behaviour.failure_rate == 0.25


def test_rates_modes_and_seed_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX_FAILURE_RATE_ONE", "0")
    monkeypatch.setenv("SANDBOX_FAILURE_RATE_TWO", "1")
    monkeypatch.setenv("SANDBOX_MODE_TWO", "down")
    monkeypatch.setenv("SANDBOX_SEED", "5")
    verifiers = build(load(Settings, env_file=None)).web.state.verifiers
    assert verifiers["one"].behaviour.failure_rate == 0
    assert verifiers["two"].behaviour.failure_rate == 1
    assert verifiers["one"].behaviour.seed == 5
    assert verifiers["one"].behaviour.mode is VerifierMode.OK
    assert verifiers["two"].behaviour.mode is VerifierMode.DOWN


def test_it_refuses_to_start_in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVIRONMENT", "production")
    monkeypatch.setenv("CURSOR_SECRET", "q8Zt3vYx7LmN2pRs5UwKj4HbGcFd9Ea1")
    monkeypatch.setenv("WALLET_BANK_SECRET", "w4Kd8mTz2QxR6vBn9LpYc3HsGf7Ja5Ue")
    with pytest.raises(SystemExit, match="the sandbox does not run with ENVIRONMENT=production"):
        load(Settings, env_file=None)


@pytest.mark.parametrize("rate", ["-0.1", "1.1", "often"])
def test_a_rate_that_is_no_share_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, rate: str
) -> None:
    monkeypatch.setenv("SANDBOX_FAILURE_RATE_TWO", rate)
    with pytest.raises(SystemExit, match="SANDBOX_FAILURE_RATE_TWO"):
        load(Settings, env_file=None)
