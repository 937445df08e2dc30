"""How names and amounts are read."""

import pytest

from finance.domain.amounts import MOST_BALANCE, minor_of, require_balance, signed_minor_of
from finance.domain.names import name_key, sort_key
from finance.refusals import BalanceOutOfRange
from kit.refusals import ValidationFailed


@pytest.mark.parametrize("spelt", ["Кафе", "кафе", " КАФЕ", "кафе "])
def test_names_that_are_spelt_otherwise_are_the_same(spelt: str) -> None:
    assert name_key(spelt) == "кафе"


def test_names_are_ordered_by_their_beginning() -> None:
    assert sort_key("A" * 60) == "a" * 40


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("150.00", "RUB", 15000),
        ("-150.5", "RUB", -15050),
        ("0", "RUB", 0),
        ("-0.00", "RUB", 0),
        ("-7", "JPY", -7),
        ("1.234", "KWD", 1234),
    ],
)
def test_an_opening_balance_may_be_zero_or_negative(text: str, currency: str, minor: int) -> None:
    assert signed_minor_of(text, currency, at="opening_balance") == minor


@pytest.mark.parametrize("text", ["", "-", "--1", "1.001", "1e5", "١", "00", "-01"])
def test_what_is_no_amount_names_its_field(text: str) -> None:
    for read in (minor_of, signed_minor_of):
        with pytest.raises(ValidationFailed) as refused:
            read(text, "RUB", at="splits/0/amount")
        assert [one.pointer for one in refused.value.errors] == ["/splits/0/amount"]


def test_a_balance_is_bounded_either_way() -> None:
    for held in (0, MOST_BALANCE, -MOST_BALANCE):
        require_balance(held)
    for held in (MOST_BALANCE + 1, -MOST_BALANCE - 1):
        with pytest.raises(BalanceOutOfRange):
            require_balance(held)
