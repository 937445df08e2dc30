"""A wallet's past over HTTP: entries, the balance at a time, statements; always as cheap."""

import csv
import io
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.integration.wallet.world import Caller, World, code, transfer

from kit.ids import new_id
from wallet.repository.history import History

Json = dict[str, Any]


@pytest.fixture
async def alice(world: World) -> Caller:
    """Somebody with entries of 10.00, -1.00, 2.00 and -3.00 RUB, at times of their own."""
    alice, bob = world.caller(), await world.person("100.00")
    await alice.top_up("10.00")
    await world.ask(transfer(alice.user_id, bob, 100, description="=cmd|' /C calc'!A0"))
    await world.ask(transfer(bob, alice.user_id, 200, description="Обед"))
    await world.ask(transfer(alice.user_id, bob, 300))
    return alice


async def path_of(alice: Caller) -> str:
    return f"/v1/wallets/{(await alice.get('/v1/wallets/me')).json()['id']}"


async def entries(alice: Caller, **query: Any) -> list[Json]:
    answer = await alice.get(f"{await path_of(alice)}/entries", **query)
    assert answer.status_code == 200, answer.text
    items: list[Json] = answer.json()["items"]
    return items


async def test_entries_come_newest_first_with_the_balance_after_each(alice: Caller) -> None:
    found = await entries(alice)
    assert [(one["seq"], one["amount"], one["balance_after"], one["kind"]) for one in found] == [
        (4, "-3.00", "8.00", "payment"),
        (3, "2.00", "11.00", "payment"),
        (2, "-1.00", "9.00", "payment"),
        (1, "10.00", "10.00", "top_up"),
    ]
    assert found[1]["description"] == "Обед"
    assert found[3]["reference"] == "sandbox"
    assert {one["currency"] for one in found} == {"RUB"}


async def test_pages_of_entries_join_without_gap_or_overlap(alice: Caller, world: World) -> None:
    whole, path = await entries(alice), await path_of(alice)
    seen: list[Json] = []
    query: Json = {"limit": 3}
    while True:
        page = (await alice.get(f"{path}/entries", **query)).json()
        seen += page["items"]
        await alice.top_up("1.00")  # new entries do not shift the pages that follow
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert seen == whole
    other = await alice.get(f"{path}/entries", **query, from_="2026-01-01T00:00:00Z")
    assert code(other) == (400, "cursor_invalid")


async def test_a_period_begins_with_its_first_moment_and_ends_before_its_last(
    alice: Caller,
) -> None:
    times = [one["posted_at"] for one in reversed(await entries(alice))]
    middle = await entries(alice, from_=times[1], to=times[3])
    assert [one["seq"] for one in middle] == [3, 2]
    assert [one["seq"] for one in await entries(alice, from_=times[3])] == [4]
    assert [one["seq"] for one in await entries(alice, to=times[0])] == []


