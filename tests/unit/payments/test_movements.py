"""A movement is asked for under its own id, and under another one after each refusal."""

from dataclasses import replace
from uuid import UUID

from payments.domain.cards.movements import CHARGEBACK, Movement
from payments.domain.cards.recoveries import Source

MOVEMENT = Movement(
    id=UUID(int=1),
    charge_id=UUID(int=2),
    claim_id=UUID(int=3),
    kind=CHARGEBACK,
    source=Source.PAYEE,
    amount_minor=15000,
)


def test_a_movement_is_first_asked_for_under_its_own_id() -> None:
    assert MOVEMENT.transfer_id == MOVEMENT.id


def test_after_a_refusal_it_is_asked_for_under_an_id_that_a_repetition_finds_again() -> None:
    refused = [replace(MOVEMENT, attempts=attempts) for attempts in range(3)]
    ids = [one.transfer_id for one in refused]
    assert len(set(ids)) == len(ids)
    assert ids == [replace(one).transfer_id for one in refused]
