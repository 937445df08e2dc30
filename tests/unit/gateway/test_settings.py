"""What the gateway can be told."""

import pytest

from gateway.settings import Settings
from kit.settings import load


@pytest.fixture
def production(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVIRONMENT", "production")
    monkeypatch.setenv("REDIS_URL", "redis://:q8Zt3vYx7LmN2pRs5UwKj4HbGcFd9Ea1@redis:6379/0")
    monkeypatch.setenv("GATEWAY_CLIENT_SECRET", "Rt6kPw3mZx8vNq2sYc5hJd9fLb4gTa7e")


def test_development_needs_no_environment_at_all() -> None:
    settings = load(Settings, env_file=None)
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.serves_docs
    services = {"auth", "wallet", "payments", "shop", "finance", "notifications"}
    assert set(settings.upstream_urls) == services | {"sandbox"}
    assert settings.cors_origins == []


def test_production_has_neither_docs_nor_sandbox(production: None) -> None:
    settings = load(Settings, env_file=None)
    assert not settings.serves_docs
    assert set(settings.upstream_urls) == {
        "auth",
        "wallet",
        "payments",
        "shop",
        "finance",
        "notifications",
    }


def test_production_refuses_redis_without_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVIRONMENT", "production")
    with pytest.raises(SystemExit, match="REDIS_URL"):
        load(Settings, env_file=None)


def test_production_refuses_the_development_secret(
    production: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GATEWAY_CLIENT_SECRET")
    with pytest.raises(SystemExit, match="GATEWAY_CLIENT_SECRET"):
        load(Settings, env_file=None)


def test_docs_can_be_told_on_and_off(production: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_DOCS", "true")
    assert load(Settings, env_file=None).serves_docs
    monkeypatch.setenv("ENVIRONMENT", "development")
    monkeypatch.setenv("GATEWAY_DOCS", "false")
    assert not load(Settings, env_file=None).serves_docs


@pytest.mark.parametrize(
    "origins", ['["*"]', '["null"]', '["https://x/"]', '["https://*.x"]', '["x"]', '["ftp://x"]']
)
def test_an_origin_that_lets_any_page_read_is_refused(
    monkeypatch: pytest.MonkeyPatch, origins: str
) -> None:
    monkeypatch.setenv("GATEWAY_CORS_ORIGINS", origins)
    with pytest.raises(SystemExit, match="GATEWAY_CORS_ORIGINS"):
        load(Settings, env_file=None)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GATEWAY_PORT", "0"),
        ("GATEWAY_METRICS_NETWORKS", '["everybody"]'),
        ("GATEWAY_TRUSTED_PROXIES", '["10.0.0.1/8"]'),
        ("GATEWAY_TRUSTED_PROXIES", '["0.0.0.0/0"]'),
        ("GATEWAY_TRUSTED_PROXIES", '["::/0"]'),
        ("GATEWAY_PROXY_HEADER", "x-real-ip"),
        ("GATEWAY_UPSTREAM_TIMEOUT_SECONDS", "0"),
        ("AUTH_URL", "auth:8101"),
        ("WALLET_URL", "http://wallet:8102/v1"),
        ("PAYMENTS_URL", "http://user:pass@payments:8103"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit, match=name):
        load(Settings, env_file=None)


def test_a_service_may_have_several_replicas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WALLET_URLS", "http://one:8102,http://two:8102")
    monkeypatch.setenv("SHOP_URL", "http://shop:8104")
    urls = load(Settings, env_file=None).upstream_urls
    assert urls["wallet"] == ("http://one:8102", "http://two:8102")
    assert urls["shop"] == ("http://shop:8104",)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("WALLET_URLS", "http://one:8102,"),
        ("WALLET_URLS", "one:8102"),
        ("WALLET_URLS", "http://one:8102 http://two:8102"),
        ("WALLET_URLS", "http://user@one:8102"),
        ("WALLET_URL", "ftp://one"),
        ("GATEWAY_RATE_LIMIT_FACTOR", "0"),
        ("GATEWAY_HEAD_SECONDS", "-1"),
        ("GATEWAY_TRUSTED_PROXIES", '["10.0.0.0/33"]'),
        ("GATEWAY_METRICS_NETWORKS", '["localhost"]'),
    ],
)
def test_a_setting_that_makes_no_sense_is_named_at_the_start(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SystemExit, match=variable):
        load(Settings, env_file=None)
