"""Ledger, payment and provider tell the same, whatever goes back, and is disputed, in any order."""

from dataclasses import replace
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.payments.test_bookings import booked, case, made
from tests.unit.payments.test_refunds import NOW, payment

from payments.domain.bookings import decide_bookings, decide_shares, decide_unbooking
from payments.domain.card_refunds import CardRefundStatus
from payments.domain.cases import Case
from payments.domain.disputes import Dispute
from payments.domain.recoveries import Source, decide_moves
from payments.domain.refunds import Refund

PAID = 10_000
REFUNDS = [UUID(int=place) for place in range(11, 14)]
DISPUTES = [UUID(int=place) for place in range(21, 23)]
DONE, REFUSED = CardRefundStatus.DONE, CardRefundStatus.REFUSED
# A refund of a place is made at the provider, or fails; a dispute takes a sum, or gives it back.
CHANGES = st.one_of(
    st.tuples(st.just("refund"), st.integers(0, 2), st.integers(1, PAID)),
    st.tuples(st.just("dispute"), st.integers(0, 1), st.integers(1, PAID)),
)


class Books:
    """The facts at the provider, what was moved in the ledger, and what the payment says."""

    def __init__(self) -> None:
        self.given = dict.fromkeys(REFUNDS, 0)
        self.sums: dict[UUID, int] = {}
        self.taken = dict.fromkeys(DISPUTES, 0)
        self.moved: dict[tuple[UUID, Source], int] = {}
        self.books: list[Refund] = []
        self.numbers = 0

    def change(self, what: str, place: int, minor: int) -> None:
        if what == "dispute":
            one = DISPUTES[place]
            self.taken[one] = 0 if self.taken[one] else minor
        elif (one := REFUNDS[place]) not in self.sums:
            self.given[one] = self.sums[one] = minor
        else:
            self.given[one] = 0  # what has failed stays so

    @property
    def case(self) -> Case:
        refunds = [
            made(minor, one, DONE if self.given[one] else REFUSED)
            for one, minor in self.sums.items()
        ]
        stands = case(*refunds, moved=dict(self.moved), books=tuple(self.books))
        back = sum(one.amount_minor for one in self.books)
        disputes = [
            Dispute(
                id=one,
                charge_id=stands.charge.id,
                reference=str(one),
                amount_minor=minor,
                opened_at=NOW,
                withdrawn_at=NOW,
            )
            for one, minor in self.taken.items()
            if minor
        ]
        ended = [
            Dispute(
                id=one,
                charge_id=stands.charge.id,
                reference=str(one),
                amount_minor=1,
                opened_at=NOW,
            )
            for one, minor in self.taken.items()
            if not minor
        ]
        return replace(stands, disputes=[*disputes, *ended], payment=payment(refunded_minor=back))

    def settle(self) -> None:
        gone = {one.id for one in decide_unbooking(self.case)}
        self.books = [one for one in self.books if one.id not in gone]
        for move in decide_moves(self.case.standing):
            key = move.claim_id, move.source
            self.moved[key] = self.moved.get(key, 0) + move.minor
        for booking in list(decide_bookings(self.case)):
            self.numbers += 1
            self.books.append(booked(booking.minor, booking.claim_id, self.numbers))
        shares = {one.id: minor for one, minor in decide_shares(self.case)}
        self.books = [replace(one, borne_minor=shares[one.id]) for one in self.books]


@given(st.lists(CHANGES, max_size=20))
def test_what_stands_on_the_payment_is_what_went_back_and_who_bears_it_adds_up(
    changes: list[tuple[str, int, int]],
) -> None:
    books = Books()
    for change in changes:
        books.change(*change)
        books.settle()
        given_back, taken = sum(books.given.values()), sum(books.taken.values())
        collected = sum(minor for (_, whose), minor in books.moved.items() if whose == "payee")
        borne = sum(minor for (_, whose), minor in books.moved.items() if whose == "house")
        # Ledger and provider.
        assert collected + borne == given_back + taken
        assert collected == min(PAID, given_back + taken)
        # Payment and provider, and then the ledger.
        back = sum(one.amount_minor for one in books.books)
        assert back == min(PAID, given_back)
        houses = sum(one.borne_minor for one in books.books)
        assert houses <= borne
        assert back - houses <= collected
