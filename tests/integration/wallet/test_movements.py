"""What wallets have moved, as the service that keeps books reads on in it."""

import asyncio
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec.structs import replace
from tests.integration.wallet.world import World, capture, code, place, transfer

from contracts.wallet import SHOP
from kit.db.tail import Tail, TailPage
from kit.ids import new_id
from testkit.databases import Cluster
from wallet.domain.commands import Party, Transfer
from wallet.repository import movements as sql
from wallet.repository.ledger import Ledger
from wallet.service.postings import settle

Json = dict[str, Any]
SIDES = ("payer", "payee")


def movements(transfers: list[Json], accounts: list[Json]) -> list[Json]:
    """Return the entries of transfers as they come, each with what its ids name."""
    by_id = {one["id"]: one for one in accounts}
    found = []
    for about in transfers:
        entries, sides = about.pop("entries"), [about[f"{one}_account_id"] for one in SIDES]
        assert entries
        for one in entries:
            [other] = [side for side in sides if side != one["account_id"]]
            named = {"account": by_id[one["account_id"]], "counterparty": by_id[other]}
            found.append({**one, **named, "transfer": about})
    return found


class Reader:
    """Reads on with a Tail, as the service does that keeps books."""

    def __init__(self, world: World, *, after: int = 0, limit: int = 1000) -> None:
        self.world = world
        self.tail = Tail(after)
        self.limit = limit

    async def read(self) -> list[Json]:
        """Return the movements of the next page."""
        gaps = ",".join(f"{first}-{last}" for first, last in self.tail.gaps)
        query = {"after": self.tail.taken_to, "limit": self.limit}
        answer = await self.world.service_client("finance").get(
            "/internal/movements", **query, **({"gaps": gaps} if gaps else {})
        )
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found = movements(page.pop("transfers"), page.pop("accounts"))
        self.tail.took(TailPage(page.pop("positions"), **page), now=0.0)
        return found

    async def to_the_end(self) -> list[Json]:
        """Return the movements of all pages that are left, once none can come before them.

        A transaction of any other database of the cluster may be waited for.
        """
        found: list[Json] = []
        while (page := await self.read()) or not self.tail.is_settled:
            found += page
            await asyncio.sleep(0.01)
        return found


async def test_a_movement_says_whose_it_is_what_for_and_who_is_at_the_other_end(
    world: World,
) -> None:
    alice, bob = await world.person("10.00"), await world.person()
    await world.ask(
        made := transfer(alice, bob, 300, description="Tea", purpose=f"service:{new_id()}")
    )
    topped_up, paid, earned = await Reader(world).read()
    assert (topped_up["transfer"]["kind"], topped_up["counterparty"]["kind"]) == (
        "top_up",
        "external",
    )
    assert topped_up["counterparty"]["owner_id"] is None
    assert [one["account"]["owner_id"] for one in (paid, earned)] == [str(alice), str(bob)]
    assert [one["counterparty"]["owner_id"] for one in (paid, earned)] == [str(bob), str(alice)]
    assert paid["counterparty"]["id"] == earned["account"]["id"]
    assert [one["seq"] for one in (topped_up, paid, earned)] == [1, 2, 1]
    assert [one["amount_minor"] for one in (paid, earned)] == [-300, 300]
    assert [one["balance_after_minor"] for one in (paid, earned)] == [700, 300]
    assert (
        paid["transfer"]
        == earned["transfer"]
        == {
            "id": str(made.transfer_id),
            "kind": "payment",
            "reference": "test",
            "description": "Tea",
            "purpose": made.purpose,
            "posted_at": paid["transfer"]["posted_at"],
            "payer_account_id": paid["account"]["id"],
            "payee_account_id": earned["account"]["id"],
        }
    )
    assert datetime.fromisoformat(paid["transfer"]["posted_at"]).tzinfo is not None


async def test_captures_keep_their_purpose_too(world: World) -> None:
    alice, bob = await world.person("10.00"), await world.person()
    await world.ask(placed := place(alice))
    await world.ask(replace(capture(placed, bob), purpose="service:x"))
    found = await Reader(world).read()
    assert [one["transfer"]["purpose"] for one in found] == [None, "service:x", "service:x"]


async def test_pages_follow_one_another_and_the_houses_entries_only_count(world: World) -> None:
    alice = await world.person("10.00")
    made = [transfer(alice, await world.person(), 10) for _ in range(5)]
    for one in reversed(made):
        await world.ask(one)
    reader = Reader(world, limit=3)
    pages = [await reader.read() for _ in range(4)]
    assert [len(page) for page in pages] == [2, 3, 3, 3]  # the top-up's other side is no wallet
    assert await reader.to_the_end() == []
    assert reader.tail.after == await world.count("entry")
    positions = [one["position"] for page in pages for one in page]
    assert positions == sorted(set(positions))


async def test_merchants_accounts_move_nothing_here(world: World) -> None:
    alice = await world.person("10.00")
    await world.ask(transfer(alice, SHOP, 300))
    assert [one["account"]["owner_id"] for one in await Reader(world).read()] == [str(alice)] * 2


