"""Reads finance's settings: kit's parts, and those that only finance has."""

from pydantic import SecretStr
from pydantic_settings import SettingsConfigDict

from kit.settings import (
    HTTP_URL,
    BrokerSettings,
    DatabaseSettings,
    IdempotencySettings,
    IdentitySettings,
    RedisSettings,
    WebSettings,
    development_secret,
    setting,
)
from kit.web.times import Zone


class Settings(
    DatabaseSettings,
    BrokerSettings,
    RedisSettings,
    IdentitySettings,
    IdempotencySettings,
    WebSettings,
):
    """All settings that `python -m finance` reads from the environment."""

    model_config = SettingsConfigDict(env_prefix="FINANCE_")

    port: int = setting(8105, "Port to listen on.", ge=1, le=65535)
    time_zone: Zone = setting(
        "UTC",
        "The IANA time zone that days of a new book are meant in; its owner may change it.",
        pattern="^(UTC|.+/.+)$",  # `domain/zones.py` says why
    )
    sweep_seconds: float = setting(
        30.0, "Seconds between looks for recurring transactions that are due.", gt=0, le=3600
    )
    auth_url: str = setting(
        "http://127.0.0.1:8101", "Where auth listens.", shared="AUTH_URL", pattern=HTTP_URL
    )
    wallet_url: str = setting(
        "http://127.0.0.1:8102", "Where wallet listens.", shared="WALLET_URL", pattern=HTTP_URL
    )
    client_secret: SecretStr = development_secret(
        "development-finance-client-secret",
        "The secret with which finance gets its service token from auth.",
        shared="FINANCE_CLIENT_SECRET",
    )
