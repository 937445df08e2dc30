"""What finance refuses to start with."""

import pytest

from finance.settings import Settings
from kit.settings import load

STRONG = {
    "ENVIRONMENT": "production",
    "FINANCE_DATABASE_URL": "postgresql://finance:Vn3kQ8rT2wZ5xB7m@db/saldo",
    "FINANCE_MIGRATION_URL": "postgresql://finance_owner:Vn3kQ8rT2wZ5xB7m@db/saldo",
    "RABBITMQ_URL": "amqp://saldo:Vn3kQ8rT2wZ5xB7m@mq/",
    "REDIS_URL": "redis://:Vn3kQ8rT2wZ5xB7m@redis/0",
    "CURSOR_SECRET": "Qw2eRt4yUi6oPa8sDf0gHj1kLz3xCv5b",
    "FINANCE_CLIENT_SECRET": "Pl0oKm9iJn8uHb7yGv6tFc5rDx4eSz3w",
}


@pytest.fixture
def production(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in STRONG.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_development_needs_no_environment() -> None:
    settings = load(Settings, env_file=None)
    assert (settings.port, settings.time_zone, settings.sweep_seconds) == (8105, "UTC", 30.0)


def test_production_refuses_a_development_secret(production: pytest.MonkeyPatch) -> None:
    load(Settings, env_file=None)
    production.delenv("FINANCE_CLIENT_SECRET")
    with pytest.raises(SystemExit, match="FINANCE_CLIENT_SECRET"):
        load(Settings, env_file=None)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "CET"])
def test_a_zone_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, zone: str) -> None:
    monkeypatch.setenv("FINANCE_TIME_ZONE", zone)
    with pytest.raises(SystemExit, match="FINANCE_TIME_ZONE"):
        load(Settings, env_file=None)
