"""Refunds, limits of days, prices and receipts: whatever is asked for, the sums stay right."""

from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from tests.unit.payments.samples import PAID

from kit.money import CURRENCIES, MAX_MINOR, Money, decimal_text
from kit.refusals import Refusal
from payments.domain.cards.receipts import ReceiptLine, check_lines, lines_of_part
from payments.domain.creation import PaymentOrder
from payments.domain.lifecycle import decide_capture
from payments.domain.limits import Day, Limit
from payments.domain.paid_service_rules import decide_amount
from payments.domain.paid_services import PaidService
from payments.domain.parties import Parties, PayeeName, Person
from payments.domain.payment import PaymentStatus
from payments.domain.quotes import count_planned, refusal_of
from payments.domain.refunds import Unrefundable, decide_refund
from payments.domain.schedules import LONGEST, check_execution_time
from payments.refusals import LimitPerDay, LimitPerPayment

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
ALICE, BOB = PAID.payer_id, PAID.payee_id
currencies = st.sampled_from(sorted(CURRENCIES))
minors = st.integers(1, MAX_MINOR)
small = st.integers(1, 500)

# What is asked for in turn: a part, or all that is left; what the bank disputes, and gives back.
ASKED = st.lists(
    st.one_of(
        st.tuples(st.just("refund"), st.none() | small),
        st.tuples(st.just("dispute"), small),
        st.tuples(st.just("won"), st.none()),
        st.tuples(st.just("at provider"), small),
        st.tuples(st.just("booked"), st.none()),
    ),
    max_size=20,
)


@given(small, ASKED, st.booleans())
def test_refunds_and_disputes_together_never_take_more_than_was_paid(
    paid_minor: int,
    asked: list[tuple[str, int | None]],
    is_admin: bool,  # noqa: FBT001
) -> None:
    payment = structs.replace(PAID, amount_minor=paid_minor, paid_minor=paid_minor)
    disputed = pending = 0
    for what, minor in asked:
        left = paid_minor - payment.refunded_minor - disputed - pending
        match what:
            case "dispute":
                disputed = min(minor or 0, left + disputed)
            case "won":
                disputed = 0
            case "at provider":
                pending = min(pending + (minor or 0), left + pending)
            case "booked":
                payment, pending = (
                    structs.replace(payment, refunded_minor=payment.refunded_minor + pending),
                    0,
                )
            case _:
                text = None if minor is None else decimal_text(minor, "RUB")
                taken = Unrefundable(disputed_minor=disputed, pending_minor=pending)
                try:
                    money = decide_refund(payment, BOB, text, is_admin=is_admin, taken=taken)
                except Refusal:
                    assert left == 0 or (minor is not None and minor > left)
                    continue
                assert money == Money(left if minor is None else minor, "RUB")
                assert 0 < money.minor <= left
                payment = structs.replace(
                    payment, refunded_minor=payment.refunded_minor + money.minor
                )
        assert payment.refunded_minor + disputed + pending <= paid_minor


@given(currencies, st.integers(4, MAX_MINOR - 4), minors | st.none(), st.integers(-3, 3))
def test_of_a_reserved_payment_any_part_is_captured_and_nothing_beyond(
    currency: str, reserved: int, drawn: int | None, by: int
) -> None:
    part = drawn or reserved + by  # at the bound, too
    payment = structs.replace(
        PAID,
        status=PaymentStatus.CREATED,
        amount_minor=reserved,
        currency=currency,
        is_reserved=True,
    )
    text = decimal_text(part, currency)
    if part <= reserved:
        assert decide_capture(payment, text) == Money(part, currency)
    else:
        with pytest.raises(Refusal) as refused:
            decide_capture(payment, text)
        assert decimal_text(reserved, currency) in refused.value.detail()
    fixed = structs.replace(payment, is_price_fixed=True)
    assert decide_capture(fixed, None) == Money(reserved, currency)
    if part != reserved:
        with pytest.raises(Refusal):
            decide_capture(fixed, text)


limits = st.builds(Limit, st.none() | st.integers(0, 400), st.none() | st.integers(0, 900))
payments = st.lists(st.tuples(st.sampled_from(["RUB", "USD"]), small), max_size=20)


@given(st.dictionaries(st.sampled_from(["RUB", "USD"]), st.integers(0, 600)), limits, payments)
def test_a_day_holds_what_fits_and_each_refusal_is_of_what_does_not(
    spent: dict[str, int], limit: Limit, wanted: list[tuple[str, int]]
) -> None:
    day, counted = Day(spent), Counter[str](spent)
    for currency, minor in wanted:
        most = limit.per_payment
        try:
            is_counted = day.count(limit, minor, currency)
        except LimitPerPayment:
            assert most is not None
            assert minor > most
        except LimitPerDay:
            assert most is None or minor <= most
            assert limit.per_day is not None
            assert counted[currency] + minor > limit.per_day
        else:
            assert most is None or minor <= most
            assert is_counted is (limit.per_day is not None)
            counted[currency] += minor if is_counted else 0
            if limit.per_day is not None:
                assert counted[currency] <= limit.per_day
    added = {currency: counted[currency] - spent.get(currency, 0) for currency in counted}
    assert {c: minor for c, minor in added.items() if minor} == day.added


