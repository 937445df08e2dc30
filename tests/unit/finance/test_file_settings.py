"""What finance refuses of the settings of files."""

import pytest

from finance.settings import Settings
from kit.settings import load

SECRETS = {
    "FINANCE_DATABASE_URL": "postgresql://finance:Vn3kQ8rT2wZ5xB7m@db/saldo",
    "FINANCE_MIGRATION_URL": "postgresql://finance_owner:Vn3kQ8rT2wZ5xB7m@db/saldo",
    "FINANCE_CLIENT_SECRET": "hd83hG5aQz0pLm2xVb7nTr4wYc9sEf6u",
    "RABBITMQ_URL": "amqp://saldo:Vn3kQ8rT2wZ5xB7m@broker/",
    "REDIS_URL": "redis://:Vn3kQ8rT2wZ5xB7m@redis/0",
    "CURSOR_SECRET": "kd83hG5aQz0pLm2xVb7nTr4wYc9sEf6u",
    "ENVIRONMENT": "production",
}


def test_production_has_a_key_to_the_storage_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit, match="FINANCE_S3_SECRET_KEY"):
        load(Settings, env_file=None)
    monkeypatch.setenv("FINANCE_S3_SECRET_KEY", "one-of-ones-own")
    assert load(Settings, env_file=None).in_production


def test_no_file_outlives_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FINANCE_EXPORT_TTL", "8d")
    with pytest.raises(SystemExit, match="FINANCE_EXPORT_TTL"):
        load(Settings, env_file=None)
