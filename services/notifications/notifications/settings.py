"""Notifications' settings: a sum of kit's parts and what only notifications has."""

from typing import Final

from pydantic import SecretStr
from pydantic_settings import SettingsConfigDict

from kit.settings import (
    BrokerSettings,
    DatabaseSettings,
    IdentitySettings,
    RedisSettings,
    WebSettings,
    development_secret,
    setting,
)

_HTTP_URL: Final = r"^https?://[^\s?#]+$"


class Settings(DatabaseSettings, BrokerSettings, RedisSettings, IdentitySettings, WebSettings):
    """Everything that `python -m notifications` reads from the environment."""

    model_config = SettingsConfigDict(env_prefix="NOTIFICATIONS_")

    port: int = setting(8106, "Port to listen on.", ge=1, le=65535)
    auth_url: str = setting(
        "http://127.0.0.1:8101", "Where auth listens.", shared="AUTH_URL", pattern=_HTTP_URL
    )
    client_secret: SecretStr = development_secret(
        "development-notifications-client-secret",
        "What notifications proves itself with at auth, to get its service token.",
        shared="NOTIFICATIONS_CLIENT_SECRET",
    )
