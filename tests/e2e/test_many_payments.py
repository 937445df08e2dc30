"""Many payments at once, their state as it happens, and all of them as a file: by the gateway."""

import asyncio
import csv
import io
from typing import Any

import httpx
import orjson

from kit.tasks import spawn, stop
from testkit.people import Person, eventually


async def listen(
    person: Person,
    told: list[dict[str, Any]],
    last: str = "",
    opened: asyncio.Event | None = None,
) -> None:
    headers = person.headers | ({"Last-Event-ID": last} if last else {})
    path = "/v1/payments/events"
    position = ""
    async with person.http.stream("GET", path, headers=headers) as answer:
        assert answer.status_code == 200
        if opened is not None:
            opened.set()
        async for line in answer.aiter_lines():
            name, _, value = line.partition(": ")
            if name == "id":
                position = value
            elif name == "data":
                told.append({**orjson.loads(value), "position": position})


async def test_a_bulk_is_paid_told_as_it_happens_and_exported(
    http: httpx.AsyncClient, alice: Person, bob: Person
) -> None:
    await alice.top_up("1000.00")
    told: list[dict[str, Any]] = []
    opened = asyncio.Event()
    listening = spawn(listen(bob, told, opened=opened), "listener")
    await asyncio.wait_for(opened.wait(), 10)
    first = await alice.create(bob, "1.00")
    await eventually(lambda: asyncio.sleep(0, told), bool)
    lines = ["payee_username,amount,description"]
    lines += [f'{bob.username},2.50,"=Row {n}, ""May"""' for n in range(20)]
    lines += ["nobody-of-that-name,1.00,"]
    sent = await http.post(
        "/v1/payments/bulk",
        content="\r\n".join(lines),
        headers={**alice.headers, "Content-Type": "text/csv", "Idempotency-Key": "may"},
    )
    assert sent.status_code == 202, sent.text

    async def look() -> dict[str, Any]:
        found: dict[str, Any] = (await alice.get(sent.headers["location"])).json()
        return found

    bulk = await eventually(look, lambda found: found["status"] == "done", within=30)
    assert (bulk["counts"]["paid"], bulk["counts"]["refused"]) == (20, 1)

    def paid() -> list[dict[str, Any]]:
        return [one for one in told if one["status"] == "paid"]

    await eventually(lambda: asyncio.sleep(0, paid()), lambda found: len(found) == 20)
    await stop([listening])
    missed: list[dict[str, Any]] = []
    again = spawn(listen(bob, missed, last=told[0]["position"]), "listener")
    await eventually(lambda: asyncio.sleep(0, missed), lambda found: len(found) >= len(told) - 1)
    await stop([again])
    assert {one["payment_id"] for one in told[1:]} <= {one["payment_id"] for one in missed}
    file = await bob.get("/v1/payments/export.csv", direction="in", status="paid")
    rows = list(csv.DictReader(io.StringIO(file.text, newline="")))
    assert len(rows) == 20
    assert {(row["amount"], row["description"][:5]) for row in rows} == {("2.50", "'=Row")}
    assert (await alice.payment(first["id"]))["status"] == "created"


async def test_a_malformed_file_names_line_and_column_and_stores_nothing(alice: Person) -> None:
    answer = await alice.http.post(
        "/v1/payments/bulk",
        content="payee_username,amount\nbob,1.00\nbob,much\n",
        headers={**alice.headers, "Content-Type": "text/csv"},
    )
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/line/3/amount"]
    assert (await alice.get("/v1/payments")).json()["items"] == []


async def test_everybody_sees_their_limits_and_only_admins_set_them(alice: Person) -> None:
    assert (await alice.get("/v1/payments/limits")).json()["limits"][0]["per_day"] is None
    path = f"/v1/payments/limits/{alice.user_id}"
    answer = await alice.http.put(path, json={"limits": []}, headers=alice.headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
