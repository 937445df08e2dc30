"""Many payments sent at once: each row has an outcome of its own, and the whole is sent once."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest
import respx
from tests.integration.payments.room import AUTH, Room

from contracts.payments import PaymentCreated, PaymentPaid
from kit.http import LINGER_BYTES
from payments.api.bulk import MAX_BYTES
from payments.app import bulk_work
from testkit.pump import sent

HEADER = "payee_username,amount,currency,description"


def row(username: str, amount: str = "10.00", **more: Any) -> dict[str, Any]:
    return {"payee": {"username": username}, "amount": amount, **more}


async def send(room: Room, caller: UUID, rows: list[dict[str, Any]], **options: Any) -> str:
    answer = await room.post(caller, "/v1/payments/bulk", json=rows, **options)
    assert answer.status_code == 202, answer.text
    found: str = answer.headers["location"]
    return found


async def send_csv(room: Room, caller: UUID, text: str | bytes) -> httpx.Response:
    headers = {"Content-Type": "text/csv; charset=utf-8"}
    content = text.encode() if isinstance(text, str) else text
    return await room.post(caller, "/v1/payments/bulk", content=content, headers=headers)


async def work(room: Room) -> None:
    """Let the background decide all rows there are, and what follows from them."""
    while await bulk_work(room.service).once():
        pass
    await room.settle()


async def shown(room: Room, caller: UUID, path: str, **query: Any) -> dict[str, Any]:
    answer = await room.get(caller, path, **query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.fixture
def nobody_else(outside: respx.MockRouter) -> None:
    """Auth knows nobody but those it has told of."""
    outside.get(f"{AUTH}/internal/users").respond(404)
    outside.post(f"{AUTH}/v1/auth/token").respond(
        json={"access_token": "t", "token_type": "bearer", "expires_in": 300}
    )


async def test_each_row_is_paid_or_refused_and_tells_why(
    room: Room, alice: UUID, bob: UUID, carol: UUID, nobody_else: None
) -> None:
    rows = [row("bob"), row("nobody"), row("alice"), row("carol", "0.05", description="Lunch")]
    path = await send(room, alice, rows)
    before = await shown(room, alice, path)
    assert (before["status"], before["counts"]["waiting"]) == ("processing", 4)
    await work(room)
    bulk = await shown(room, alice, path)
    assert (bulk["status"], bulk["total"]) == ("done", 4)
    assert {name: count for name, count in bulk["counts"].items() if count} == {
        "paid": 2,
        "refused": 2,
    }
    assert [(item["row"], item["status"], item["code"]) for item in bulk["items"]] == [
        (1, "paid", None),
        (2, "refused", "payee_not_found"),
        (3, "refused", "payee_is_payer"),
        (4, "paid", None),
    ]
    lunch = bulk["items"][3]["payment"]
    assert (lunch["amount"], lunch["description"], lunch["payee"]["user_id"]) == (
        "0.05",
        "Lunch",
        str(carol),
    )
    assert await room.status(carol, UUID(lunch["id"])) == "paid"
    events = room.published(PaymentCreated, PaymentPaid)
    assert Counter(event.sequence for event in events) == {1: 2, 2: 2}


async def test_what_the_wallet_refuses_fails_and_the_others_are_paid(
    room: Room, alice: UUID, bob: UUID
) -> None:
    room.wallet.refuses = lambda c: "insufficient_funds" if c.amount_minor > 100 else None
    path = await send(room, alice, [row("bob", "1.00"), row("bob", "2.00")])
    await work(room)
    items = (await shown(room, alice, path))["items"]
    assert [item["status"] for item in items] == ["paid", "failed"]
    assert items[1]["payment"]["failure_reason"] == "insufficient_funds"


async def test_a_thousand_rows_cost_few_statements_and_come_in_pages(
    room: Room, alice: UUID, bob: UUID
) -> None:
    path = await send(room, alice, [row("bob", "0.01") for _ in range(1000)])
    before = room.database.statements
    worker = bulk_work(room.service)
    for _ in range(4):
        assert await worker.once()
    # Of each 250: take, rows, parties, advance, limits, payments, outcomes, sagas with outbox.
    assert room.database.statements - before == 4 * 8
    assert not await worker.once()
    await room.settle()
    bulk = await shown(room, alice, path)
    assert (bulk["status"], bulk["counts"]["paid"]) == ("done", 1000)
    seen, query = [], "?limit=100"
    while query:
        answer = await room.get(alice, path + query)
        seen += [item["row"] for item in answer.json()["items"]]
        query = answer.links["next"]["url"] if "next" in answer.links else ""
    assert seen == list(range(1, 1001))


async def test_two_workers_at_once_pay_each_row_once(room: Room, alice: UUID, bob: UUID) -> None:
    path = await send(room, alice, [row("bob", "0.01") for _ in range(600)])
    workers = [bulk_work(room.service) for _ in range(4)]

    async def until_done(worker: Any) -> None:
        while (await shown(room, alice, path))["counts"]["waiting"]:
            await worker.once()

    await asyncio.gather(*map(until_done, workers))
    await room.settle()
    assert (await shown(room, alice, path))["counts"]["paid"] == 600
    assert await room.count("payment") == 600


async def test_a_lease_that_was_overtaken_decides_nothing(
    room: Room, alice: UUID, bob: UUID
) -> None:
    from payments.domain.policies import Terms
    from payments.repository import Bulks
    from payments.service.bulk import decide_rows

    await send(room, alice, [row("bob")])
    async with room.database.unit_of_work() as uow:
        late = await Bulks(uow).take(uow.clock.now(), room.clock.now() - room.clock.now())
    assert late is not None
    await work(room)
    wiring = room.service.state.wiring
    async with room.database.unit_of_work() as uow:
        terms = Terms(wiring.settings.ttl, wiring.settings.policies)
        await decide_rows(uow, wiring.engine, terms, late, [])
    assert await room.count("payment") == 1


async def test_the_same_key_sends_it_once_and_csv_is_the_same_as_json(
    room: Room, alice: UUID, bob: UUID
) -> None:
    key = {"Idempotency-Key": "salaries-may"}
    first = await send(room, alice, [row("bob", "10.00", currency="RUB")], headers=key)
    again = await room.post(
        alice,
        "/v1/payments/bulk",
        content=f"{HEADER}\r\nbob,10.00,RUB,\r\n",
        headers={**key, "Content-Type": "text/csv"},
    )
    assert (again.status_code, again.headers["location"]) == (202, first)
    assert again.headers["idempotency-replayed"] == "true"
    other = await room.post(alice, "/v1/payments/bulk", json=[row("bob", "11.00")], headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert await room.count("bulk") == 1


async def test_csv_columns_stand_in_any_order(room: Room, alice: UUID, bob: UUID) -> None:
    text = (
        "\ufeffdescription,amount,payee_user_id\n"
        f'"Зарплата, май ""аванс""\nи премия",1500.5,{bob}\n\n'
        f",0.01,{bob}"
    )
    answer = await send_csv(room, alice, text)
    assert answer.status_code == 202, answer.text
    await work(room)
    items = (await shown(room, alice, answer.headers["location"]))["items"]
    assert [item["payment"]["amount"] for item in items] == ["1500.50", "0.01"]
    assert [item["payment"]["description"] for item in items] == [
        'Зарплата, май "аванс"\nи премия',
        None,
    ]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("\n", (1, "", "malformed")),
        ("payee_username,sum\nbob,1.00\n", (1, "2", "unknown_column")),
        ("payee_username,amount,amount\nbob,1.00,1.00\n", (1, "amount", "repeated_column")),
        ("payee_username,amount\nbob,1.00\nbob\n", (3, "amount", "malformed")),
        ("payee_username,amount\nbob,1.00,RUB\n", (2, "3", "malformed")),
        ('payee_username,amount\n"bob,1.00\n', (2, "payee_username", "malformed")),
        ('payee_username,amount\nbob,1"00\n', (2, "amount", "malformed")),
        ('payee_username,amount\n"bob"x,1.00\n', (2, "payee_username", "malformed")),
        (b"payee_username,amount\nbob,1.00\nbob,\xff\n", (3, "amount", "malformed")),
        ("payee_username,amount\nbob,1.00\nbob,-5\n", (3, "amount", "amount_invalid")),
        ('payee_username,amount\n"b\nob",1.00\nbob,"1,5"\n', (4, "amount", "amount_invalid")),
        (f"{HEADER}\nbob,1.00,rub,\n", (2, "currency", "currency_unknown")),
        (
            f"{HEADER}\nbob,1.00,RUB,4111 1111 1111 1111\n",
            (2, "description", "card_number_refused"),
        ),
        (f"{HEADER}\nbob,1.00,RUB,a\0b\n", (2, "description", "malformed")),
        ("payee_username,payee_user_id,amount\n,,1.00\n", (2, "payee", "exactly_one")),
        ("payee_user_id,amount\nbob,1.00\n", (2, "payee_user_id", "malformed")),
        ("payee_username\nbob\n", (2, "amount", "required")),
    ],
)
async def test_a_malformed_csv_is_refused_with_line_and_column_and_nothing_is_stored(
    room: Room, alice: UUID, bob: UUID, text: str | bytes, place: tuple[int, str, str]
) -> None:
    line, column, code = place
    answer = await send_csv(room, alice, text)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    fault = answer.json()["errors"][0]
    assert fault["pointer"] == f"/line/{line}" + (f"/{column}" if column else "")
    assert fault["code"] == code, fault
    assert fault["detail"].startswith(f"Line {line}" + (f", column {column}:" if column else ":"))
    assert "4111" not in answer.text
    assert await room.count("bulk") == await room.count("bulk_row") == 0


@pytest.mark.parametrize(
    ("rows", "pointer"),
    [
        ([], ""),
        ([row("bob")] * 1001, ""),
        ([row("bob"), row("bob", "0")], "/1/amount"),
        ([{**row("bob"), "card_last4": "4111111111111111"}], "/0/card_last4"),
        ([{**row("bob"), "confirm": True}], "/0/confirm"),
        ({"payments": []}, ""),
    ],
)
async def test_a_malformed_list_is_refused_as_a_whole(
    room: Room, alice: UUID, bob: UUID, rows: Any, pointer: str
) -> None:
    answer = await room.post(alice, "/v1/payments/bulk", json=rows)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert await room.count("bulk") == 0


async def test_an_empty_csv_is_told_that_its_first_line_names_the_columns(
    room: Room, alice: UUID
) -> None:
    answer = await send_csv(room, alice, "")
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    [fault] = answer.json()["errors"]
    assert (fault["pointer"], fault["code"]) == ("/line/1", "malformed")
    empty = await room.post(
        alice, "/v1/payments/bulk", headers={"Content-Type": "application/json"}
    )
    assert (empty.status_code, empty.json()["code"]) == (400, "body_unreadable")
    assert empty.json()["detail"].startswith("There is no body")


async def test_too_many_lines_of_csv_are_refused(room: Room, alice: UUID, bob: UUID) -> None:
    answer = await send_csv(room, alice, HEADER + "\n" + "bob,1.00,RUB,x\n" * 1001)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "too_long")


async def test_other_kinds_of_body_are_refused(room: Room, alice: UUID) -> None:
    for kind in ("text/plain", "application/xml", "text/csv; charset=windows-1251"):
        answer = await room.post(
            alice, "/v1/payments/bulk", content=b"x", headers={"Content-Type": kind}
        )
        assert (answer.status_code, answer.json()["code"]) == (415, "content_type_unsupported")


async def test_anothers_bulk_is_as_a_missing_one(
    room: Room, alice: UUID, bob: UUID, carol: UUID
) -> None:
    path = await send(room, alice, [row("bob")])
    for caller, where in ((bob, path), (carol, path), (alice, f"/v1/payments/bulk/{alice}")):
        answer = await room.get(caller, where)
        assert (answer.status_code, answer.json()["code"]) == (404, "bulk_not_found")
    cursor = (await shown(room, alice, await send(room, alice, [row("bob")] * 2), limit=1))[
        "next_cursor"
    ]
    refused = await room.get(alice, path, cursor=cursor)
    assert (refused.status_code, refused.json()["code"]) == (400, "cursor_invalid")


async def test_where_auth_is_down_the_rows_wait_and_other_bulks_go_on(
    room: Room, alice: UUID, bob: UUID, carol: UUID, outside: respx.MockRouter
) -> None:
    outside.post(f"{AUTH}/v1/auth/token").respond(503)
    stuck = await send(room, alice, [row("newcomer")])
    fine = await send(room, bob, [row("carol")])
    worker = bulk_work(room.service)
    with pytest.raises(Exception, match="unavailable"):
        await worker.once()
    assert await worker.once()
    assert (await shown(room, bob, fine))["counts"]["processing"] == 1
    assert (await shown(room, alice, stuck))["counts"]["waiting"] == 1
    outside.get(f"{AUTH}/internal/users").respond(404)
    outside.post(f"{AUTH}/v1/auth/token").respond(
        json={"access_token": "t", "token_type": "bearer", "expires_in": 300}
    )
    room.clock.advance(11)
    await work(room)
    assert (await shown(room, alice, stuck))["counts"]["refused"] == 1


async def test_large_amounts_are_reserved_and_checked(room: Room, alice: UUID, bob: UUID) -> None:
    from contracts.wallet import PlaceHold, Transfer

    await send(room, alice, [row("bob", "1000.00"), row("bob", "999.99")])
    await bulk_work(room.service).once()
    asked = await sent(room.database, PlaceHold, Transfer)
    assert [type(envelope.message).__name__ for envelope in asked] == ["PlaceHold", "Transfer"]


async def test_a_thousand_rows_with_all_their_texts_full_are_taken(
    room: Room, alice: UUID, bob: UUID
) -> None:
    full = {f"{number:02}" + "k" * 38: "v" * 500 for number in range(20)}
    rows = [row("bob", "0.01", description="d" * 500, card_holder="H" * 100, metadata=full)]
    path = await send(room, alice, rows * 1000)
    assert (await shown(room, alice, path))["total"] == 1000


@pytest.mark.parametrize("key", [None, "one"])
async def test_a_row_may_be_full_in_any_script_and_no_longer(
    room: Room, alice: UUID, bob: UUID, key: str | None
) -> None:
    full = {f"{number:02}" + "🎄" * 38: "🎄" * 500 for number in range(20)}
    rows = [row("bob", description="🎄" * 500, metadata=full)]
    headers = {"Content-Type": "application/json", "Accept-Language": "en"}
    headers |= {} if key is None else {"Idempotency-Key": key}
    written = json.dumps(rows, ensure_ascii=False).encode()
    for status in (202, 202):
        answer = await room.post(alice, "/v1/payments/bulk", content=written, headers=headers)
        assert answer.status_code == status, answer.text
    assert ("idempotency-replayed" in answer.headers) == (key is not None)
    long = json.dumps([*rows, row("bob", description="x" * 65_536)]).encode()
    answer = await room.post(alice, "/v1/payments/bulk", content=long, headers=headers)
    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert (fault["pointer"], fault["code"]) == ("/0", "too_long")


async def test_a_broken_row_is_named_by_line_and_column(room: Room, alice: UUID) -> None:
    headers = {"Content-Type": "application/json", "Accept-Language": "en"}
    body = b'[{"payee": {"username": "bob"}, "amount": "1.00"},\n {"payee" {}}]'
    answer = await room.post(alice, "/v1/payments/bulk", content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "body_unreadable")
    assert "line 2, column 11" in answer.json()["detail"]


@pytest.mark.parametrize("body", [b"x," * 3_000_000, b"[" + b"1," * 3_000_000, b'["' + b"x" * 9**7])
@pytest.mark.parametrize("content_type", ["text/csv", "application/json", "text/plain"])
async def test_a_body_of_megabytes_of_nothing_is_refused(
    room: Room, alice: UUID, body: bytes, content_type: str
) -> None:
    for content in (body, _chunks(body)):
        answer = await room.post(
            alice, "/v1/payments/bulk", content=content, headers={"Content-Type": content_type}
        )
        assert answer.status_code in (400, 413, 415, 422), answer.text
        assert answer.headers["content-type"] == "application/problem+json"
    assert await room.count("bulk") == 0


async def _chunks(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), 2**16):
        yield body[start : start + 2**16]


@pytest.mark.parametrize("announced", [{"Content-Length": str(MAX_BYTES + 1)}, {}])
async def test_what_is_longer_than_any_bulk_is_refused_before_its_end(
    room: Room, alice: UUID, announced: dict[str, str]
) -> None:
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += 2**16
            yield b"x," * 2**15

    headers = {"Content-Type": "text/csv", **announced}
    answer = await room.post(alice, "/v1/payments/bulk", content=endless(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    # What comes after the refusal is taken in for a while, and thrown away.
    assert taken <= LINGER_BYTES + (0 if announced else MAX_BYTES + 2**17)
