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
    "FINANCE_S3_SECRET_KEY": "one-of-ones-own",
    "FINANCE_S3_PUBLIC_URL": "https://files.pay.example",
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


@pytest.mark.parametrize("ttl", ["299s", "16m", "1h", "600"])
def test_reports_are_kept_for_five_to_fifteen_minutes(
    monkeypatch: pytest.MonkeyPatch, ttl: str
) -> None:
    for kept in ("5m", "900s"):
        monkeypatch.setenv("FINANCE_REPORT_TTL", kept)
        load(Settings, env_file=None)
    monkeypatch.setenv("FINANCE_REPORT_TTL", ttl)
    with pytest.raises(SystemExit, match="FINANCE_REPORT_TTL"):
        load(Settings, env_file=None)


def test_production_has_a_key_to_the_storage_of_its_own(production: pytest.MonkeyPatch) -> None:
    production.setenv("FINANCE_S3_SECRET_KEY", "saldo")
    with pytest.raises(SystemExit, match="FINANCE_S3_SECRET_KEY"):
        load(Settings, env_file=None)


def test_no_file_outlives_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FINANCE_EXPORT_TTL", "8d")
    with pytest.raises(SystemExit, match="FINANCE_EXPORT_TTL"):
        load(Settings, env_file=None)
