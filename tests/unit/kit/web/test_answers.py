"""An answer says more than its text: facts about it, and what of it is kept for repetitions."""

from uuid import UUID

from pydantic import BaseModel

from kit.web.answers import Answer

ID = UUID(int=7)
_KEPT = '{"first":"ü","secret":null,"no_more":123456789012345678901234567890}'


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


def test_a_field_of_an_answer_is_set_without_reading_its_text() -> None:
    answer = Answer(202, Coin(id=ID, secret="s"), {"Location": "/v1/coins/7"})
    answer.body = b"never read"
    completed = answer.with_fields(secret="t")
    assert completed.body == Answer(202, Coin(id=ID, secret="t")).body
    assert (completed.status_code, completed.own_headers) == (202, {"Location": "/v1/coins/7"})


def test_a_field_of_a_kept_answer_is_set_where_it_stands_and_no_other_is_touched() -> None:
    kept = Answer(202, body=_KEPT.encode(), is_repeated=True)
    completed = kept.with_fields(secret=CoinNamed(id=ID))
    named = f'{{"id":"{ID}"}}'
    assert completed.body == _KEPT.replace("null", named).encode()
    assert (completed.status_code, completed.is_repeated) == (202, True)
