"""Reads shop's settings: kit's parts, and those that only shop has."""

from datetime import timedelta
from typing import Annotated, Self

from pydantic import BeforeValidator, model_validator
from pydantic_settings import SettingsConfigDict

from kit.messaging.settings import BrokerSettings
from kit.settings import (
    DatabaseSettings,
    IdempotencySettings,
    IdentitySettings,
    RedisSettings,
    WebSettings,
    duration,
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
    order_ttl: Annotated[timedelta, BeforeValidator(duration)] = setting(
        "30m", "An unpaid order is cancelled after this time, and its stock sold again: 90s, 30m."
    )
    most_open_orders: int = setting(
        100, "Most orders of one buyer that wait to be paid, and so keep stock from others.", ge=1
    )
    most_waiting: int = setting(
        200,
        "Most requests of one user that wait at once (for a purchase, `Prefer: wait`), in each"
        " process; more are answered at once.",
        ge=1,
    )
    sweep_seconds: float = setting(
        5.0, "Seconds between looks for unpaid orders whose time is over.", gt=0, le=3600
    )

    @model_validator(mode="after")
    def _close_the_catalogue_in_production(self) -> Self:
        if self.in_production and self.open_catalogue:
            raise ValueError("SHOP_OPEN_CATALOGUE is for development only")
        return self
