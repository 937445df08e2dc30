"""kit.money: for all amounts."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from kit.money import CURRENCIES, MAX_MINOR, AmountRefused, Money, decimal_text

currencies = st.sampled_from(sorted(CURRENCIES))
minors = st.integers(min_value=1, max_value=MAX_MINOR)
signed = st.integers(min_value=-MAX_MINOR, max_value=MAX_MINOR)


@given(minors, currencies)
def test_what_is_written_is_read_back(minor: int, currency: str) -> None:
    money = Money(minor, currency)

    assert Money.parse(money.decimal, currency) == money


@given(signed, currencies)
def test_the_decimal_is_the_exact_value(minor: int, currency: str) -> None:
    text = decimal_text(minor, currency)

    assert Decimal(text).scaleb(CURRENCIES[currency]) == minor
    assert len(text.partition(".")[2]) == CURRENCIES[currency]


@given(
    st.text(max_size=40) | st.from_regex(r"[0-9]{0,18}\.?[0-9]{0,5}", fullmatch=True), currencies
)
def test_any_text_is_read_exactly_or_refused(text: str, currency: str) -> None:
    try:
        money = Money.parse(text, currency)
    except AmountRefused:
        return
    assert 0 < money.minor <= MAX_MINOR
    assert Decimal(text) == Decimal(money.decimal)


@given(signed, signed, currencies)
def test_adding_and_subtracting_are_opposites(one: int, two: int, currency: str) -> None:
    first, second = Money(one, currency), Money(two, currency)

    assert (first + second) - second == first
    assert (first < second) == (one < two)
