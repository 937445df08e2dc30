"""Stripe's units against its page of currencies, and what it can't charge."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.cards import CARD_REFUSALS, CardRefused
from kit.money import CURRENCIES, MAX_MINOR, Money
from payments.providers import stripe_units


@pytest.mark.parametrize(
    ("amount", "currency", "units"),
    [
        ("150.00", "RUB", 15000),
        ("150.00", "MGA", 150),  # ISO has decimals for it, Stripe has not
        ("5", "ISK", 500),  # and the other way round
        ("5", "UGX", 500),
        ("500", "JPY", 500),
        ("100", "XPF", 100),
        ("5.120", "KWD", 5120),
        ("10.45", "HUF", 1045),
        ("800.45", "TWD", 80045),
        ("0.01", "USD", 1),
    ],
)
def test_amounts_are_counted_as_stripe_counts(amount: str, currency: str, units: int) -> None:
    money = Money.parse(amount, currency)
    assert stripe_units.smallest_units(money.minor, currency) == units
    assert stripe_units.minor_units(units, currency.lower()) == money.minor


@given(st.sampled_from(sorted(CURRENCIES)), st.integers(1, MAX_MINOR))
def test_what_can_be_said_to_stripe_comes_back_as_it_was(currency: str, minor: int) -> None:
    try:
        units = stripe_units.smallest_units(minor, currency)
    except ValueError:
        with pytest.raises(CardRefused):
            stripe_units.check_charge(Money(minor, currency))
    else:
        assert stripe_units.minor_units(units, currency) == minor


@pytest.mark.parametrize(("units", "currency"), [(550, "isk"), (1, "ugx"), (1, "xxx"), (1, "")])
def test_what_is_no_amount_of_ours_is_not_made_up(units: int, currency: str) -> None:
    with pytest.raises(ValueError, match=r"units|currency"):
        stripe_units.minor_units(units, currency)


REFUSED = [
    ("150.50", "MGA", "card_amount_not_accepted", "“1.00”"),
    ("5.124", "KWD", "card_amount_not_accepted", "“0.010”"),
    ("1.001", "TND", "card_amount_not_accepted", "“0.010”"),
    ("10.00", "IRR", "card_currency_not_accepted", "IRR"),
    ("10.000", "IQD", "card_currency_not_accepted", "IQD"),
    ("10.0000", "CLF", "card_currency_not_accepted", "CLF"),
    ("0.49", "USD", "card_amount_too_small", "“0.50”"),
    ("0.29", "GBP", "card_amount_too_small", "“0.30”"),
    ("49", "JPY", "card_amount_too_small", "“50”"),
    ("174.99", "HUF", "card_amount_too_small", "“175.00”"),
    ("9.99", "MXN", "card_amount_too_small", "“10.00”"),
    ("1000000.00", "USD", "card_amount_too_large", "“999999.99”"),
    ("1000000", "ISK", "card_amount_too_large", "“999999”"),
    ("100000000", "JPY", "card_amount_too_large", "“99999999”"),
    ("100000000.00", "MGA", "card_amount_too_large", "“99999999.00”"),
    ("10000000.00", "INR", "card_amount_too_large", "“9999999.99”"),
]
CHARGED = [
    ("0.50", "USD"),
    ("999999.99", "USD"),
    ("150.00", "MGA"),
    ("1", "ISK"),
    ("5.120", "KWD"),
    ("9999999.99", "INR"),
    ("99999999", "JPY"),
]


@pytest.mark.parametrize(("amount", "currency", "code", "named"), REFUSED)
def test_what_stripe_can_not_charge_is_refused_with_its_reason(
    amount: str, currency: str, code: str, named: str
) -> None:
    with pytest.raises(CardRefused) as refused:
        stripe_units.check_charge(Money.parse(amount, currency))
    assert refused.value.code == code
    assert named in refused.value.detail("en")
    assert named.strip("“”") in refused.value.detail("ru")


@pytest.mark.parametrize(("amount", "currency"), CHARGED)
def test_what_stripe_can_charge_is_let_through(amount: str, currency: str) -> None:
    stripe_units.check_charge(Money.parse(amount, currency))


def test_a_refund_has_no_least_amount_and_obeys_the_steps() -> None:
    stripe_units.check_refund(Money.parse("0.01", "USD"))
    with pytest.raises(CARD_REFUSALS["card_amount_not_accepted"]):
        stripe_units.check_refund(Money.parse("0.50", "MGA"))
