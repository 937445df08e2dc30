"""What shop refuses to start with."""

import pytest

from kit.settings import load
from shop.settings import Settings

SECRETS = {
    "SHOP_DATABASE_URL": "postgresql://shop:Vn3kQ8rT2wZ5xB7m@db/saldo",
    "SHOP_MIGRATION_URL": "postgresql://shop_owner:Vn3kQ8rT2wZ5xB7m@db/saldo",
    "RABBITMQ_URL": "amqp://saldo:Vn3kQ8rT2wZ5xB7m@broker/",
    "REDIS_URL": "redis://:Vn3kQ8rT2wZ5xB7m@redis/0",
    "CURSOR_SECRET": "kd83hG5aQz0pLm2xVb7nTr4wYc9sEf6u",
    "ENVIRONMENT": "production",
}


def test_the_catalogue_stays_closed_in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    assert not load(Settings, env_file=None).open_catalogue
    monkeypatch.setenv("SHOP_OPEN_CATALOGUE", "true")
    with pytest.raises(SystemExit, match="SHOP_OPEN_CATALOGUE"):
        load(Settings, env_file=None)
    monkeypatch.setenv("ENVIRONMENT", "development")
    assert load(Settings, env_file=None).open_catalogue
