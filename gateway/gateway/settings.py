"""Holds the gateway's settings: kit's parts, and where the services are."""

import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any, Final, Literal

from pydantic import SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from kit.settings import (
    HOST,
    IdentitySettings,
    RedisSettings,
    SocketSettings,
    development_secret,
    setting,
)

_ORIGIN_URL: Final = r"^https?://[^\s/?#@]+/?$"
_ORIGIN: Final = re.compile(r"https?://[a-z0-9.-]+(:[0-9]+)?")
_ORIGIN_URLS: Final = r"^(https?://[^\s/?#@,]+/?(,https?://[^\s/?#@,]+/?)*)?$"

SERVICES: Final = ("auth", "wallet", "payments", "shop", "finance", "notifications")

ProxyHeader = Literal["x-forwarded-for", "forwarded"]


def _place(service: str, port: int) -> Any:
    return setting(
        f"http://127.0.0.1:{port}",
        f"Where {service} listens.",
        shared=f"{service.upper()}_URL",
        pattern=_ORIGIN_URL,
    )


def _replicas(service: str) -> Any:
    return setting(
        "",
        f"Where several replicas of {service} listen, by commas; instead of the one above.",
        shared=f"{service.upper()}_URLS",
        pattern=_ORIGIN_URLS,
    )


class Settings(RedisSettings, IdentitySettings, SocketSettings):
    """Holds everything that ``python -m gateway`` reads from the environment."""

    model_config = SettingsConfigDict(env_prefix="GATEWAY_")

    host: str = setting("127.0.0.1", "Address to listen on.", pattern=HOST)
    port: int = setting(8000, "Port to listen on.", ge=1, le=65535)
    max_body_bytes: int = setting(1024 * 1024, "Largest request body, in bytes.", ge=1024)
    max_import_bytes: int = setting(
        32 * 1024 * 1024, "Largest body of an import, in bytes.", ge=1024
    )
    upstream_timeout_seconds: float = setting(
        40.0, "Longest silence of a service, before its answer or within it.", gt=0
    )
    docs: bool | None = setting(
        None,
        "Whether /docs, /redoc and /openapi are served, in production to administrators only;"
        " unset: everywhere but in production.",
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
    rate_limit_factor: float = setting(
        1.0, "How many times as large all limits of callers are.", gt=0, le=100_000
    )
    max_connections: int = setting(10_000, "Most connections from callers at once.", ge=1)
    max_connections_per_address: int = setting(
        2000,
        "Most connections at once from one address, or one /64 of IPv6; trusted proxies are not"
        " counted.",
        ge=1,
    )
    head_seconds: float = setting(
        10.0, "Longest time for the head of a request, from its first byte or the connection.", gt=0
    )
    body_seconds: float = setting(
        15.0, "Longest time for each further KiB of a request's body.", gt=0
    )
    stalled_seconds: float = setting(
        60.0, "Longest time that a caller may read nothing of an answer on its way.", gt=0
    )
    drain_seconds: float = setting(
        0.0, "How long a process that is asked to stop goes on and says it is not ready.", ge=0
    )
    auth_url: str = _place("auth", 8101)
    auth_urls: str = _replicas("auth")
    wallet_url: str = _place("wallet", 8102)
    wallet_urls: str = _replicas("wallet")
    payments_url: str = _place("payments", 8103)
    payments_urls: str = _replicas("payments")
    shop_url: str = _place("shop", 8104)
    shop_urls: str = _replicas("shop")
    finance_url: str = _place("finance", 8105)
    finance_urls: str = _replicas("finance")
    notifications_url: str = _place("notifications", 8106)
    notifications_urls: str = _replicas("notifications")
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
    def upstream_urls(self) -> dict[str, tuple[str, ...]]:
        """Return the addresses of the replicas of each service that is routed to."""
        found: dict[str, tuple[str, ...]] = {}
        for name in SERVICES:
            listed: str = getattr(self, f"{name}_urls")
            found[name] = tuple(listed.split(",")) if listed else (getattr(self, f"{name}_url"),)
        return found if self.in_production else found | {"sandbox": (self.sandbox_url,)}
