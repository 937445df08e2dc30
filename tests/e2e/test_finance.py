"""What people see of their finances through the gateway, beside what the specification asks for."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from deploy.stack import Stack

from testkit.keepers import CATEGORIES, Json, Keeper
from testkit.people import Person, eventually

FINANCE = "/v1/finance"
MIB = 1024 * 1024
BANK = """Выписка по счёту 40817
Дата операции;Сумма операции;Описание
05.03.2026;-1\u00a0234,50;Пятёрочка
31.03.2026;90\u00a0000,00;Зарплата
32.03.2026;-1,00;Такого дня нет
"""


async def made(person: Person, noun: str, **body: Any) -> Json:
    answer = await person.post(f"{FINANCE}/{noun}", body)
    assert answer.status_code == 201, answer.text
    added: Json = answer.json()
    return added


async def movements(person: Person, count: int) -> list[Json]:
    """Return what the wallet has moved once so much of it is booked, the latest first."""

    async def look() -> list[Json]:
        items = (await person.get("/transactions")).json()["items"]
        return [one for one in items if one["is_linked"]]

    return await eventually(look, lambda found: len(found) == count)


async def test_what_the_wallet_moves_appears_by_itself_sorted_by_what_was_bought(
    alice: Person, bob: Person, keeper: Keeper
) -> None:
    sound = await keeper.make(CATEGORIES, name="Звук", slug=keeper.slug("sound"))
    product = await keeper.product("30.00", 1, category_id=sound["id"])
    music = await made(alice, "categories", name="Music", type="expense")
    gifts = await made(alice, "categories", name="Gifts", type="expense")
    await made(alice, "rules", category_id=music["id"], product_category=sound["slug"])
    await made(alice, "rules", category_id=gifts["id"], payee_id=bob.user_id)
    await alice.top_up("100.00")
    assert (await alice.buy(product)).status_code == 201
    await alice.pay((await alice.create(bob, "20.00"))["id"], wait=10)
    await movements(alice, 3)

    async def sorted_ones() -> list[tuple[Any, ...]]:
        told = ("type", "amount", "category_id")
        return [tuple(one[name] for name in told) for one in await movements(alice, 3)]

    # An order is told apart from its payment, before or after it.
    found = await eventually(sorted_ones, lambda rows: rows[1][2] is not None)
    assert found == [
        ("expense", "20.00", gifts["id"]),
        ("expense", "30.00", music["id"]),
        ("income", "100.00", None),
    ]
    [linked] = (await alice.get("/accounts")).json()["items"]
    wallet = await alice.wallet()
    assert (linked["wallet_id"], linked["balance"]) == (wallet["id"], wallet["balance"])
    booked = await alice.post("/transactions", {"account_id": linked["id"], "amount": "1.00"})
    assert (booked.status_code, booked.json()["code"]) == (409, "account_linked")


async def test_a_budget_that_is_reached_is_a_notice(alice: Person) -> None:
    cash = await made(alice, "accounts", name="Cash")
    food = await made(alice, "categories", name="Food", type="expense")
    await made(alice, "budgets", category_id=food["id"], amount="100.00", month="2026-03")
    spent = {"account_id": cash["id"], "category_id": food["id"], "amount": "85.00"}
    await made(alice, "transactions", **spent, date="2026-03-05")

    async def notices() -> list[Json]:
        items = (await alice.get("/v1/notifications")).json()["items"]
        return [one for one in items if one["kind"] == "budget_nearly_used"]

    [notice] = await eventually(notices, bool)
    assert (notice["amount"], notice["currency"]) == ("85.00", "RUB")
    assert "Food" in notice["text"]


async def test_a_banks_file_is_looked_at_booked_and_not_booked_again(
    http: httpx.AsyncClient, alice: Person
) -> None:
    cash = await made(alice, "accounts", name="Card")
    headers = alice.headers | {"Content-Type": "text/csv", "Accept-Language": "ru"}

    async def checked() -> Json:
        handed_in = await http.post(
            f"{FINANCE}/imports",
            params={"account_id": cash["id"]},
            content=BANK.encode("cp1251"),
            headers=headers,
        )
        assert handed_in.status_code == 202, handed_in.text
        return await ended(handed_in.headers["location"], "checked")

    async def ended(path: str, status: str) -> Json:
        async def look() -> Json:
            found: Json = (await alice.get(path)).json()
            return found

        return await eventually(look, lambda one: one["status"] in {status, "failed"}, within=30)

    found = await checked()
    assert (found["encoding"], found["delimiter"]) == ("cp1251", ";"), found
    assert (found["counts"]["new"], found["counts"]["faulty"]) == (2, 1)
    assert [one["line"] for one in found["faults"]] == [5]
    path = f"{FINANCE}/imports/{found['id']}"
    assert (await alice.post(f"{path}/book")).status_code == 202
    assert (await ended(path, "booked"))["counts"]["booked"] == 2
    account = (await alice.get(f"/accounts/{cash['id']}")).json()
    assert account["balance"]["amount"] == "88765.50"
    again = await checked()
    assert (again["counts"]["new"], again["counts"]["known"]) == (0, 2)


def held(stack: Stack, service: str) -> int:
    """Return the most MiB that a service has held so far."""
    identity = stack.processes.identity_of(service)
    assert identity is not None
    status = Path(f"/proc/{identity.pid}/status").read_text(encoding="ascii")
    [most] = re.findall(r"VmHWM:\s+(\d+) kB", status)
    return int(most) // 1024


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux tells it there")
async def test_an_upload_of_a_hundred_mebibytes_is_refused_and_held_by_nobody(
    stack: Stack, http: httpx.AsyncClient, alice: Person
) -> None:
    cash = await made(alice, "accounts", name="Card")

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * MIB

    async def refused(content: bytes | AsyncIterator[bytes]) -> tuple[int, str]:
        answer = await http.post(
            f"{FINANCE}/imports",
            params={"account_id": cash["id"]},
            content=content,
            headers=alice.headers | {"Content-Type": "text/csv"},
        )
        return answer.status_code, answer.json()["code"]

    before = {service: held(stack, service) for service in ("gateway", "finance")}
    assert await refused(b"x" * (100 * MIB)) == (413, "body_too_large")
    assert await refused(pieces()) == (413, "body_too_large")
    for service, most in before.items():
        assert held(stack, service) < most + 64, service
    assert (await alice.get(f"{FINANCE}/imports")).json()["items"] == []


async def test_an_export_is_followed_through_the_gateway(alice: Person) -> None:
    ordered = await alice.post(f"{FINANCE}/exports", {"format": "xlsx"})
    assert ordered.status_code == 202, ordered.text
    path = f"{ordered.headers['location']}/events"
    async with (
        asyncio.timeout(30),  # it ends with the export
        alice.http.stream("GET", path, headers=alice.headers) as answer,
    ):
        assert answer.status_code == 200
        lines = [line async for line in answer.aiter_lines() if line.startswith("data: ")]
    told = [orjson.loads(line.removeprefix("data: ")) for line in lines]
    assert told[-1]["status"] == "done", told[-1]
    assert told[-1]["url"] is not None


async def test_pictures_pass_the_gateway_and_are_sent_once(alice: Person) -> None:
    for name in ("series", "by-category", "net-worth"):
        path = f"{FINANCE}/reports/{name}.svg"
        drawn = await alice.get(path)
        assert (drawn.status_code, drawn.headers["content-type"]) == (200, "image/svg+xml")
        assert drawn.headers["x-cache"] == "miss"
        known = alice.headers | {"If-None-Match": drawn.headers["etag"]}
        again = await alice.http.get(path, headers=known)
        assert (again.status_code, again.content) == (304, b"")
