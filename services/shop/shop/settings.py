"""Reads shop's settings: kit's parts, and those that only shop has."""

from typing import Self

from pydantic import model_validator
from pydantic_settings import SettingsConfigDict

from kit.settings import (
    BrokerSettings,
    DatabaseSettings,
    IdempotencySettings,
    IdentitySettings,
    RedisSettings,
    WebSettings,
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
    """All settings that `python -m shop` reads from the environment."""

    model_config = SettingsConfigDict(env_prefix="SHOP_")

    port: int = setting(8104, "Port to listen on.", ge=1, le=65535)
    open_catalogue: bool = setting(
        default=False,
        description="Whether every user, not only admins, may edit the catalogue. Refused in"
        " production.",
    )

    @model_validator(mode="after")
    def _close_the_catalogue_in_production(self) -> Self:
        if self.in_production and self.open_catalogue:
            raise ValueError("SHOP_OPEN_CATALOGUE is for development only")
        return self
