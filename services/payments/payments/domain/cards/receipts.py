"""Computes the lines of a receipt: of a payment, or of a part that goes back.

Source: 54-FZ, as YooKassa asks for it (yookassa.ru/developers, receipts): a line has the price of
one, so quantity times amount is what it adds to the sum.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self

from kit.money import AmountRefused, Money
from payments.refusals import LinesDoNotAddUp

MOST_LINES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptLine:
    """A line of a payment.

    Attributes:
        quantity: How many, with three decimals at most.
        amount: The price of one, in the payment's currency.
        vat_code: YooKassa's code of the rate; None is the shop's own.
    """

    description: str
    quantity: str
    amount: str
    vat_code: int | None = None

    @classmethod
    def stored(cls, facts: Mapping[str, Any]) -> Self:
        """Return the line that was stored as these facts."""
        return cls(**facts)

    def minor(self, currency: str) -> int:
        """Return what it adds to the sum, in minor units.

        Raises:
            LinesDoNotAddUp: its amount is none of this currency, or the sum is no whole number.
        """
        try:
            total = Money.parse(self.amount, currency).minor * Decimal(self.quantity)
        except AmountRefused:
            raise LinesDoNotAddUp(currency=currency) from None
        if total != total.to_integral_value() or not total:
            raise LinesDoNotAddUp(currency=currency)
        return int(total)


def check_lines(lines: Iterable[ReceiptLine], money: Money) -> None:
    """Check that the lines add up to an amount.

    Raises:
        LinesDoNotAddUp: they do not.
    """
    if sum(line.minor(money.currency) for line in lines) != money.minor:
        raise LinesDoNotAddUp(currency=money.currency)


def lines_of_part(lines: Sequence[ReceiptLine], whole: Money, part_minor: int) -> list[ReceiptLine]:
    """Return the lines of a part: each line's share of it, by largest remainders.

    If all goes back, the lines stay as they were paid.
    """
    if part_minor == whole.minor:
        return list(lines)
    totals = [line.minor(whole.currency) for line in lines]
    shares = [divmod(total * part_minor, whole.minor) for total in totals]
    left = part_minor - sum(share for share, _ in shares)
    largest = sorted(range(len(lines)), key=lambda place: -shares[place][1])[:left]
    return [
        ReceiptLine(
            description=line.description,
            quantity="1",
            amount=Money(minor, whole.currency).decimal,
            vat_code=line.vat_code,
        )
        for place, line in enumerate(lines)
        if (minor := shares[place][0] + (place in largest))
    ]
