"""The file of payments: complete, narrowed as the list is, and harmless in a spreadsheet."""

import csv
import io
from uuid import UUID

import pytest
from tests.integration.payments.room import Room
from tests.integration.payments.test_listing import many

EXPORT = "/v1/payments/export.csv"


async def lines(room: Room, caller: UUID, **query: str) -> list[dict[str, str]]:
    answer = await room.get(caller, EXPORT, **query)
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


async def test_both_sides_find_what_they_may_see(room: Room, alice: UUID, bob: UUID) -> None:
    hard = 'Обед, "кафе"\r\nи чай'
    payment_id = await room.create(alice, bob, "150.5", description=hard, card_last4="0042")
    await room.pay(alice, payment_id)
    await room.settle()
    [out], [into] = await lines(room, alice), await lines(room, bob)
    assert (out["id"], out["status"], out["direction"]) == (str(payment_id), "paid", "out")
    assert (out["amount"], out["currency"], out["description"]) == ("150.50", "RUB", hard)
    assert (out["payer"], out["payee"], out["card_last4"]) == ("alice", "bob", "0042")
    seen = await room.seen(alice, payment_id)
    assert [out[name] for name in ("created_at", "paid_at")] == [
        seen[name] for name in ("created_at", "paid_at")
    ]
    assert out["paid_at"].endswith("Z")
    assert out["transfer_id"]
    assert (into["direction"], into["card_last4"], into["reason"]) == ("in", "", "")


@pytest.mark.check(45)
@pytest.mark.parametrize("text", ["=1+1", "+7 900 000", "-1", "@SUM(A1)", "\tx", "\rx"])
async def test_free_text_is_no_formula(room: Room, alice: UUID, bob: UUID, text: str) -> None:
    await room.create(alice, bob, description=text)
    [line] = await lines(room, alice)
    assert line["description"] == f"'{text}"
    assert line["amount"] == "10.00"


async def test_it_is_narrowed_as_the_list_is(room: Room, alice: UUID, bob: UUID) -> None:
    small = await room.create(alice, bob, "1.00")
    large = await room.create(alice, bob, "2.00")
    back = await room.create(bob, alice, "3.00")
    await room.cancel(alice, small)
    assert [line["id"] for line in await lines(room, alice)] == [
        str(one) for one in (back, large, small)
    ]
    for query, expected in (
        ({"status": "cancelled"}, [small]),
        ({"direction": "in"}, [back]),
        ({"amount_min": "1.50", "amount_max": "2.50"}, [large]),
    ):
        found = await lines(room, alice, **query)
        assert [line["id"] for line in found] == [str(one) for one in expected]
    for query in ({"limit": "5"}, {"cursor": "x"}, {"status": "x"}, {"bom": "perhaps"}):
        answer = await room.get(alice, EXPORT, **query)
        assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


async def test_a_long_file_is_read_500_at_a_time_and_whole(
    room: Room, alice: UUID, bob: UUID
) -> None:
    await many(room, alice, bob, 1_200)
    before = room.database.statements
    found = await lines(room, alice)
    assert room.database.statements - before == 3
    assert len({line["id"] for line in found}) == len(found) == 1_200
    times = [line["created_at"] for line in found]
    assert times == sorted(times, reverse=True)


async def test_it_is_a_file_and_marks_its_bytes_where_that_is_wanted(
    room: Room, alice: UUID
) -> None:
    answer = await room.get(alice, EXPORT)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert answer.headers["content-disposition"] == 'attachment; filename="payments.csv"'
    marked = await room.get(alice, EXPORT, bom="true")
    assert marked.content == b"\xef\xbb\xbf" + answer.content
    assert answer.content.startswith(b"id,created_at,")
