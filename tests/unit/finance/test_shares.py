"""Shares in per cent add up to a hundred, whatever the amounts."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.domain.reports.shares import shares_of
from kit.money import MAX_MINOR

AMOUNTS = st.lists(st.integers(0, MAX_MINOR), min_size=1, max_size=60).filter(any)


@pytest.mark.parametrize(
    ("amounts", "shares"),
    [
        ([], []),
        ([7], ["100.00"]),
        ([0, 0], ["0.00", "0.00"]),
        ([0, 7, 0], ["0.00", "100.00", "0.00"]),
        ([1, 1, 1], ["33.34", "33.33", "33.33"]),
        ([1, 2], ["33.33", "66.67"]),
        ([1, MAX_MINOR], ["0.00", "100.00"]),
        ([50, 50], ["50.00", "50.00"]),
        ([1, 9_999], ["0.01", "99.99"]),
    ],
)
def test_shares_are_spelt_with_two_decimals(amounts: list[int], shares: list[str]) -> None:
    assert shares_of(amounts) == shares


@given(AMOUNTS)
def test_shares_add_up_to_a_hundred(amounts: list[int]) -> None:
    assert sum(map(Decimal, shares_of(amounts))) == 100


@given(AMOUNTS)
def test_a_share_is_less_than_a_hundredth_off(amounts: list[int]) -> None:
    total = sum(amounts)
    for amount, share in zip(amounts, shares_of(amounts), strict=True):
        exact = Decimal(amount) * 100 / total
        assert abs(Decimal(share) - exact) < Decimal("0.01")
