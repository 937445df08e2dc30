"""Splits a hundred per cent by amounts, so that what is shown adds up to it. Pure."""

from collections.abc import Sequence
from typing import Final

_WHOLE: Final = 10_000  # hundredths of a per cent


def shares_of(amounts: Sequence[int]) -> list[str]:
    """Return each amount's share in per cent, with two decimals: “33.34”.

    They add up to 100.00: what rounding down leaves over goes to the largest remainders, of equal
    ones to the first (Hamilton's method). Amounts are not negative; all zero, they have no share.
    """
    total = sum(amounts)
    if not total:
        return [percent(0) for _ in amounts]
    parts = [divmod(amount * _WHOLE, total) for amount in amounts]
    missing = _WHOLE - sum(whole for whole, _ in parts)
    by_rest = sorted(range(len(parts)), key=lambda place: -parts[place][1])
    raised = frozenset(by_rest[:missing])
    return [percent(whole + (place in raised)) for place, (whole, _) in enumerate(parts)]


def percent(hundredths: int) -> str:
    """Return hundredths of a per cent as text: 3334 is “33.34”; never negative."""
    return f"{hundredths // 100}.{hundredths % 100:02}"
