"""Holds the gateway's settings: kit's parts, and where the services are."""

import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final, Literal

from pydantic import SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from kit.settings import IdentitySettings, RedisSettings, development_secret, setting

_ORIGIN_URL: Final = r"^https?://[^\s/?#@]+/?$"
_ORIGIN: Final = re.compile(r"https?://[a-z0-9.-]+(:[0-9]+)?")


ProxyHeader = Literal["x-forwarded-for", "forwarded"]


class Settings(RedisSettings, IdentitySettings):
    """Holds everything that ``python -m gateway`` reads from the environment."""

    model_config = SettingsConfigDict(env_prefix="GATEWAY_")

    host: str = setting("127.0.0.1", "Address to listen on.")
    port: int = setting(8000, "Port to listen on.", ge=1, le=65535)
    max_body_bytes: int = setting(1024 * 1024, "Largest request body, in bytes.", ge=1024)
    max_import_bytes: int = setting(
        32 * 1024 * 1024, "Largest body of an import, in bytes.", ge=1024
    )
    upstream_timeout_seconds: float = setting(
        40.0, "Longest silence of a service, before its answer or within it.", gt=0
    )
    docs: bool | None = setting(
        None, "Whether /docs, /redoc and /openapi are served; unset: everywhere but in production."
    )
    cors_origins: list[str] = setting(
        [],
        "Origins whose pages may read answers, as a JSON list; outside production also those of"
        " localhost, from any port.",
    )
    metrics_networks: list[str] = setting(
        ["127.0.0.0/8", "::1/128"],
        "Networks that may read /metrics, as a JSON list; others are answered 404.",
    )
    trusted_proxies: list[str] = setting(
        [],
        "Networks of the proxies in front, as a JSON list: what they say about a caller's address"
        " counts, and nobody else's word does.",
    )
    proxy_header: ProxyHeader = setting(
        "x-forwarded-for", "The header in which these proxies say it."
    )
    client_secret: SecretStr = development_secret(
        "development-gateway-client-secret",
        "The secret with which the gateway gets its service token from auth.",
        shared="GATEWAY_CLIENT_SECRET",
    )
    auth_url: str = setting(
        "http://127.0.0.1:8101", "Where auth listens.", shared="AUTH_URL", pattern=_ORIGIN_URL
    )
    wallet_url: str = setting(
        "http://127.0.0.1:8102", "Where wallet listens.", shared="WALLET_URL", pattern=_ORIGIN_URL
    )
    payments_url: str = setting(
        "http://127.0.0.1:8103",
        "Where payments listens.",
        shared="PAYMENTS_URL",
        pattern=_ORIGIN_URL,
    )
    shop_url: str = setting(
        "http://127.0.0.1:8104",
        "Where shop listens.",
        shared="SHOP_URL",
        pattern=_ORIGIN_URL,
    )
    finance_url: str = setting(
        "http://127.0.0.1:8105",
        "Where finance listens.",
        shared="FINANCE_URL",
        pattern=_ORIGIN_URL,
    )
    notifications_url: str = setting(
        "http://127.0.0.1:8106",
        "Where notifications listens.",
        shared="NOTIFICATIONS_URL",
        pattern=_ORIGIN_URL,
    )
    sandbox_url: str = setting(
        "http://127.0.0.1:8109",
        "Where the sandbox listens; not used in production.",
        shared="SANDBOX_URL",
        pattern=_ORIGIN_URL,
    )

    @field_validator("cors_origins")
    @classmethod
    def _must_be_origins(cls, origins: list[str]) -> list[str]:
        # “*” and “null” would let any page read answers.
        if not all(_ORIGIN.fullmatch(origin) for origin in origins):
            raise ValueError('write origins as ["https://console.example"]; no “*”, no “null”')
        return origins

    @field_validator("metrics_networks", "trusted_proxies")
    @classmethod
    def _must_be_networks(cls, networks: list[str]) -> list[str]:
        for network in networks:
            ip_network(network)
        return networks

    @field_validator("trusted_proxies")
    @classmethod
    def _must_not_be_everybody(cls, networks: list[str]) -> list[str]:
        # Then everybody could say where they come from.
        if not all(ip_network(network).prefixlen for network in networks):
            raise ValueError("name the proxies' own networks; not everybody is one")
        return networks

    @property
    def serves_docs(self) -> bool:
        """Tell whether the documentation is served."""
        return self.docs if self.docs is not None else not self.in_production

    @property
    def metrics_readers(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """Return the networks that may read the metrics."""
        return tuple(ip_network(network) for network in self.metrics_networks)

    @property
    def proxies(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """Return the networks whose word about a caller's address counts."""
        return tuple(ip_network(network) for network in self.trusted_proxies)

    @property
    def upstream_urls(self) -> dict[str, str]:
        """Return the address of each service that is routed to."""
        urls = {
            "auth": self.auth_url,
            "wallet": self.wallet_url,
            "payments": self.payments_url,
            "shop": self.shop_url,
            "finance": self.finance_url,
            "notifications": self.notifications_url,
        }
        return urls if self.in_production else urls | {"sandbox": self.sandbox_url}