order = PaymentOrder(
    payer_id=ALICE, payee=PayeeName(username="bob"), amount=Money(1, "RUB"), currency="RUB"
)


@given(st.integers(0, 900), limits, st.lists(small, max_size=8), small)
def test_a_quote_says_what_counting_the_same_day_says(
    spent: int, limit: Limit, planned: list[int], minor: int
) -> None:
    foreseen, real = Day({"RUB": spent}), Day({"RUB": spent})
    count_planned(foreseen, limit, [Money(one, "RUB") for one in planned])
    for one in planned:  # as they are then paid, one after the other: what does not fit fails
        try:
            real.count(limit, one, "RUB")
        except Refusal:
            continue
    assert foreseen.added == real.added
    parties = Parties(None, Person(BOB, "bob", "active"))
    quoted = refusal_of(
        structs.replace(order, amount=Money(minor, "RUB")), parties, limit, foreseen, NOW
    )
    code = None
    try:
        real.count(limit, minor, "RUB")
    except Refusal as refusal:
        code = refusal.code
    assert (None if quoted is None else quoted.code) == code


@pytest.mark.check(50)
@given(currencies, st.none() | minors, st.none() | minors, st.none() | currencies)
def test_a_service_is_paid_by_its_price_or_refused(
    currency: str, price: int | None, offered: int | None, named: str | None
) -> None:
    paid_service = PaidService(
        id=UUID(int=7),
        name="Phone",
        description=None,
        price_minor=price,
        currency=currency,
        owner_id=BOB,
        account_id=None,
        is_active=True,
        created_at=NOW,
        updated_at=NOW,
    )
    said = named or currency
    amount = None if offered is None else Money(offered, said)
    fits = said == currency and (offered in (None, price) if price else offered is not None)
    if not fits:
        with pytest.raises(Refusal):
            decide_amount(paid_service, amount, named)
        return
    assert decide_amount(paid_service, amount, named) == Money(price or offered or 0, currency)


lines = st.lists(
    st.builds(
        dict,
        quantity=st.sampled_from(["1", "2", "10", "0.5", "0.25", "3.000"]),
        hundreds=st.integers(1, 10**7),  # of the smallest unit, so that any quantity is whole
        vat_code=st.none() | st.integers(1, 6),
    ),
    min_size=1,
    max_size=12,
)


@given(currencies, lines, st.data())
def test_the_parts_of_a_receipt_add_up_and_no_line_gives_back_more_than_its_share(
    currency: str, drawn: list[dict[str, Any]], data: st.DataObject
) -> None:
    paid = [
        ReceiptLine(
            description=f"line {place}",
            quantity=one["quantity"],
            amount=decimal_text(one["hundreds"] * 100, currency),
            vat_code=one["vat_code"],
        )
        for place, one in enumerate(drawn)
    ]
    totals = {line.description: line.minor(currency) for line in paid}
    whole = Money(sum(totals.values()), currency)
    check_lines(paid, whole)
    part = data.draw(st.integers(1, whole.minor))
    back = lines_of_part(paid, whole, part)
    check_lines(back, Money(part, currency))
    for line in back:
        [origin] = [one for one in paid if one.description == line.description]
        assert line.vat_code == origin.vat_code
        exact = totals[line.description] * part / whole.minor
        assert abs(line.minor(currency) - exact) <= max(1, exact * 1e-9)
        assert line.minor(currency) <= totals[line.description]


YEAR = int(LONGEST.total_seconds())
ahead = st.integers(-2 * YEAR, 2 * YEAR) | st.sampled_from([-1, 0, 1, YEAR - 1, YEAR, YEAR + 1])


@given(ahead, st.integers(-14, 14))
def test_a_time_to_pay_at_lies_ahead_and_within_a_year_whatever_its_zone(
    seconds: int, hours: int
) -> None:
    at = (NOW + timedelta(seconds=seconds)).astimezone(timezone(timedelta(hours=hours)))
    if 0 < seconds <= LONGEST.total_seconds():
        check_execution_time(at, NOW)
        return
    with pytest.raises(Refusal) as refused:
        check_execution_time(at, NOW)
    expected = "execute_at_in_the_past" if seconds <= 0 else "execute_at_too_far"
    assert refused.value.code == expected
