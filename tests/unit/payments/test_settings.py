from datetime import timedelta
from decimal import Decimal

import pytest
from pydantic import ValidationError

from payments.domain.limits import Amounts, LimitPolicy
from payments.domain.policies import CheckPolicy, OutsideChecks
from payments.settings import Settings


def read(monkeypatch: pytest.MonkeyPatch, **environment: str) -> Settings:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return Settings(_env_file=None)


def test_defaults_need_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch)
    assert settings.port == 8103
    assert settings.ttl == timedelta(hours=24)
    assert settings.verifier_one_url.endswith("/sandbox/verify/one")
    assert settings.verifier_two_url.endswith("/sandbox/verify/two")
    assert settings.check_policy == CheckPolicy(OutsideChecks.SERVICES, Decimal(15000), {})
    assert settings.check_policy.applies_to is OutsideChecks.SERVICES


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90s", timedelta(seconds=90)),
        ("30m", timedelta(minutes=30)),
        ("24h", timedelta(hours=24)),
        ("7d", timedelta(days=7)),
    ],
)
def test_durations_are_written_with_their_unit(
    monkeypatch: pytest.MonkeyPatch, text: str, expected: timedelta
) -> None:
    assert read(monkeypatch, PAYMENTS_TTL=text).ttl == expected


@pytest.mark.parametrize("text", ["24", "h", "-1h", "1.5h", "24 h", "1w", "٢h"])
def test_other_durations_are_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    with pytest.raises(ValidationError, match="duration"):
        read(monkeypatch, PAYMENTS_TTL=text)


def test_thresholds_can_differ_by_currency(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(
        monkeypatch,
        PAYMENTS_CHECK_FROM="20000, USD=200.50, JPY=30000",
        PAYMENTS_OUTSIDE_CHECKS="all",
    )
    expected = {"USD": Decimal("200.50"), "JPY": Decimal(30000)}
    assert settings.check_policy == CheckPolicy(OutsideChecks.ALL, Decimal(20000), expected)


@pytest.mark.parametrize("text", ["USD=200", "-1", "1e3", "100,usd=5", "100,USD", "100,USD=x"])
def test_other_thresholds_are_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    with pytest.raises(ValidationError):
        read(monkeypatch, PAYMENTS_CHECK_FROM=text)


SECRET = "q8Zt3vYx7LmN2pRs5UwKj4HbGcFd9Ea1"
PRODUCTION = {
    "ENVIRONMENT": "production",
    "CURSOR_SECRET": SECRET,
    "PAYMENTS_CLIENT_SECRET": SECRET,
    "PAYMENTS_DATABASE_URL": f"postgresql://payments:{SECRET}@db/saldo",
    "PAYMENTS_MIGRATION_URL": f"postgresql://payments_owner:{SECRET}@db/saldo",
    "RABBITMQ_URL": f"amqp://payments:{SECRET}@broker/",
    "REDIS_URL": f"redis://:{SECRET}@redis/0",
}
STRIPE = {"PAYMENTS_STRIPE_KEY": "sk_live_4eC39Hq", "PAYMENTS_STRIPE_WEBHOOK_SECRET": "whsec_9fK2"}
YOOKASSA = {"PAYMENTS_YOOKASSA_SHOP_ID": "100500", "PAYMENTS_YOOKASSA_KEY": "live_Gx7Qa"}


def test_services_stay_closed_in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not read(monkeypatch, **PRODUCTION, **STRIPE, PAYMENTS_PROVIDER="stripe").open_services
    with pytest.raises(ValidationError, match="PAYMENTS_OPEN_SERVICES"):
        read(monkeypatch, PAYMENTS_OPEN_SERVICES="true")
    assert read(monkeypatch, ENVIRONMENT="development").open_services


def test_there_are_no_limits_unless_they_are_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(monkeypatch).limit_policy == LimitPolicy()
    settings = read(
        monkeypatch, PAYMENTS_LIMIT_PER_PAYMENT="100", PAYMENTS_LIMIT_PER_DAY="500,USD=5.50"
    )
    assert settings.limit_policy == LimitPolicy(
        Amounts(Decimal(100), {}), Amounts(Decimal(500), {"USD": Decimal("5.50")})
    )
    with pytest.raises(ValidationError):
        read(monkeypatch, PAYMENTS_LIMIT_PER_DAY="much")


def test_the_sandbox_takes_no_cards_in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValidationError, match="PAYMENTS_PROVIDER=sandbox is refused"):
        read(monkeypatch, **PRODUCTION)


@pytest.mark.parametrize(("provider", "keys"), [("stripe", STRIPE), ("yookassa", YOOKASSA)])
def test_the_chosen_provider_needs_its_keys(
    monkeypatch: pytest.MonkeyPatch, provider: str, keys: dict[str, str]
) -> None:
    chosen = {**PRODUCTION, **keys, "PAYMENTS_PROVIDER": provider}
    assert read(monkeypatch, **chosen).provider == provider
    for name in keys:
        with monkeypatch.context() as without, pytest.raises(ValidationError, match=name):
            read(without, **{**chosen, name: ""})
        with monkeypatch.context() as without, pytest.raises(ValidationError, match="placeholder"):
            read(without, **{**chosen, name: "sk_test_change_me"})


def test_test_keys_are_fine_outside_production(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {**STRIPE, "PAYMENTS_STRIPE_KEY": "sk_test_1", "PAYMENTS_PROVIDER": "stripe"}
    assert read(monkeypatch, **keys).provider == "stripe"
