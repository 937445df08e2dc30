"""kit.money: how amounts are spelt, refused and kept."""

import pytest

from kit.money import (
    CURRENCIES,
    MAX_MINOR,
    AmountRefused,
    CurrencyMismatchError,
    CurrencyUnknown,
    Money,
    decimal_text,
    example_amount,
)


@pytest.mark.parametrize(
    ("text", "currency", "minor", "canonical"),
    [
        ("150.00", "RUB", 15000, "150.00"),
        ("150", "RUB", 15000, "150.00"),
        ("150.5", "RUB", 15050, "150.50"),
        ("0.01", "RUB", 1, "0.01"),
        ("1", "JPY", 1, "1"),
        ("1.005", "KWD", 1005, "1.005"),
        ("0.0001", "CLF", 1, "0.0001"),
        ("10000000000000.00", "RUB", MAX_MINOR, "10000000000000.00"),
        ("1000000000000000", "JPY", MAX_MINOR, "1000000000000000"),
    ],
)
def test_an_amount_is_read_in_minor_units_and_written_with_all_decimals(
    text: str, currency: str, minor: int, canonical: str
) -> None:
    money = Money.parse(text, currency)

    assert money == Money(minor, currency)
    assert money.decimal == canonical


def test_more_may_be_read_where_that_is_said() -> None:
    assert Money.parse("10000000000000.01", "RUB", most=MAX_MINOR + 1).minor == MAX_MINOR + 1
    with pytest.raises(AmountRefused) as refused:
        Money.parse("10000000000000.02", "RUB", most=MAX_MINOR + 1)
    assert "“10000000000000.01” at most" in refused.value.detail("en")


@pytest.mark.check(34)
@pytest.mark.parametrize(
    "text",
    [
        150,
        1.5,
        True,
        None,
        ["150.00"],
        "",
        " ",
        " 150.00",
        "150.00 ",
        "150.00\n",
        "1 000.00",
        "1,50",
        "1_000",
        "+5",
        "-5",
        "-0",
        "1e3",
        "NaN",
        "Infinity",
        "0x10",
        ".5",
        "5.",
        "1.2.3",
        "007",
        "00",
        "٥",
        "५.००",
        "1.٥",
        "²",
        "150.00 RUB",
    ],
)
def test_anything_but_plain_ascii_digits_is_refused_with_a_right_example(text: object) -> None:
    with pytest.raises(AmountRefused) as refused:
        Money.parse(text, "RUB")

    assert refused.value.code == "amount_invalid"
    assert refused.value.status == 422
    assert "“150.00”" in refused.value.detail("en")
    assert "«150.00»" in refused.value.detail("ru")
    assert [fault.pointer for fault in refused.value.errors] == ["/amount"]


@pytest.mark.parametrize(
    ("text", "currency", "says"),
    [
        ("1.001", "RUB", "RUB has 2 decimals at most"),
        ("1.5", "JPY", "JPY has 0 decimals at most"),
        ("1.0005", "KWD", "KWD has 3 decimals at most"),
        ("0", "RUB", "more than zero"),
        ("0.00", "RUB", "more than zero"),
        ("10000000000000.01", "RUB", "“10000000000000.00” at most"),
        ("1000000000000001", "JPY", "“1000000000000000” at most"),
        ("1" + "0" * 30, "RUB", "at most"),
        ("9" * 10_000, "RUB", "at most"),
    ],
)
def test_a_refusal_says_what_is_wrong_with_the_amount(text: str, currency: str, says: str) -> None:
    with pytest.raises(AmountRefused) as refused:
        Money.parse(text, currency)

    assert says in refused.value.detail("en")
    assert example_amount(currency) in refused.value.detail("en")
    assert f"“{text}”" not in refused.value.detail("en")


@pytest.mark.check(34)
@pytest.mark.parametrize("currency", ["rub", "Rub", "XXX", "XAU", "BTC", "", " RUB", 643, None])
def test_only_upper_case_iso_codes_with_minor_units_are_currencies(currency: object) -> None:
    with pytest.raises(CurrencyUnknown) as refused:
        Money.parse("150.00", currency)

    assert refused.value.code == "currency_unknown"
    assert [fault.pointer for fault in refused.value.errors] == ["/currency"]
    assert "RUB" in refused.value.detail("ru")


def test_the_currency_table_is_iso_4217() -> None:
    assert CURRENCIES["RUB"] == CURRENCIES["USD"] == CURRENCIES["EUR"] == 2
    assert CURRENCIES["JPY"] == CURRENCIES["KRW"] == 0
    assert CURRENCIES["KWD"] == CURRENCIES["TND"] == 3
    assert CURRENCIES["UYW"] == 4
    assert all(len(code) == 3 and code.isupper() and code.isascii() for code in CURRENCIES)
    assert len(CURRENCIES) == 165


def test_the_example_of_every_currency_is_accepted() -> None:
    for currency in CURRENCIES:
        assert Money.parse(example_amount(currency), currency).decimal == example_amount(currency)


def test_money_of_one_currency_adds_subtracts_and_compares() -> None:
    one, two = Money(100, "RUB"), Money(250, "RUB")

    assert one + two == Money(350, "RUB")
    assert one - two == Money(-150, "RUB")
    assert -one == Money(-100, "RUB")
    assert one < two
    assert one <= two
    assert two > one
    assert two >= one
    assert not one < one  # noqa: PLR0124 (strictly less is the point)


def test_money_of_two_currencies_does_neither() -> None:
    roubles, yen = Money(100, "RUB"), Money(100, "JPY")

    assert roubles != yen
    for together in (
        lambda: roubles + yen,
        lambda: roubles - yen,
        lambda: roubles < yen,
        lambda: roubles <= yen,
    ):
        with pytest.raises(CurrencyMismatchError):
            together()


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (-5, "RUB", "-0.05"),
        (0, "RUB", "0.00"),
        (-15000, "RUB", "-150.00"),
        (-7, "JPY", "-7"),
        (5, "KWD", "0.005"),
    ],
)
def test_signed_amounts_are_written_canonically(minor: int, currency: str, text: str) -> None:
    assert decimal_text(minor, currency) == text
