"""kit.step_up: up to which amounts a caller may spend without proving anew who they are."""

import pytest

from kit.money import Money
from kit.step_up import ANY_AMOUNT, StepUpRequired, WithoutStepUp

REFUSAL = StepUpRequired(max_age_seconds=900, needs_factor=False)


def rub(minor: int) -> Money:
    return Money(minor, "RUB")


@pytest.mark.parametrize(
    "amounts",
    [
        [rub(1000_00)],
        [rub(400_00), rub(600_00)],
        [Money(10**15, "USD")],
        [rub(1000_00), Money(10**15, "USD"), Money(5, "JPY")],
        [],
    ],
)
def test_what_stays_within_every_limit_passes(amounts: list[Money]) -> None:
    WithoutStepUp({"RUB": 1000_00, "JPY": 5}, REFUSAL).require(*amounts)


@pytest.mark.parametrize(
    "amounts",
    [
        [rub(1000_01)],
        [rub(400_00), rub(600_01)],
        [rub(1), Money(6, "JPY")],
        [rub(1000_01), Money(1, "USD")],
    ],
)
def test_the_first_minor_unit_above_a_limit_is_refused_as_told(amounts: list[Money]) -> None:
    with pytest.raises(StepUpRequired) as refused:
        WithoutStepUp({"RUB": 1000_00, "JPY": 5}, REFUSAL).require(*amounts)
    assert refused.value is REFUSAL


def test_whoever_has_stepped_up_spends_any_amount() -> None:
    ANY_AMOUNT.require(rub(10**15), Money(10**15, "USD"))
