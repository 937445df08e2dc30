"""Reads notifications' settings: kit's parts, and what only notifications needs."""

from datetime import timedelta
from email.utils import parseaddr
from typing import Final, Literal, Self

from pydantic import SecretStr, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from kit.messaging.settings import BrokerSettings
from kit.settings import (
    HOST,
    HTTP_URL,
    DatabaseSettings,
    IdempotencySettings,
    IdentitySettings,
    RedisSettings,
    WebSettings,
    development_secret,
    setting,
)
from notifications.domain.addresses import can_be_written
from notifications.domain.networks import parsed
from notifications.domain.webhook_urls import Reach

_EXAMPLE_SENDER: Final = "Saldo <no-reply@saldo.example>"


class Settings(
    DatabaseSettings,
    BrokerSettings,
    RedisSettings,
    IdentitySettings,
    IdempotencySettings,
    WebSettings,
):
    """Everything that `python -m notifications` reads from the environment."""

    model_config = SettingsConfigDict(env_prefix="NOTIFICATIONS_")

    port: int = setting(8106, "Port to listen on.", ge=1, le=65535)
    auth_url: str = setting(
        "http://127.0.0.1:8101", "Where auth listens.", shared="AUTH_URL", pattern=HTTP_URL
    )
    payments_url: str = setting(
        "http://127.0.0.1:8103",
        "Where payments listens.",
        shared="PAYMENTS_URL",
        pattern=HTTP_URL,
    )
    client_secret: SecretStr = development_secret(
        "development-notifications-client-secret",
        "The secret with which notifications gets its service token from auth.",
        shared="NOTIFICATIONS_CLIENT_SECRET",
    )
    default_language: Literal["en", "ru"] = setting(
        "en", "Language of mails to people who have not chosen one."
    )
    mail_from: str = setting(
        _EXAMPLE_SENDER,
        "Sender of all mails, as Saldo <no-reply@saldo.example>. Must be given in production.",
        max_length=320,
    )
    mail_tries: int = setting(
        20,
        "After so many attempts, which take one and a half days, a mail is given up.",
        ge=1,
        le=50,
    )
    smtp_host: str = setting(
        "127.0.0.1", "The mail server; by default the sandbox's sink.", pattern=HOST
    )
    smtp_port: int = setting(8110, "Port of the mail server.", ge=1, le=65535)
    smtp_tls: Literal["none", "starttls", "implicit"] = setting(
        "none", "How the connection to the mail server is secured."
    )
    smtp_user: str | None = setting(None, "The user name, if the mail server asks for a login.")
    smtp_password: SecretStr | None = setting(None, "The password of NOTIFICATIONS_SMTP_USER.")
    webhook_key: SecretStr = development_secret(
        "development-webhook-key-of-saldo",
        "Encrypts the signing secrets of webhook endpoints in the database.",
    )
    webhook_old_keys: SecretStr | None = setting(
        None,
        "Former values of NOTIFICATIONS_WEBHOOK_KEY, separated by commas: secrets that they have"
        " encrypted can still be read.",
    )
    webhook_allow_loopback: bool | None = setting(
        None,
        "Whether webhooks may be sent to this machine itself, by http and to any port from 1024"
        " on; unset: in development only. Refused in production.",
    )
    webhook_development_host: str | None = setting(
        None,
        "A host that webhooks may be sent to as to this machine, whatever its address: another"
        " container, such as `sandbox`. Not used in production.",
        pattern=HOST,
    )
    webhook_retention_days: int = setting(
        30, "For how many days sent webhooks and their attempts are kept.", ge=7, le=365
    )

    @field_validator("mail_from")
    @classmethod
    def _must_be_a_sender(cls, sender: str) -> str:
        if not sender.isprintable() or not can_be_written(parseaddr(sender)[1]):
            raise ValueError("write the sender as Saldo <no-reply@saldo.example>")
        return sender

    @model_validator(mode="after")
    def _send_as_somebody_and_in_secret(self) -> Self:
        if (self.smtp_user is None) != (self.smtp_password is None):
            raise ValueError("NOTIFICATIONS_SMTP_USER and NOTIFICATIONS_SMTP_PASSWORD go together")
        if self.in_production and self.mail_from == _EXAMPLE_SENDER:
            raise ValueError("NOTIFICATIONS_MAIL_FROM must be given in production")
        if self.in_production and self.smtp_user is not None and self.smtp_tls == "none":
            raise ValueError(
                "NOTIFICATIONS_SMTP_TLS must be `starttls` or `implicit` in production where"
                " NOTIFICATIONS_SMTP_USER is given: a password is not sent in the clear"
            )
        return self

    @model_validator(mode="after")
    def _keep_webhooks_out_in_production(self) -> Self:
        if self.in_production and self.webhook_allow_loopback:
            raise ValueError("NOTIFICATIONS_WEBHOOK_ALLOW_LOOPBACK is for development only")
        return self

    @property
    def webhook_keys(self) -> list[SecretStr]:
        """The key that encrypts webhook secrets, then the former ones."""
        old = self.webhook_old_keys.get_secret_value() if self.webhook_old_keys else ""
        return [self.webhook_key, *(SecretStr(key) for key in old.split(",") if key)]

    @property
    def webhook_reach(self) -> Reach:
        """The hosts and addresses that webhooks may go to."""
        if self.in_production:
            return Reach()
        chosen, host = self.webhook_allow_loopback, self.webhook_development_host or ""
        return Reach(
            plain_http=True,
            loopback=self.environment == "development" if chosen is None else chosen,
            # Only a name counts here, not an address: loopback has its own setting.
            hosts=frozenset({host.casefold()} if host and parsed(host) is None else ()),
        )

    @property
    def webhooks_kept(self) -> timedelta:
        """How long sent webhooks are kept."""
        return timedelta(days=self.webhook_retention_days)
