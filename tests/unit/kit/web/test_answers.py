"""An answer says more than its text: facts about it, and what of it is kept for repetitions."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from pydantic import BaseModel, TypeAdapter

from kit.web.answers import Answer

ID = UUID(int=7)
_KEPT = '{"first":"ü","secret":null,"no_more":123456789012345678901234567890}'


class Coin(BaseModel):
    id: UUID
    secret: str


class CoinNamed(BaseModel):
    id: UUID


@dataclass(kw_only=True)
class Token:
    id: UUID
    coin: Coin
    made_at: datetime
    secret: str | None = None


TOKEN = Token(id=ID, coin=Coin(id=ID, secret="ü"), made_at=datetime(2026, 1, 31, tzinfo=UTC))


def test_a_dataclass_is_written_as_it_is_documented() -> None:
    answer = Answer(201, TOKEN)
    assert answer.body == TypeAdapter(Token).dump_json(TOKEN)
    assert answer.says(CoinNamed) == CoinNamed(id=ID)
    changed = answer.with_fields(secret="t")
    assert changed.body == answer.body.replace(b'"secret":null', b'"secret":"t"')


def test_what_is_told_later_is_made_once_and_only_if_it_is_told() -> None:
    made: list[Token] = []

    def make() -> Token:
        made.append(TOKEN)
        return TOKEN

    answer = Answer(202, make)
    assert not made
    assert answer.says(CoinNamed).id == ID
    assert answer.stored == answer.body == Answer(202, TOKEN).body
    assert len(made) == 1


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
