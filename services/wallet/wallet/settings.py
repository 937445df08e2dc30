"""Wallet's settings: a sum of kit's parts; it has none of its own but the port."""

from pydantic_settings import SettingsConfigDict

from kit.settings import (
    BrokerSettings,
    DatabaseSettings,
    IdentitySettings,
    RedisSettings,
    WebSettings,
    setting,
)


class Settings(DatabaseSettings, BrokerSettings, RedisSettings, IdentitySettings, WebSettings):
    """Everything that `python -m wallet` reads from the environment."""

    model_config = SettingsConfigDict(env_prefix="WALLET_")

    port: int = setting(8102, "Port to listen on.", ge=1, le=65535)
