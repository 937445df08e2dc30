"""Reads the sandbox's settings; it refuses to start in production."""

from typing import Literal, Self, TypeAlias

from pydantic import SecretStr, model_validator
from pydantic_settings import SettingsConfigDict

from kit.settings import WebSettings, development_secret, setting
from sandbox.verifiers.box import Behaviour, VerifierMode

ModeName: TypeAlias = Literal["ok", "deny", "slow", "time_out", "nonsense", "down"]


class Settings(WebSettings):
    """Everything that ``python -m sandbox`` reads from the environment."""

    model_config = SettingsConfigDict(env_prefix="SANDBOX_")

    port: int = setting(8109, "Port to listen on.", ge=1, le=65535)
    smtp_port: int = setting(8110, "Port that the mail sink listens on.", ge=1, le=65535)
    failure_rate_one: float = setting(
        0.10, "Share of requests that the first verification service fails to answer.", ge=0, le=1
    )
    failure_rate_two: float = setting(
        0.25, "Share of requests that the second verification service fails to answer.", ge=0, le=1
    )
    mode_one: ModeName = setting(
        "ok", "What the first verification service does when it does not fail."
    )
    mode_two: ModeName = setting(
        "ok", "What the second verification service does when it does not fail."
    )
    seed: int | None = setting(
        None, "Makes failures come in the same order at every start; unset: at random."
    )

    public_url: str = setting(
        "http://localhost:8000",
        "Where people reach the gateway; addresses of card pages begin with it.",
        pattern=r"^https?://[^\s/?#]+$",
    )
    inbox_url: str | None = setting(
        None,
        "Where Saldo itself reaches the sandbox; URLs of webhook inboxes begin with it. Unset:"
        " SANDBOX_PUBLIC_URL.",
        pattern=r"^https?://[^\s/?#]+$",
    )
    webhook_url: str = setting(
        "http://127.0.0.1:8103/v1/payments/webhooks/sandbox",
        "Where the card provider sends its webhooks.",
    )
    webhook_secret: SecretStr = setting(
        SecretStr("development-webhook-secret-of-the-sandbox"),
        "Signs the webhooks of the sandbox's card provider; not used in production.",
        shared="SANDBOX_WEBHOOK_SECRET",
    )
    bank_url: str = setting(
        "http://127.0.0.1:8102/v1/wallets/webhooks/bank", "Where the bank sends its webhooks."
    )
    bank_secret: SecretStr = development_secret(
        "development-secret-of-the-bank",
        "Signs the bank's webhooks to wallet.",
        shared="WALLET_BANK_SECRET",
    )

    @model_validator(mode="after")
    def _stay_out_of_production(self) -> Self:
        if self.in_production:
            raise ValueError("the sandbox does not run with ENVIRONMENT=production")
        return self

    @property
    def behaviours(self) -> dict[str, Behaviour]:
        """The first behaviour of each verification service."""
        return {
            "one": Behaviour(self.failure_rate_one, self.seed, VerifierMode(self.mode_one)),
            "two": Behaviour(self.failure_rate_two, self.seed, VerifierMode(self.mode_two)),
        }
