from typing import Any
from uuid import UUID

import pytest

from payments.domain.cards.recoveries import (
    ChargeStanding,
    Claim,
    Move,
    Source,
    decide_moves,
    decide_return,
)

ONE, TWO = UUID(int=1), UUID(int=2)
PAYEE, HOUSE = Source.PAYEE, Source.HOUSE


def standing(*claims: Claim, **more: Any) -> ChargeStanding:
    known: dict[str, Any] = {"came_minor": 100, "got_minor": 100}
    return ChargeStanding(**{**known, **more}, claims=claims)


def claim(taken: int, collected: int = 0, borne: int = 0, of: UUID = ONE) -> Claim:
    return Claim(id=of, taken_minor=taken, collected_minor=collected, borne_minor=borne)


@pytest.mark.parametrize(
    ("stands", "moves"),
    [
        # What was taken is collected, by the sum that was taken, once.
        (standing(claim(30)), [Move(ONE, PAYEE, 30)]),
        (standing(claim(30, 30)), []),
        (standing(claim(0, 30)), [Move(ONE, PAYEE, -30)]),
        # Not before the money is there, nor from somebody who has not got it.
        (standing(claim(30), got_minor=0), []),
        (standing(claim(130), came_minor=0, got_minor=0), []),
        # What goes back by refunds counts as back until they are refused.
        (standing(claim(100), ours_minor=60), [Move(ONE, PAYEE, 40)]),
        (standing(claim(100, 40)), [Move(ONE, PAYEE, 60)]),
        # What was taken beyond all that came is the house's, until it is put back.
        (
            standing(claim(100, 40), ours_minor=60, gone_minor=60),
            [Move(ONE, HOUSE, 60)],
        ),
        (
            standing(claim(100, 40, 60)),
            [Move(ONE, HOUSE, -60), Move(ONE, PAYEE, 60)],
        ),
        (standing(claim(130)), [Move(ONE, PAYEE, 100), Move(ONE, HOUSE, 30)]),
        # Of several none takes from another; what one frees the next gets.
        (
            standing(claim(80, 80), claim(50, of=TWO)),
            [Move(TWO, PAYEE, 20), Move(TWO, HOUSE, 30)],
        ),
        (
            standing(claim(0, 80), claim(50, 20, 30, of=TWO)),
            [Move(ONE, PAYEE, -80), Move(TWO, HOUSE, -30), Move(TWO, PAYEE, 30)],
        ),
        # Nobody was paid: what came covers it.
        (standing(claim(100), got_minor=0, is_unwanted=True), []),
        (
            standing(claim(100), got_minor=0, is_unwanted=True, gone_minor=100),
            [Move(ONE, HOUSE, 100)],
        ),
    ],
)
def test_what_is_to_be_moved(stands: ChargeStanding, moves: list[Move]) -> None:
    assert decide_moves(stands) == moves


@pytest.mark.parametrize(
    ("stands", "minor"),
    [
        (standing(), 0),
        (standing(got_minor=0), 0),
        (standing(got_minor=0, is_unwanted=True), 100),
        (standing(got_minor=0, is_unwanted=True, came_minor=0), 0),
        (standing(got_minor=0, is_unwanted=True, returning_minor=100), 0),
        (standing(claim(30), got_minor=0, is_unwanted=True), 70),
        (standing(claim(30), got_minor=0, is_unwanted=True, returning_minor=70), 0),
        (standing(claim(0), got_minor=0, is_unwanted=True, returning_minor=70), 30),
        (standing(got_minor=0, is_unwanted=True, pending_minor=40), 60),
        (standing(claim(100), got_minor=0, is_unwanted=True), 0),
    ],
)
def test_what_goes_back_by_itself_is_never_more_than_is_left(
    stands: ChargeStanding, minor: int
) -> None:
    assert decide_return(stands) == minor
