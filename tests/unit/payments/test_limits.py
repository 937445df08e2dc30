"""How much may be paid, as tables."""

from decimal import Decimal

import pytest

from payments.domain.limits import NO_LIMIT, Amounts, Day, Limit, LimitPolicy, require_fit
from payments.refusals import LimitPerDay, LimitPerPayment

SHARED = LimitPolicy(
    Amounts(Decimal("100.50"), {"JPY": Decimal(9000)}), Amounts(Decimal(200), {"USD": Decimal(3)})
)


@pytest.mark.parametrize(
    ("policy", "currency", "own", "expected"),
    [
        (LimitPolicy(), "RUB", None, NO_LIMIT),
        (LimitPolicy(), "RUB", Limit(1, 2), Limit(1, 2)),
        (SHARED, "RUB", None, Limit(10_050, 20_000)),
        (SHARED, "JPY", None, Limit(9_000, 200)),
        (SHARED, "KWD", None, Limit(100_500, 200_000)),
        (SHARED, "USD", None, Limit(10_050, 300)),
        (SHARED, "RUB", Limit(None, 5), Limit(None, 5)),
        (SHARED, "RUB", NO_LIMIT, NO_LIMIT),
        (LimitPolicy(None, SHARED.per_day), "RUB", None, Limit(None, 20_000)),
    ],
)
def test_own_limits_take_the_place_of_everybodys(
    policy: LimitPolicy, currency: str, own: Limit | None, expected: Limit
) -> None:
    assert policy.in_force(currency, own) == expected


def test_currencies_worth_showing_are_those_that_are_named() -> None:
    assert LimitPolicy().currencies == {"RUB"}
    assert SHARED.currencies == {"RUB", "JPY", "USD"}


def test_a_payment_up_to_the_limit_fits() -> None:
    require_fit(NO_LIMIT, 10**15, "RUB")
    require_fit(Limit(per_payment=100), 100, "RUB")
    with pytest.raises(LimitPerPayment, match=r"1\.00 RUB"):
        require_fit(Limit(per_payment=100), 101, "RUB")


def test_a_day_counts_what_fits_and_only_where_it_is_limited() -> None:
    day = Day({"RUB": 40})
    limit = Limit(per_payment=50, per_day=100)
    assert day.count(limit, 50, "RUB")
    with pytest.raises(LimitPerDay, match=r"1\.00 RUB"):
        day.count(limit, 11, "RUB")
    with pytest.raises(LimitPerPayment):
        day.count(limit, 51, "USD")
    assert day.count(limit, 10, "RUB")
    assert day.count(limit, 50, "USD")
    assert not day.count(Limit(per_payment=50), 50, "EUR")
    assert day.added == {"RUB": 60, "USD": 50}
