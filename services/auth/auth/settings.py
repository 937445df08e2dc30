"""Reads auth's settings: kit's parts, and what only auth needs."""

from datetime import timedelta
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import SecretStr, model_validator
from pydantic_settings import SettingsConfigDict

from auth.domain.keys import KeyRules
from auth.domain.lockout import LockoutRules
from auth.domain.sessions import SessionRules
from kit.messaging.settings import BrokerSettings
from kit.settings import (
    HTTP_URL,
    DatabaseSettings,
    IdentitySettings,
    RedisSettings,
    WebSettings,
    development_secret,
    published_url,
    setting,
)


class Settings(DatabaseSettings, BrokerSettings, RedisSettings, IdentitySettings, WebSettings):
    """Everything that `python -m auth` reads from the environment."""

    model_config = SettingsConfigDict(env_prefix="AUTH_")

    port: int = setting(8101, "Port to listen on.", ge=1, le=65535)
    public_url: str = published_url(
        "http://localhost:8000",
        "Where people reach the gateway; activation links begin with it.",
        pattern=r"^https?://[^\s/?#]+$",
    )
    passkey_domain: str = setting(
        "", "Domain that passkeys are for, with all below it. Left empty: that of AUTH_PUBLIC_URL."
    )
    passkey_origins: str = setting(
        "",
        "Pages that may use passkeys, such as https://app.example.com, separated by commas. Left"
        " empty: AUTH_PUBLIC_URL.",
    )
    activation: Literal["link", "none"] = setting(
        "link", "Whether new users are pending until they open a link, or active at once."
    )
    activation_delivery: Literal["response", "email"] | None = setting(
        None,
        "How an activation link reaches its user: in the answer itself (`response`, the default"
        " outside production) or by `email`. Must be given in production where"
        " AUTH_ACTIVATION=link.",
    )
    activation_hours: int = setting(
        48, "How long a link works that activates or confirms an address.", ge=1, le=720
    )
    pending_days: int = setting(
        30,
        "A user who has not activated for so long is deleted, and the name is free again.",
        ge=30,
        le=3650,
    )
    reset_minutes: int = setting(60, "How long a link to set a new password works.", ge=5, le=1440)
    access_token_seconds: int = setting(
        600, "Lifetime of an access token; revocations are remembered for an hour.", ge=60, le=3600
    )
    service_token_seconds: int = setting(300, "Lifetime of a service's token.", ge=60, le=3600)
    session_idle_days: int = setting(14, "A session unused for so long ends.", ge=1, le=365)
    session_absolute_days: int = setting(90, "A session this old ends.", ge=1, le=365)
    refresh_grace_seconds: int = setting(
        20, "How long the previous refresh token still gets the same successor.", ge=0, le=120
    )
    hash_queue: int = setting(
        128, "Passwords that may wait to be hashed; above it logins answer 503.", ge=1, le=10_000
    )
    failures_per_address: int = setting(
        100,
        "Wrong passwords from one address within an hour, whatever the names, before users unknown"
        " there have to wait.",
        ge=10,
        le=1_000_000,
    )
    failures_per_minute: int = setting(
        600,
        "Wrong passwords from everywhere within a minute, before users have to wait for the next"
        " one wherever they have not logged in before.",
        ge=10,
        le=1_000_000,
    )
    key_secret: SecretStr = development_secret(
        "development-key-secret-of-saldo-auth",
        "Encrypts the private signing keys in the database and takes part in refresh tokens.",
    )
    key_old_secrets: SecretStr | None = setting(
        None,
        "Other values of AUTH_KEY_SECRET, separated by commas: keys and refresh tokens that they"
        " have made can still be read.",
    )
    key_rotation_days: int = setting(
        90,
        "How long a key signs access tokens before the next one does; 0: for ever.",
        ge=0,
        le=730,
    )
    payments_client_secret: SecretStr = development_secret(
        "development-payments-client-secret",
        "The secret with which payments gets its service token from auth.",
        shared="PAYMENTS_CLIENT_SECRET",
    )
    notifications_client_secret: SecretStr = development_secret(
        "development-notifications-client-secret",
        "The secret with which notifications gets its service token from auth.",
        shared="NOTIFICATIONS_CLIENT_SECRET",
    )
    wallet_client_secret: SecretStr = development_secret(
        "development-wallet-client-secret",
        "The secret with which wallet gets its service token from auth.",
        shared="WALLET_CLIENT_SECRET",
    )
    finance_client_secret: SecretStr = development_secret(
        "development-finance-client-secret",
        "The secret with which finance gets its service token from auth.",
        shared="FINANCE_CLIENT_SECRET",
    )
    gateway_client_secret: SecretStr = development_secret(
        "development-gateway-client-secret",
        "The secret with which the gateway gets its service token from auth.",
        shared="GATEWAY_CLIENT_SECRET",
    )
    smtputf8: bool = setting(
        False,
        "Whether the mail relay takes letters beyond ASCII before the “@” (RFC 6531).",
    )
    wallet_url: str = setting(
        "http://127.0.0.1:8102", "Where wallet listens.", shared="WALLET_URL", pattern=HTTP_URL
    )
    payments_url: str = setting(
        "http://127.0.0.1:8103",
        "Where payments listens.",
        shared="PAYMENTS_URL",
        pattern=HTTP_URL,
    )

    @model_validator(mode="after")
    def _must_be_told_the_delivery_in_production(self) -> Self:
        needs_link = self.activation == "link"
        if self.in_production and needs_link and self.activation_delivery is None:
            raise ValueError(
                "AUTH_ACTIVATION_DELIVERY must be given in production: `email` or `response`,"
                " or AUTH_ACTIVATION=none"
            )
        return self

    @property
    def mails_activation(self) -> bool:
        """Whether activation links are mailed, and never handed out in an answer."""
        return self.activation == "link" and self.activation_delivery == "email"

    @property
    def party_id(self) -> str:
        """The domain that passkeys are for (WebAuthn's relying party)."""
        return self.passkey_domain or urlsplit(self.public_url).hostname or ""

    @property
    def origins(self) -> list[str]:
        """The origins of the pages that may use passkeys."""
        return [one.strip() for one in (self.passkey_origins or self.public_url).split(",")]

    @property
    def mails_links(self) -> bool:
        """Whether links to confirm an address are mailed; in production they always are."""
        return self.in_production or self.activation_delivery == "email"

    @property
    def access_token_lifetime(self) -> timedelta:
        """The lifetime of an access token."""
        return timedelta(seconds=self.access_token_seconds)

    @property
    def session_rules(self) -> SessionRules:
        """The lifetimes of sessions and of lost refresh answers."""
        return SessionRules(
            idle=timedelta(days=self.session_idle_days),
            absolute=timedelta(days=self.session_absolute_days),
            grace=timedelta(seconds=self.refresh_grace_seconds),
        )

    @property
    def key_secrets(self) -> list[SecretStr]:
        """The secret that makes everything, then those whose work can be read."""
        old = self.key_old_secrets.get_secret_value() if self.key_old_secrets else ""
        return [self.key_secret, *(SecretStr(one) for one in old.split(",") if one)]

    @property
    def key_rules(self) -> KeyRules:
        """How long keys sign, and how long any of their tokens lives."""
        days, seconds = self.key_rotation_days, self.service_token_seconds
        return KeyRules(
            period=timedelta(days=days) if days else None,
            token_lifetime=max(self.access_token_lifetime, timedelta(seconds=seconds)),
        )

    @property
    def lockout_rules(self) -> LockoutRules:
        """How many wrong passwords are free."""
        return LockoutRules(self.failures_per_address, self.failures_per_minute)

    @property
    def client_secrets(self) -> dict[str, SecretStr]:
        """The secrets of the services that may ask for a token, by client id."""
        return {
            "svc:payments": self.payments_client_secret,
            "svc:notifications": self.notifications_client_secret,
            "svc:wallet": self.wallet_client_secret,
            "svc:finance": self.finance_client_secret,
            "svc:gateway": self.gateway_client_secret,
        }
