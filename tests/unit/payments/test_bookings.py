"""What of a provider's refunds stands on the payment, whose it is, and what goes back unasked."""

from typing import Any
from uuid import UUID

import pytest
from tests.unit.payments.test_charges import charge
from tests.unit.payments.test_refunds import payment, refund

from payments.domain.cards.bookings import Booking, decide_bookings, decide_shares, decide_unbooking
from payments.domain.cards.cases import Case
from payments.domain.cards.charges import ChargeStatus, ReturnStatus
from payments.domain.cards.recoveries import Source
from payments.domain.cards.refunds import CardRefund, CardRefundOrigin, CardRefundStatus
from payments.domain.cards.returns import Return, return_of
from payments.domain.payment import Payment, PaymentStatus
from payments.domain.refunds import Refund, RefundOrigin, RefundStatus

PAYMENT, ONE, TWO = UUID(int=9), UUID(int=11), UUID(int=12)
DONE, REFUSED, PENDING = CardRefundStatus.DONE, CardRefundStatus.REFUSED, CardRefundStatus.PENDING
PAYEE, HOUSE = Source.PAYEE, Source.HOUSE


def made(
    minor: int,
    of: UUID = ONE,
    status: CardRefundStatus = DONE,
    origin: CardRefundOrigin = CardRefundOrigin.PROVIDER,
) -> CardRefund:
    return CardRefund(
        id=of, charge_id=PAYMENT, amount_minor=minor, status=status, origin=origin, reference="re"
    )


def booked(minor: int, of: UUID = ONE, number: int = 1, borne: int = 0) -> Refund:
    return refund(
        id=UUID(int=100 + number),
        status=RefundStatus.COMPLETED,
        amount_minor=minor,
        origin=RefundOrigin.PROVIDER,
        claim_id=of,
        borne_minor=borne,
    )


def case(
    *refunds: CardRefund,
    moved: dict[tuple[UUID, Source], int] | None = None,
    books: tuple[Refund, ...] = (),
    pays: Payment | None = None,
    **more: Any,
) -> Case:
    known = {"amount_minor": 10_000, "status": ChargeStatus.SUCCEEDED}
    back = sum(one.amount_minor for one in books)
    return Case(
        charge=charge(id=PAYMENT, payment_id=PAYMENT, **known | more),
        payment=pays or payment(refunded_minor=back),
        refunds=refunds,
        disputes=(),
        moved=moved or {},
        booked=books,
    )


@pytest.mark.parametrize(
    ("of", "bookings"),
    [
        (case(made(3_000), moved={(ONE, PAYEE): 3_000}), [(ONE, 3_000)]),
        (case(made(3_000), moved={(ONE, HOUSE): 3_000}), [(ONE, 3_000)]),
        (case(made(3_000), moved={(ONE, PAYEE): 1_000, (ONE, HOUSE): 2_000}), [(ONE, 3_000)]),
        # Only what was moved, and what is done; once.
        (case(made(3_000), moved={}), []),
        (case(made(3_000, status=PENDING), moved={(ONE, PAYEE): 3_000}), []),
        (case(made(3_000), moved={(ONE, PAYEE): 3_000}, books=(booked(3_000),)), []),
        (
            case(made(3_000), moved={(ONE, PAYEE): 3_000}, books=(booked(1_000),)),
            [(ONE, 2_000)],
        ),
        # Never more than was paid, in all.
        (
            case(made(7_000), made(7_000, TWO), moved={(ONE, PAYEE): 7_000, (TWO, HOUSE): 7_000}),
            [(ONE, 7_000), (TWO, 3_000)],
        ),
        # Of what was not paid there are no refunds.
        (
            case(
                made(3_000),
                moved={(ONE, HOUSE): 3_000},
                pays=payment(PaymentStatus.CANCELLED, paid=None),
            ),
            [],
        ),
    ],
)
def test_what_is_booked(of: Case, bookings: list[tuple[UUID, int]]) -> None:
    wanted = [Booking(PAYMENT, claim_id, minor) for claim_id, minor in bookings]
    assert list(decide_bookings(of)) == wanted


def test_a_top_up_has_no_payment_to_book_on() -> None:
    of = case(made(3_000), moved={(ONE, PAYEE): 3_000})
    top_up = Case(charge=of.charge, payment=None, refunds=of.refunds, disputes=(), moved=of.moved)
    assert list(decide_bookings(top_up)) == []


def test_what_never_came_to_pass_is_booked_no_more() -> None:
    first, second = booked(3_000), booked(2_000, TWO, 2)
    of = case(made(3_000, status=REFUSED), made(2_000, TWO), books=(first, second))
    assert decide_unbooking(of) == [first]


@pytest.mark.parametrize(
    ("moved", "parts", "shares"),
    [
        ({(ONE, PAYEE): 3_000}, [3_000], [0]),
        ({(ONE, HOUSE): 3_000}, [3_000], [3_000]),
        ({(ONE, PAYEE): 1_000, (ONE, HOUSE): 2_000}, [3_000], [2_000]),
        # The latest part is the house's first; what is not booked before that.
        ({(ONE, PAYEE): 1_000, (ONE, HOUSE): 2_000}, [1_500, 1_500], [500, 1_500]),
        ({(ONE, PAYEE): 1_000, (ONE, HOUSE): 2_000}, [1_500], [500]),
        ({(ONE, PAYEE): 1_000, (ONE, HOUSE): 2_000}, [1_000], [0]),
    ],
)
def test_who_bears_what_is_booked(
    moved: dict[tuple[UUID, Source], int], parts: list[int], shares: list[int]
) -> None:
    books = tuple(booked(minor, ONE, number) for number, minor in enumerate(parts))
    decided = {
        one.id: minor for one, minor in decide_shares(case(made(3_000), moved=moved, books=books))
    }
    assert [decided[one.id] for one in books] == shares


CANCELLED = payment(PaymentStatus.CANCELLED, paid=None)
RETURN = CardRefundOrigin.RETURN


@pytest.mark.parametrize(
    ("of", "said"),
    [
        (case(), Return()),
        (case(pays=CANCELLED), Return()),
        (case(made(3_000)), Return()),
        (case(made(10_000, origin=RETURN, status=PENDING), pays=CANCELLED), "pending"),
        (case(made(10_000, origin=RETURN), pays=CANCELLED), "returned"),
        (case(made(10_000, origin=RETURN, status=REFUSED), pays=CANCELLED), "refused"),
        (case(made(10_000, status=REFUSED), pays=CANCELLED), Return()),
        (case(made(7_000, origin=RETURN), made(3_000, TWO), pays=CANCELLED), "returned"),
        (case(made(7_000, origin=RETURN), made(3_000, TWO, PENDING), pays=CANCELLED), "pending"),
        (
            case(made(7_000, TWO, REFUSED, RETURN), made(3_000), pays=CANCELLED),
            "refused",
        ),
        (
            case(made(10_000, status=CardRefundStatus.DROPPED, origin=RETURN), pays=CANCELLED),
            Return(),
        ),
    ],
)
def test_how_what_goes_back_by_itself_stands(of: Case, said: Return | str) -> None:
    wanted = Return(10_000, ReturnStatus(said)) if isinstance(said, str) else said
    assert return_of(of) == wanted
