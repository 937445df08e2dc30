"""Reads finance's settings: kit's parts, and those that only finance has."""

from datetime import timedelta
from typing import Annotated, Final

from pydantic import BeforeValidator, SecretStr
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
    duration,
    setting,
)
from kit.web.times import Zone

_SHORTEST_TTL: Final = timedelta(minutes=5)
_LONGEST_TTL: Final = timedelta(minutes=15)


def _report_ttl(text: object) -> timedelta:
    """Return for how long reports are kept; ValueError unless it is 5 to 15 minutes."""
    ttl = duration(text)
    if not _SHORTEST_TTL <= ttl <= _LONGEST_TTL:
        raise ValueError("choose from 5m to 15m")
    return ttl


ReportTtl = Annotated[timedelta, BeforeValidator(_report_ttl)]


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
        "UTC", "The IANA time zone that days of a new book are meant in; its owner may change it."
    )
    sweep_seconds: float = setting(
        30.0, "Seconds between looks for recurring transactions that are due.", gt=0, le=3600
    )
    report_ttl: ReportTtl = setting(
        "10m",
        "For how long a computed report is kept in Redis, where nothing is written: 5m to 15m.",
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
