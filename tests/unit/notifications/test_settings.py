"""What notifications refuses to start with."""

import pytest

from kit.settings import load
from notifications.domain.webhook_urls import Reach
from notifications.settings import Settings

SECRETS = {
    "NOTIFICATIONS_DATABASE_URL": "postgresql://notifications:Vn3kQ8rT2wZ5xB7m@db/saldo",
    "NOTIFICATIONS_MIGRATION_URL": "postgresql://notifications_owner:Vn3kQ8rT2wZ5xB7m@db/saldo",
    "RABBITMQ_URL": "amqp://saldo:Vn3kQ8rT2wZ5xB7m@broker/",
    "REDIS_URL": "redis://:Vn3kQ8rT2wZ5xB7m@redis/0",
    "CURSOR_SECRET": "kd83hG5aQz0pLm2xVb7nTr4wYc9sEf6u",
    "NOTIFICATIONS_WEBHOOK_KEY": "4cV1bN7mQ2wE8rT5yU9iO3pA6sD0fG1h",
    "NOTIFICATIONS_CLIENT_SECRET": "Qw2eRt4yUi6oPa8sDf0gHj1kLz3xCv5b",
    "NOTIFICATIONS_MAIL_FROM": "Saldo <no-reply@saldo.ru>",
    "ENVIRONMENT": "production",
}


@pytest.fixture
def production(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_development_sends_to_the_sandbox_in_english() -> None:
    settings = load(Settings, env_file=None)
    assert (settings.smtp_host, settings.smtp_port) == ("127.0.0.1", 8110)
    assert (settings.smtp_tls, settings.default_language) == ("none", "en")


@pytest.mark.parametrize(
    "missing",
    ["NOTIFICATIONS_CLIENT_SECRET", "NOTIFICATIONS_WEBHOOK_KEY", "NOTIFICATIONS_MAIL_FROM"],
)
def test_production_must_be_told_its_secrets_and_its_sender(
    production: pytest.MonkeyPatch, missing: str
) -> None:
    load(Settings, env_file=None)
    production.delenv(missing)
    with pytest.raises(SystemExit, match=missing):
        load(Settings, env_file=None)


def test_production_sends_no_password_in_the_clear(production: pytest.MonkeyPatch) -> None:
    production.setenv("NOTIFICATIONS_SMTP_USER", "saldo")
    production.setenv("NOTIFICATIONS_SMTP_PASSWORD", "x")
    with pytest.raises(SystemExit, match="NOTIFICATIONS_SMTP_TLS"):
        load(Settings, env_file=None)
    production.setenv("NOTIFICATIONS_SMTP_TLS", "starttls")
    load(Settings, env_file=None)


def test_a_login_has_both_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFICATIONS_SMTP_USER", "saldo")
    with pytest.raises(SystemExit, match="NOTIFICATIONS_SMTP_PASSWORD"):
        load(Settings, env_file=None)


@pytest.mark.parametrize("sender", ["Saldo", "a@b.example\nBcc: c@d.example", "Saldo <>"])
def test_a_sender_is_an_address(monkeypatch: pytest.MonkeyPatch, sender: str) -> None:
    monkeypatch.setenv("NOTIFICATIONS_MAIL_FROM", sender)
    with pytest.raises(SystemExit, match="NOTIFICATIONS_MAIL_FROM"):
        load(Settings, env_file=None)


def test_in_production_webhooks_go_to_public_addresses_by_https_alone(
    production: pytest.MonkeyPatch,
) -> None:
    production.setenv("NOTIFICATIONS_WEBHOOK_DEVELOPMENT_HOST", "gateway")
    assert load(Settings, env_file=None).webhook_reach == Reach()
    production.setenv("NOTIFICATIONS_WEBHOOK_ALLOW_LOOPBACK", "true")
    with pytest.raises(SystemExit, match="NOTIFICATIONS_WEBHOOK_ALLOW_LOOPBACK"):
        load(Settings, env_file=None)


def test_webhooks_reach_this_machine_in_development_and_elsewhere_by_a_setting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert load(Settings, env_file=None).webhook_reach == Reach(plain_http=True, loopback=True)
    monkeypatch.setenv("NOTIFICATIONS_WEBHOOK_ALLOW_LOOPBACK", "false")
    assert load(Settings, env_file=None).webhook_reach == Reach(plain_http=True, loopback=False)
    monkeypatch.setenv("NOTIFICATIONS_WEBHOOK_ALLOW_LOOPBACK", "")
    monkeypatch.setenv("ENVIRONMENT", "test")
    assert load(Settings, env_file=None).webhook_reach == Reach(plain_http=True, loopback=False)
    monkeypatch.setenv("NOTIFICATIONS_WEBHOOK_DEVELOPMENT_HOST", "Sandbox")
    hosts = frozenset({"sandbox"})
    assert load(Settings, env_file=None).webhook_reach == Reach(plain_http=True, hosts=hosts)
    monkeypatch.setenv("NOTIFICATIONS_WEBHOOK_DEVELOPMENT_HOST", "127.0.0.1")
    assert load(Settings, env_file=None).webhook_reach == Reach(plain_http=True)


def test_the_first_webhook_key_is_the_present_one(monkeypatch: pytest.MonkeyPatch) -> None:
    [alone] = load(Settings, env_file=None).webhook_keys
    monkeypatch.setenv("NOTIFICATIONS_WEBHOOK_OLD_KEYS", "one-before,first-of-all")
    settings = load(Settings, env_file=None)
    shown = [key.get_secret_value() for key in settings.webhook_keys]
    assert shown == [alone.get_secret_value(), "one-before", "first-of-all"]
    assert "one-before" not in repr(settings)
