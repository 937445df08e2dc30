"""Auth's settings: what it refuses to start with."""

from datetime import timedelta

import pytest

from auth.settings import Settings
from kit.settings import load

SECRETS = {
    "AUTH_DATABASE_URL": "postgresql://auth:Vn3kQ8rT2wZ5xB7m@db/saldo",
    "AUTH_MIGRATION_URL": "postgresql://auth_owner:Vn3kQ8rT2wZ5xB7m@db/saldo",
    "RABBITMQ_URL": "amqp://saldo:Vn3kQ8rT2wZ5xB7m@broker/",
    "REDIS_URL": "redis://:Vn3kQ8rT2wZ5xB7m@redis/0",
    "CURSOR_SECRET": "kd83hG5aQz0pLm2xVb7nTr4wYc9sEf6u",
    "AUTH_KEY_SECRET": "Zx3cVb5nMq1wEr7tYu9iOp2aSd4fGh6j",
    "PAYMENTS_CLIENT_SECRET": "Qw2eRt4yUi6oPa8sDf0gHj1kLz3xCv5b",
    "NOTIFICATIONS_CLIENT_SECRET": "Pl0oKm9iJn8uHb7yGv6tFc5rDx4eSz3w",
    "WALLET_CLIENT_SECRET": "Mn4bVc6xZa8sDf1gHj3kLp5oIu7yTr9e",
    "FINANCE_CLIENT_SECRET": "Zb7nHy3mKu9wQa5sXe2dCr8fVt6gBy4h",
    "GATEWAY_CLIENT_SECRET": "Rt6kPw3mZx8vNq2sYc5hJd9fLb4gTa7e",
    "AUTH_PUBLIC_URL": "https://pay.example",
    "ENVIRONMENT": "production",
}


@pytest.fixture
def production(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_development_needs_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SECRETS:
        monkeypatch.delenv(name, raising=False)
    settings = load(Settings, env_file=None)
    assert (settings.port, settings.activation, settings.activation_delivery) == (
        8101,
        "link",
        None,
    )
    assert settings.access_token_lifetime == timedelta(minutes=10)
    assert settings.session_rules.grace == timedelta(seconds=20)
    assert settings.session_rules.idle < settings.session_rules.absolute
    callers = {"svc:payments", "svc:notifications", "svc:wallet", "svc:finance", "svc:gateway"}
    assert set(settings.client_secrets) == callers


@pytest.mark.parametrize(
    "secret",
    [
        "AUTH_KEY_SECRET",
        "PAYMENTS_CLIENT_SECRET",
        "NOTIFICATIONS_CLIENT_SECRET",
        "WALLET_CLIENT_SECRET",
        "FINANCE_CLIENT_SECRET",
        "GATEWAY_CLIENT_SECRET",
    ],
)
def test_production_refuses_a_development_secret_and_names_it(
    production: pytest.MonkeyPatch, secret: str
) -> None:
    production.setenv("AUTH_ACTIVATION_DELIVERY", "response")
    load(Settings, env_file=None)
    production.delenv(secret)
    with pytest.raises(SystemExit, match=secret):
        load(Settings, env_file=None)


def test_production_wants_to_be_told_how_links_are_delivered(
    production: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(SystemExit, match="AUTH_ACTIVATION_DELIVERY"):
        load(Settings, env_file=None)
    production.setenv("AUTH_ACTIVATION", "none")
    assert load(Settings, env_file=None).activation == "none"


@pytest.mark.parametrize(
    ("activation", "delivery", "is_mailed"),
    [
        ("link", "email", True),
        ("link", "response", False),
        ("none", "email", False),
    ],
)
def test_links_are_mailed_where_there_are_links_and_mail_is_chosen(
    production: pytest.MonkeyPatch,
    activation: str,
    delivery: str,
    is_mailed: bool,  # noqa: FBT001
) -> None:
    production.setenv("AUTH_ACTIVATION", activation)
    production.setenv("AUTH_ACTIVATION_DELIVERY", delivery)
    assert load(Settings, env_file=None).mails_activation is is_mailed


@pytest.mark.parametrize(
    "url", ["localhost:8000", "http://host/path", "javascript:x", "http://a b"]
)
def test_the_public_url_is_scheme_and_host(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("AUTH_PUBLIC_URL", url)
    with pytest.raises(SystemExit, match="AUTH_PUBLIC_URL"):
        load(Settings, env_file=None)


@pytest.mark.parametrize(
    ("given", "party", "origins"),
    [
        ({}, "pay.example.com", ["https://pay.example.com"]),
        (
            {
                "AUTH_PASSKEY_DOMAIN": "example.com",
                "AUTH_PASSKEY_ORIGINS": "https://app.example.com, https://pay.example.com",
            },
            "example.com",
            ["https://app.example.com", "https://pay.example.com"],
        ),
    ],
)
def test_passkeys_are_for_the_public_url_unless_other_pages_are_named(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], party: str, origins: list[str]
) -> None:
    for name, value in {"AUTH_PUBLIC_URL": "https://pay.example.com", **given}.items():
        monkeypatch.setenv(name, value)
    settings = load(Settings, env_file=None)
    assert (settings.party_id, settings.origins) == (party, origins)
