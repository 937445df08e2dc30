"""Reads payments' settings: a sum of kit's parts and those that only payments has."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Final, Literal, Self

from pydantic import BeforeValidator, SecretStr, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from kit.messaging.settings import BrokerSettings
from kit.money import CURRENCIES, is_plain_decimal
from kit.settings import (
    HTTP_URL,
    DatabaseSettings,
    IdempotencySettings,
    IdentitySettings,
    RedisSettings,
    WebSettings,
    development_secret,
    duration,
    setting,
    variable,
)
from payments.domain.limits import Amounts, LimitPolicy
from payments.domain.policies import CheckPolicy, OutsideChecks, Policies

_KEYS: Final = {
    "stripe": ("stripe_key", "stripe_webhook_secret"),
    "yookassa": ("yookassa_shop_id", "yookassa_key"),
}
# Test keys too: they take no money, so production must not run with them.
_PLACEHOLDER: Final = re.compile(r"(?i)_test_|^test_|change|example|placeholder|secret|xxx")
# As YooKassa's own libraries list them; all have two decimals there.
YOOKASSA_CURRENCIES: Final = frozenset(
    {"AMD", "AZN", "BYN", "CNY", "EUR", "INR", "KZT", "MDL", "RUB", "TRY", "UAH", "USD", "UZS"}
)


def _thresholds(text: str) -> tuple[Decimal, dict[str, Decimal]]:
    """Read ``15000.00,USD=200``: one amount for all currencies, others by currency."""
    first, *others = (part.strip() for part in text.split(","))
    by_currency = {}
    for part in others:
        currency, _, amount = part.partition("=")
        if currency not in CURRENCIES:
            raise ValueError("name currencies by their ISO 4217 codes, as in 15000.00,USD=200")
        by_currency[currency] = _whole_units(amount)
    return _whole_units(first), by_currency


def _limits(text: str) -> Amounts | None:
    return Amounts(*_thresholds(text)) if text else None


def _whole_units(text: str) -> Decimal:
    if not is_plain_decimal(text):
        raise ValueError("write amounts such as 15000.00, and by currency USD=200.00")
    return Decimal(text)


class Settings(
    DatabaseSettings,
    BrokerSettings,
    RedisSettings,
    IdentitySettings,
    IdempotencySettings,
    WebSettings,
):
    """All settings that `python -m payments` reads from the environment."""

    model_config = SettingsConfigDict(env_prefix="PAYMENTS_")

    port: int = setting(8103, "Port to listen on.", ge=1, le=65535)
    ttl: Annotated[timedelta, BeforeValidator(duration)] = setting(
        "24h", "An unpaid payment is cancelled after this time: 90s, 30m, 24h, 7d."
    )
    outside_checks: Literal["services", "all", "none"] = setting(
        "services",
        "Which payments the verification services check: `services` (payments to services, and"
        " amounts from PAYMENTS_CHECK_FROM on), `all` or `none`.",
    )
    # 15,000 RUB is where simplified identification of payers ends in Russia (115-FZ, art. 7).
    check_from: str = setting(
        "15000.00",
        "The amount from which on a payment is checked outside, in whole units of any currency;"
        " after it other amounts by currency: 15000.00,USD=200.00,JPY=25000.",
    )
    limit_per_payment: str = setting(
        "",
        "Most that a user may pay at once, written like PAYMENTS_CHECK_FROM; empty: no limit."
        " Admins can set other limits for a user.",
    )
    limit_per_day: str = setting(
        "",
        "Most that a user may pay within a day (UTC), written like PAYMENTS_CHECK_FROM; empty:"
        " no limit.",
    )
    # Card networks let a payment be disputed for 540 days at most.
    card_holder_days: int = setting(
        540,
        "The name on a card that a payment was made with is deleted after so many days, once the"
        " payment has ended.",
        ge=1,
        le=3650,
    )
    most_open_payments: int = setting(
        10_000, "Most payments of one payer that wait to be paid, scheduled ones included.", ge=1
    )
    most_bulks: int = setting(100, "Most bulks of one sender that are worked on at once.", ge=1)
    most_services: int = setting(1_000, "Most services of one owner.", ge=1)
    most_waiting: int = setting(
        200,
        "Most requests of one user that wait at once (`Prefer: wait`), in each process; more are"
        " answered at once.",
        ge=1,
    )
    verifier_one_url: str = setting(
        "http://127.0.0.1:8109/sandbox/verify/one",
        "First verification service.",
        pattern=HTTP_URL,
    )
    verifier_two_url: str = setting(
        "http://127.0.0.1:8109/sandbox/verify/two",
        "Second verification service.",
        pattern=HTTP_URL,
    )
    provider: Literal["sandbox", "stripe", "yookassa"] = setting(
        "sandbox",
        "The provider of card payments. `sandbox` is made up and refused in production.",
    )
    sandbox_url: str = setting(
        "http://127.0.0.1:8109",
        "Where the sandbox listens; not used in production.",
        shared="SANDBOX_URL",
        pattern=HTTP_URL,
    )
    sandbox_webhook_secret: SecretStr = setting(
        SecretStr("development-webhook-secret-of-the-sandbox"),
        "Signs the webhooks of the sandbox's card provider; not used in production.",
        shared="SANDBOX_WEBHOOK_SECRET",
    )
    stripe_api: str = setting(
        "https://api.stripe.com", "The API of Stripe, without a path.", pattern=HTTP_URL
    )
    stripe_key: SecretStr = setting(SecretStr(""), "The secret key for Stripe's API: sk_… or rk_….")
    stripe_webhook_secret: SecretStr = setting(
        SecretStr(""), "Signs Stripe's webhooks to this endpoint: whsec_…."
    )
    yookassa_api: str = setting(
        "https://api.yookassa.ru/v3", "The API of YooKassa.", pattern=HTTP_URL
    )
    yookassa_shop_id: str = setting("", "The shop at YooKassa.")
    yookassa_key: SecretStr = setting(SecretStr(""), "The shop's secret key for YooKassa's API.")
    yookassa_currencies: str = setting(
        "RUB",
        "Currencies that the shop at YooKassa is paid in, by its contract: RUB, or RUB,USD.",
    )
    yookassa_receipts: bool = setting(
        False, "Whether YooKassa gets data for receipts (54-FZ), as most live shops must send."
    )
    yookassa_vat_code: int = setting(
        1, "YooKassa's code of the VAT rate for lines that name none; 1: no VAT.", ge=1, le=12
    )
    yookassa_tax_system: int | None = setting(
        None, "YooKassa's code of the shop's tax system, if it has several.", ge=1, le=6
    )
    yookassa_payment_subject: str = setting(
        "service", "What receipts say is sold: service, commodity, …", pattern=r"^[a-z_]{1,64}$"
    )
    yookassa_payment_mode: str = setting(
        "full_payment", "How receipts say it is paid: full_payment, …", pattern=r"^[a-z_]{1,64}$"
    )
    yookassa_receipt_email: str = setting(
        "",
        "Gets the receipts of payers who named no contact, and of top-ups; empty: such charges are"
        " refused.",
        pattern=r"^([!-?A-~]+@[0-9A-Za-z.-]+)?$",
    )
    most_open_charges: int = setting(
        100, "How many charges of cards one person may have under way at once.", ge=1, le=100_000
    )
    sweep_seconds: float = setting(
        30.0, "Seconds between looks for unpaid payments whose time is over.", gt=0, le=3600
    )
    auth_url: str = setting(
        "http://127.0.0.1:8101", "Where auth listens.", shared="AUTH_URL", pattern=HTTP_URL
    )
    wallet_url: str = setting(
        "http://127.0.0.1:8102", "Where wallet listens.", shared="WALLET_URL", pattern=HTTP_URL
    )
    notifications_url: str = setting(
        "http://127.0.0.1:8106",
        "Where notifications listens.",
        shared="NOTIFICATIONS_URL",
        pattern=HTTP_URL,
    )
    client_secret: SecretStr = development_secret(
        "development-payments-client-secret",
        "The secret with which payments gets its service token from auth.",
        shared="PAYMENTS_CLIENT_SECRET",
    )

    open_services: bool = setting(
        False,
        "Whether callers without a token may offer services, which are then the house's own.",
    )

    @field_validator("yookassa_currencies")
    @classmethod
    def _must_be_currencies(cls, text: str) -> str:
        if not set(text.split(",")) <= YOOKASSA_CURRENCIES:
            raise ValueError(f"name some of {', '.join(sorted(YOOKASSA_CURRENCIES))}")
        return text

    @property
    def yookassa_takes(self) -> frozenset[str]:
        """The currencies that the shop at YooKassa is paid in."""
        return frozenset(self.yookassa_currencies.split(","))

    @field_validator("check_from")
    @classmethod
    def _must_be_thresholds(cls, text: str) -> str:
        _thresholds(text)
        return text

    @model_validator(mode="after")
    def _keep_services_closed_in_production(self) -> Self:
        if self.in_production and self.open_services:
            raise ValueError("PAYMENTS_OPEN_SERVICES must not be set with ENVIRONMENT=production")
        return self

    @model_validator(mode="after")
    def _needs_a_provider_with_its_keys(self) -> Self:
        if self.provider == "sandbox":
            if self.in_production:
                raise ValueError("PAYMENTS_PROVIDER=sandbox is refused in production")
            return self
        faults = [
            f"{variable(type(self), name)} {fault}"
            for name in _KEYS[self.provider]
            if (fault := self._fault_of(name))
        ]
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def _fault_of(self, name: str) -> str | None:
        value = getattr(self, name)
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if not text:
            return f"is needed for PAYMENTS_PROVIDER={self.provider}"
        if self.in_production and _PLACEHOLDER.search(text):
            return "looks like a placeholder"
        return None

    @field_validator("limit_per_payment", "limit_per_day")
    @classmethod
    def _must_be_limits(cls, text: str) -> str:
        _limits(text)
        return text

    @property
    def limit_policy(self) -> LimitPolicy:
        """How much people may pay who have no limits of their own."""
        return LimitPolicy(_limits(self.limit_per_payment), _limits(self.limit_per_day))

    @property
    def policies(self) -> Policies:
        """The rules for paying: outside checks and everybody's limits."""
        return Policies(self.check_policy, self.limit_policy)

    @property
    def check_policy(self) -> CheckPolicy:
        """Which payments are checked outside."""
        return CheckPolicy(OutsideChecks(self.outside_checks), *_thresholds(self.check_from))
