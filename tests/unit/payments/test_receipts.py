"""Lines of receipts: what adds up, and what is on the receipt of a part."""

from dataclasses import asdict

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from kit.money import Money
from payments.domain.cards.receipts import ReceiptLine, check_lines, lines_of_part
from payments.refusals import LinesDoNotAddUp
from payments.schemas.payments import PaymentLine


def line(quantity: str, amount: str, vat_code: int | None = None) -> ReceiptLine:
    return ReceiptLine(description="Ticket", quantity=quantity, amount=amount, vat_code=vat_code)


@pytest.mark.parametrize(
    "lines",
    [
        [line("1", "150.00")],
        [line("2", "75.00")],
        [line("0.5", "200.00"), line("1", "50.00")],
        [line("1.125", "80.00"), line("3", "20.00")],
    ],
)
def test_quantity_times_amount_adds_up(lines: list[ReceiptLine]) -> None:
    check_lines(lines, Money(15000, "RUB"))


@pytest.mark.parametrize(
    "lines",
    [
        [line("1", "149.99")],
        [line("2", "150.00")],
        [line("0.001", "0.01"), line("1", "150.00")],  # no whole kopeck
        [line("0", "150.00"), line("1", "150.00")],
        [line("1", "150.000")],  # more decimals than the currency has
        [],
    ],
)
def test_what_does_not_add_up_is_refused(lines: list[ReceiptLine]) -> None:
    with pytest.raises(LinesDoNotAddUp):
        check_lines(lines, Money(15000, "RUB"))


def test_all_goes_back_as_it_was_paid_and_a_part_by_shares() -> None:
    lines, whole = [line("2", "50.00", 4), line("1", "50.00")], Money(15000, "RUB")
    assert lines_of_part(lines, whole, 15000) == lines
    first, second = lines_of_part(lines, whole, 10000)
    assert (first.amount, first.quantity, first.vat_code) == ("66.67", "1", 4)
    assert (second.amount, second.quantity, second.vat_code) == ("33.33", "1", None)
    assert [one.amount for one in lines_of_part(lines, whole, 1)] == ["0.01"]


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=20), st.integers(1, 10**11))
def test_the_lines_of_a_part_add_up_to_it(prices: list[int], wanted: int) -> None:
    whole = Money(sum(prices), "RUB")
    part = Money(min(wanted, whole.minor), "RUB")
    lines = [line("1", Money(price, "RUB").decimal) for price in prices]
    check_lines(lines_of_part(lines, whole, part.minor), part)


def test_a_line_is_stored_as_facts_and_read_as_it_was() -> None:
    one = line("2", "50.00", 4)
    assert ReceiptLine.stored(asdict(one)) == one


def a_line(quantity: object) -> PaymentLine:
    body = orjson.dumps({"description": "Ticket", "quantity": quantity, "amount": "75.00"})
    return PaymentLine.model_validate_json(body, strict=True)


@pytest.mark.parametrize(
    ("quantity", "text"),
    [(1, "1"), (999_999, "999999"), ("2", "2"), ("0.5", "0.5"), ("0.001", "0.001"), ("1.0", "1.0")],
)
def test_a_quantity_is_a_decimal_or_a_whole_number(quantity: object, text: str) -> None:
    assert a_line(quantity).quantity == text


@pytest.mark.parametrize(
    "quantity",
    [0, -1, 1_000_000, 2.5, 2.0, True, None, [], "0", "0.0", "0.000", "-1", "1e3", "01", "1.2345"],
)
def test_nothing_else_is_a_quantity_and_zero_is_none(quantity: object) -> None:
    with pytest.raises(ValidationError):
        a_line(quantity)
