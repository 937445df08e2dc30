"""Reads finance's settings: kit's parts, and those that only finance has."""

from datetime import timedelta
from typing import Annotated, Final, Self

from pydantic import BeforeValidator, SecretStr, model_validator
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
    duration,
    published_url,
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
        "UTC",
        "The IANA time zone that days of a new book are meant in; its owner may change it.",
        pattern="^(UTC|.+/.+)$",  # `domain/dates/zones.py` says why
    )
    sweep_seconds: float = setting(
        30.0, "Seconds between looks for recurring transactions that are due.", gt=0, le=3600
    )
    list_seconds: float = setting(
        5.0,
        "Seconds that a page of transactions is looked for; then it is refused as too wide.",
        gt=0,
        le=25,  # before the driver gives the statement up
    )
    report_ttl: ReportTtl = setting(
        "10m",
        "For how long a computed report is kept in Redis, where nothing is written: 5m to 15m.",
    )
    feed_seconds: float = setting(
        1.0, "Seconds between looks at what wallets have moved, where nothing moves.", gt=0, le=60
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
    s3_endpoint: str = setting(
        "http://127.0.0.1:9000",
        "The S3-compatible storage of files, as finance reaches it.",
        pattern=HTTP_URL,
    )
    s3_public_url: str = published_url(
        "http://127.0.0.1:9000",
        "The same storage as users reach it; the addresses of their files begin with it.",
        pattern=HTTP_URL,
    )
    s3_bucket: str = setting("saldo", "The bucket of files; whoever runs the storage makes it.")
    s3_region: str = setting("us-east-1", "The region of the bucket.")
    s3_access_key: str = setting("saldo", "The name of the key to the storage.")
    s3_secret_key: SecretStr = setting(
        SecretStr("saldo"), "The secret of that key; production refuses the one of development."
    )
    s3_timeout: Annotated[timedelta, BeforeValidator(duration)] = setting(
        "30s",
        "How long the storage may take for one request; files go there in parts of 8 MiB.",
        gt=timedelta(),
        le=timedelta(minutes=5),
    )
    export_ttl: Annotated[timedelta, BeforeValidator(duration)] = setting(
        "24h",
        "How long a file is kept, exported or handed in; 7d at most, as long as addresses are.",
        gt=timedelta(),
        le=timedelta(days=7),
    )
    most_jobs: int = setting(
        2,
        "Most files that one process has made or read at once, each by a process of its own.",
        ge=1,
    )
    most_open_files: int = setting(
        3, "Most files of one user that are ordered or handed in, and not done.", ge=1
    )
    job_timeout: Annotated[timedelta, BeforeValidator(duration)] = setting(
        "15m", "A process that works on a file for longer is ended."
    )
    job_memory_bytes: int = setting(
        2 * 1024**3,
        "Most address space of a process that works on a file; the largest take a fifth of it.",
        ge=512 * 1024**2,
    )
    files_sweep_seconds: float = setting(
        60.0, "Seconds between looks for files whose time is over.", gt=0, le=3600
    )

    @model_validator(mode="after")
    def _have_a_storage_of_its_own_in_production(self) -> Self:
        if self.in_production and self.s3_secret_key.get_secret_value() == "saldo":
            raise ValueError("FINANCE_S3_SECRET_KEY is still the one of development")
        return self