@pytest.mark.parametrize(
    ("query", "refused"),
    [
        ({"from_": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, "period_invalid"),
        ({"from_": "2026-01-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, "period_invalid"),
        ({"from_": "2026-01-01T00:00:00"}, "validation_failed"),
        ({"from_": "yesterday"}, "validation_failed"),
        ({"to": "0001-01-01T00:00:00+05:00"}, "validation_failed"),
        ({"to": "9999-12-31T23:59:59-05:00"}, "validation_failed"),
    ],
)
async def test_a_period_that_is_none_is_refused(alice: Caller, query: Json, refused: str) -> None:
    path = await path_of(alice)
    for what in ("entries", "statement"):
        assert code(await alice.get(f"{path}/{what}", **query)) == (422, refused)


async def test_the_balance_at_a_time_is_what_had_been_posted_by_then(alice: Caller) -> None:
    path = await path_of(alice)

    async def at(moment: str) -> str:
        answer = await alice.get(f"{path}/balance", at=moment)
        amount: str = answer.json()["balance"]["amount"]
        return amount

    for one in await entries(alice):
        assert await at(one["posted_at"]) == one["balance_after"]
    first = datetime.fromisoformat((await entries(alice))[-1]["posted_at"])
    assert await at((first - timedelta(microseconds=1)).isoformat()) == "0.00"
    assert await at("1970-01-01T00:00:00Z") == "0.00"
    assert await at("2999-01-01T00:00:00Z") == "8.00"
    assert (await alice.get(f"{path}/balance")).json()["balance"] == {
        "amount": "8.00",
        "currency": "RUB",
    }


async def test_a_statement_leads_from_its_opening_to_its_closing_balance(alice: Caller) -> None:
    times = [one["posted_at"] for one in reversed(await entries(alice))]
    path = await path_of(alice)
    found = (await alice.get(f"{path}/statement", from_=times[1], to=times[3])).json()
    assert found["opening_balance"] == {"amount": "10.00", "currency": "RUB"}
    assert found["closing_balance"] == {"amount": "11.00", "currency": "RUB"}
    assert [one["amount"] for one in found["items"]] == ["-1.00", "2.00"]
    assert (found["from_at"], found["to_at"]) == (times[1], times[3])
    whole = (await alice.get(f"{path}/statement")).json()
    assert whole["opening_balance"]["amount"] == "0.00"
    assert whole["closing_balance"]["amount"] == "8.00"
    assert [one["seq"] for one in whole["items"]] == [1, 2, 3, 4]


async def test_a_statement_as_csv_is_the_same_and_runs_nothing(alice: Caller) -> None:
    path = await path_of(alice)
    answer = await alice.get(f"{path}/statement", format="csv")
    assert answer.headers["content-type"] == "text/csv; header=present; charset=utf-8"
    assert answer.headers["content-disposition"].startswith('attachment; filename="wallet-1')
    assert answer.text.count("\r\n") == answer.text.count("\n") == 7
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert [(row["kind"], row["amount"], row["balance_after"]) for row in rows] == [
        ("opening_balance", "", "0.00"),
        ("top_up", "10.00", "10.00"),
        ("payment", "-1.00", "9.00"),
        ("payment", "2.00", "11.00"),
        ("payment", "-3.00", "8.00"),
        ("closing_balance", "", "8.00"),
    ]
    assert rows[2]["description"] == "'=cmd|' /C calc'!A0"


async def _many(world: World, alice: UUID, bob: UUID, count: int) -> None:
    for at in range(0, count, 200):
        batch = [transfer(alice, bob, 1) for _ in range(min(200, count - at))]
        await world.worker.handle([world.pack(*batch)])


async def test_pages_balances_and_statements_cost_the_same_with_ten_thousand_entries(
    world: World,
) -> None:
    alice, bob = world.caller(), new_id()
    await alice.top_up("1000.00")
    await _many(world, alice.user_id, bob, 10)
    path = await path_of(alice)
    moment = (await entries(alice, limit=1))[0]["posted_at"]

    async def cost() -> list[int]:
        counts = []
        for what in (
            "",
            "/entries",
            "/balance",
            f"/balance?at={moment}",
            f"/statement?to={moment}",
        ):
            before = world.database.statements
            assert (await alice.get(f"{path}{what}")).status_code == 200
            counts.append(world.database.statements - before)
        return counts

    few = await cost()
    await _many(world, alice.user_id, bob, 10_000)
    assert await cost() == few
    assert max(few) <= 6
    whole = await alice.get(f"{path}/statement")
    assert code(whole) == (422, "statement_too_long")
    written = (await alice.get(f"{path}/statement", format="csv")).text
    numbers = [row["seq"] for row in csv.DictReader(io.StringIO(written, newline=""))]
    assert numbers == ["", *map(str, range(1, 10_012)), ""]


async def test_times_are_found_among_entries_of_one_moment(world: World) -> None:
    alice, bob = await world.fund(new_id()), await world.person("1000.00")
    owner = (await world.row("SELECT owner_id FROM account WHERE id = $1", alice))[0]
    for size in (1, 7, 1, 30, 2):
        await world.ask(*(transfer(bob, owner, 1) for _ in range(size)))
    rows = await world.rows("SELECT posted_at FROM entry WHERE account_id = $1", alice)
    moments = sorted(row[0] for row in rows)
    tick = timedelta(microseconds=1)
    async with world.database.read() as connection:
        history = History(connection)
        for moment in {m + by for m in moments for by in (-tick, timedelta(), tick)}:
            before = await history.entries_before(alice, moment)
            through = await history.entries_before(alice, moment, inclusive=True)
            assert before == sum(one < moment for one in moments)
            assert through == sum(one <= moment for one in moments)


class TestTransfers:
    """What a service is told of a transfer that it caused."""

    async def test_its_entries_are_found_on_the_accounts_that_are_named(
        self, alice: Caller, world: World
    ) -> None:
        bob = await world.person("5.00")
        moves = [transfer(alice.user_id, bob, 1 + index) for index in range(5)]
        await world.ask(*moves)  # all at one time
        accounts = await world.rows(
            "SELECT id, owner_id FROM account WHERE owner_id = ANY($1)", [alice.user_id, bob]
        )
        ids = {row["owner_id"]: row["id"] for row in accounts}
        named = ",".join(str(one) for one in ids.values())
        for move in moves:
            path = f"/internal/transfers/{move.transfer_id}"
            found = (await world.service_client().get(path, accounts=named)).json()
            assert (found["kind"], found["currency"]) == ("payment", "RUB")
            assert {
                (one["account_id"], one["owner_id"], one["amount_minor"])
                for one in found["entries"]
            } == {
                (str(ids[alice.user_id]), str(alice.user_id), -move.amount_minor),
                (str(ids[bob]), str(bob), move.amount_minor),
            }
            mine = await world.row(
                "SELECT seq FROM entry WHERE account_id = $1 AND transfer_id = $2",
                ids[alice.user_id],
                move.transfer_id,
            )
            assert mine["seq"] in {one["seq"] for one in found["entries"]}
            alone = await world.service_client().get(path, accounts=str(ids[bob]))
            [entry] = alone.json()["entries"]
            assert entry["owner_id"] == str(bob)

    async def test_what_is_not_there_has_none(self, alice: Caller, world: World) -> None:
        move = transfer(alice.user_id, await world.person())
        await world.ask(move)
        path = f"/internal/transfers/{move.transfer_id}"
        strange = await world.service_client().get(path, accounts=str(new_id()))
        assert (strange.status_code, strange.json()["entries"]) == (200, [])
        missing = f"/internal/transfers/{new_id()}"
        assert code(await world.service_client().get(missing, accounts=str(new_id())))[0] == 404
        for accounts in ("", "x", ",".join(str(new_id()) for _ in range(5)), "-" * 36):
            answer = await world.service_client().get(path, accounts=accounts)
            assert code(answer) == (422, "validation_failed")
        assert code(await alice.get(path, accounts=str(new_id()))) == (403, "forbidden")
