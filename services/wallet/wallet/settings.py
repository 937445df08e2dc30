"""Reads wallet's settings: kit's parts, the bank's secret, how to call payments."""

from pydantic import SecretStr
from pydantic_settings import SettingsConfigDict

from kit.messaging.settings import BrokerSettings
from kit.settings import (
    HTTP_URL,
    DatabaseSettings,
    IdempotencySettings,
    IdentitySettings,
    RedisSettings,
    WebSettings,
    development_secret,
    setting,
)


class Settings(
    DatabaseSettings,
    BrokerSettings,
    RedisSettings,
    IdentitySettings,
    IdempotencySettings,
    WebSettings,
):
    """Everything that `python -m wallet` reads from the environment."""

    model_config = SettingsConfigDict(env_prefix="WALLET_")

    port: int = setting(8102, "Port to listen on.", ge=1, le=65535)
    bank_secret: SecretStr = development_secret(
        "development-secret-of-the-bank",
        "Signs the bank's webhooks to wallet.",
        shared="WALLET_BANK_SECRET",
    )
    auth_url: str = setting(
        "http://127.0.0.1:8101", "Where auth listens.", shared="AUTH_URL", pattern=HTTP_URL
    )
    payments_url: str = setting(
        "http://127.0.0.1:8103",
        "Where payments listens.",
        shared="PAYMENTS_URL",
        pattern=HTTP_URL,
    )
    client_secret: SecretStr = development_secret(
        "development-wallet-client-secret",
        "The secret with which wallet gets its service token from auth.",
        shared="WALLET_CLIENT_SECRET",
    )