async def test_what_commits_late_is_read_late_and_passed_by_nobody(world: World) -> None:
    people = alice, bob, carol, dave = [await world.person("10.00") for _ in range(4)]
    wallets = {one: await _wallet_of(world, one) for one in people}
    reader = Reader(world)
    await reader.to_the_end()
    before = reader.tail.after
    async with world.database.unit_of_work() as late:
        await settle(late, [_given(wallets, alice, bob)])
        await Ledger(late).write_now()
        async with world.database.unit_of_work() as soon:
            await settle(soon, [_given(wallets, carol, dave)])
        assert _owners(await reader.read()) == [carol, dave]
        assert (reader.tail.after, reader.tail.gaps) == (before, [(before + 1, before + 2)])
        assert await reader.read() == []
    assert _owners(await reader.read()) == [alice, bob]
    assert await reader.to_the_end() == []
    assert reader.tail.after == before + 4


async def test_a_wallets_movements_are_read_by_their_own_numbers(world: World) -> None:
    alice, bob = await world.person("10.00"), await world.person()
    made = [transfer(alice, bob, 10) for _ in range(20)]
    for one in reversed(made):  # the order of their ids is another than that of the numbers
        await world.ask(one)
    client, path = world.service_client("finance"), await _wallet_of(world, alice)
    where = f"/internal/wallets/{path}/movements"
    answer = (await client.get(where, after_seq=1, limit=15)).json()
    assert [one["seq"] for one in movements(**answer)] == list(range(2, 17))
    rest = movements(**(await client.get(where, after_seq=16)).json())
    assert [one["seq"] for one in rest] == list(range(17, 22))
    assert rest[-1]["balance_after_minor"] == 800
    nobody = await client.get(f"/internal/wallets/{new_id()}/movements")
    assert nobody.json() == {"transfers": [], "accounts": []}


async def test_a_table_that_has_grown_since_it_was_analyzed_is_not_compared_with_every_id(
    world: World, cluster: Cluster
) -> None:
    alice, bob = await world.person("10.00"), await world.person()
    await world.ask(*(transfer(alice, bob, 1) for _ in range(40)))
    await cluster.as_superuser("ANALYZE wallet.transfer, wallet.account")
    asked = [new_id() for _ in range(100)]
    async with world.database.read() as connection:
        for statement in (sql._TRANSFERS, sql._ACCOUNTS):
            plan = str(await connection.fetch(f"EXPLAIN {statement}", asked))
            assert "Scan on" in plan
            assert "= ANY" not in plan, plan


async def test_all_wallets_are_read_with_their_balances_in_the_order_of_their_ids(
    world: World,
) -> None:
    people = [await world.person(f"{number}.00") for number in (1, 2, 3)]
    await world.ask(transfer(people[2], SHOP, 100))
    client = world.service_client("finance")
    first = (await client.get("/internal/wallets", limit=2)).json()["items"]
    rest = (await client.get("/internal/wallets", after=first[-1]["id"])).json()["items"]
    assert [one["id"] for one in first + rest] == sorted(one["id"] for one in first + rest)
    found = {one["owner_id"]: (one["seq"], one["balance_minor"]) for one in first + rest}
    assert found == {str(people[0]): (1, 100), str(people[1]): (1, 200), str(people[2]): (2, 200)}
    entries = await world.rows("SELECT account_id, position FROM entry WHERE seq = 1")
    positions = {str(account): position for account, position in entries}
    assert all(one["first_position"] == positions[one["id"]] for one in first + rest)
    unmoved = await world.caller().post("/v1/wallets", {"currency": "RUB", "name": "Savings"})
    listed = (await client.get("/internal/wallets")).json()["items"]
    [empty] = [one for one in listed if one["id"] == unmoved.json()["id"]]
    assert (empty["seq"], empty["first_position"]) == (0, None)


async def test_only_services_read_movements_and_gaps_have_their_form(world: World) -> None:
    alice = world.caller(admin=True)
    for path in ("/internal/movements", f"/internal/wallets/{new_id()}/movements"):
        assert code(await alice.get(path)) == (403, "forbidden")
    client = world.service_client("finance")
    for gaps in ("1", "1-2,", "a-b", ",".join(["1-2"] * 5001)):
        assert (await client.get("/internal/movements", gaps=gaps)).status_code == 422


def _owners(movements: list[Json]) -> list[UUID]:
    return [UUID(one["account"]["owner_id"]) for one in movements]


def _given(wallets: dict[UUID, UUID], payer: UUID, payee: UUID) -> Transfer:
    accounts = [Party(one, wallets[one]) for one in (payer, payee)]
    return Transfer(new_id(), new_id(), *accounts, 100, "RUB", "test", "payment", None)


async def _wallet_of(world: World, owner: UUID) -> UUID:
    row = await world.row("SELECT id FROM account WHERE owner_id = $1", owner)
    found: UUID = row["id"]
    return found
