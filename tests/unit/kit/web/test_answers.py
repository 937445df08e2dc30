"""An answer says more than its text: facts about it, and what of it is kept for repetitions."""

from uuid import UUID

from pydantic import BaseModel

from kit.web.answers import Answer

ID = UUID(int=7)


class Coin(BaseModel):
    id: UUID
    secret: str


class CoinNamed(BaseModel):
    id: UUID


def test_what_an_answer_says_is_taken_from_what_it_was_made_of() -> None:
    answer = Answer(201, Coin(id=ID, secret="s"))
    answer.body = b"never read"
    assert answer.says(CoinNamed) == CoinNamed(id=ID)
    assert not answer.is_repeated


def test_what_a_kept_answer_says_is_read_from_its_text() -> None:
    kept = Answer(201, body=Answer(201, Coin(id=ID, secret="s")).stored, is_repeated=True)
    assert kept.says(CoinNamed) == CoinNamed(id=ID)
    assert kept.is_repeated


def test_what_is_told_once_is_not_kept() -> None:
    answer = Answer(201, Coin(id=ID, secret="s"), stored=Coin(id=ID, secret=""))
    assert b'"secret":"s"' in answer.body
    assert b'"secret":""' in answer.stored
