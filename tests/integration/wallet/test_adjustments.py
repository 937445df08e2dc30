"""Money moved by hand: foreseen, proposed, confirmed by another administrator, once."""

import asyncio
from collections import Counter
from typing import Any

import pytest
from asyncpg.exceptions import PostgresError
from tests.integration.wallet.test_bank_credits import tell
from tests.integration.wallet.test_closed_owners import close
from tests.integration.wallet.world import Caller, World, code, place, transfer

from contracts.wallet import FundsMoved
from kit.ids import new_id
from testkit.pump import sent

Json = dict[str, Any]
PATH = "/v1/ledger/adjustments"
SUSPENSE = {"house": "suspense", "provider": "bank"}


def body(payer: Json, payee: Json, amount: str = "100.00", **more: Any) -> Json:
    given = {"amount": amount, "currency": "RUB", "reason": "Found the owner, case 117"}
    return {"from": payer, "to": payee, **given, **more}


async def proposed(root: Caller, payer: Json, payee: Json, amount: str = "100.00") -> str:
    answer = await root.post(PATH, body(payer, payee, amount))
    assert answer.status_code == 201, answer.text
    assert answer.json()["status"] == "pending"
    found: str = answer.headers["location"]
    return found


@pytest.fixture
def root(world: World) -> Caller:
    return world.caller(admin=True)


@pytest.fixture
def second(world: World) -> Caller:
    return world.caller(admin=True)


@pytest.fixture
async def alice(world: World) -> Caller:
    """Somebody with an empty wallet, while 150.00 of a bank's wait in suspense."""
    await tell(world, wallet_id=str(new_id()))
    return world.caller()


async def wallet_of(caller: Caller) -> Json:
    found: Json = (await caller.get("/v1/wallets/me")).json()
    return found


async def test_another_administrator_confirms_and_the_money_moves_once(
    world: World, alice: Caller, root: Caller, second: Caller
) -> None:
    wallet = await wallet_of(alice)
    made = await proposed(root, SUSPENSE, {"wallet_id": wallet["id"]})
    assert await world.figures(alice.user_id) == (0, 0)
    assert code(await root.post(f"{made}/confirm")) == (403, "adjustment_needs_another")
    await world.empty_outbox()
    answers = await asyncio.gather(*(second.post(f"{made}/confirm") for _ in range(6)))
    assert Counter(answer.status_code for answer in answers) == {200: 6}
    (transfer_id,) = {answer.json()["transfer_id"] for answer in answers}
    assert await world.figures(alice.user_id) == (10_000, 0)
    (moved,) = await sent(world.database, FundsMoved)
    assert isinstance(moved.message, FundsMoved)
    assert (moved.message.kind, moved.message.description) == (
        "adjustment",
        "Found the owner, case 117",
    )
    found = (await root.get(made)).json()
    assert (found["status"], found["transfer_id"]) == ("posted", transfer_id)
    assert (found["proposed_by"], found["decided_by"]) == (str(root.user_id), str(second.user_id))
    for late in (
        await root.post(f"{made}/confirm"),
        await world.caller(admin=True).post(f"{made}/confirm"),
        await second.post(f"{made}/reject"),
    ):
        assert code(late) == (409, "adjustment_decided")
    await world.check_ledger()


async def test_a_dry_run_shows_entries_and_balances_and_writes_nothing(
    world: World, alice: Caller, root: Caller
) -> None:
    wallet = await wallet_of(alice)
    before = [await world.count(name) for name in ("account", "entry", "adjustment")]
    answer = await root.post(
        PATH, body({"wallet_id": wallet["id"]}, {"house": "fees"}, dry_run=True)
    )
    assert code(answer) == (409, "adjustment_impossible")
    assert answer.json()["errors"][0]["code"] == "insufficient_funds"
    answer = await root.post(PATH, body(SUSPENSE, {"wallet_id": wallet["id"]}, dry_run=True))
    assert answer.status_code == 200
    assert [
        (one["kind"], one["balance_before"], one["balance_after"])
        for one in answer.json()["entries"]
    ] == [("suspense", "150.00", "50.00"), ("wallet", "0.00", "100.00")]
    after = [await world.count(name) for name in ("account", "entry", "adjustment")]
    assert before == after


async def test_a_refused_confirmation_can_be_repeated_once_the_money_is_there(
    world: World, alice: Caller, root: Caller, second: Caller
) -> None:
    wallet = await wallet_of(alice)
    made = await proposed(root, {"wallet_id": wallet["id"]}, {"house": "fees"})
    refused = await second.post(f"{made}/confirm", headers={"Accept-Language": "ru"})
    assert code(refused) == (409, "adjustment_impossible")
    assert refused.json()["errors"][0]["code"] == "insufficient_funds"
    assert "недостаточно" in refused.json()["detail"]
    assert (await root.get(made)).json()["status"] == "pending"
    await alice.top_up("100.00")
    await root.post(f"/v1/wallets/{wallet['id']}/freeze")
    assert (await second.post(f"{made}/confirm")).status_code == 200
    assert await world.figures(alice.user_id) == (0, 0)
    (fees,) = (await root.get("/v1/ledger/accounts", house="fees")).json()["items"]
    assert fees["balance"]["amount"] == "100.00"
    # Fees give what they have and no more; what is held is not taken either.
    back = await proposed(root, {"house": "fees"}, {"wallet_id": wallet["id"]}, "100.01")
    assert code(await second.post(f"{back}/confirm")) == (409, "adjustment_impossible")
    await world.check_ledger()


@pytest.mark.parametrize("house", ["fees", "suspense"])
async def test_money_goes_to_an_account_of_the_house_that_nobody_needed_before(
    world: World, root: Caller, second: Caller, house: str
) -> None:
    alice = world.caller()
    wallet = await alice.top_up("100.00")
    sides = {"wallet_id": wallet["id"]}, {"house": house}
    before = await world.count("account")
    assert (await root.post(PATH, body(*sides, dry_run=True))).status_code == 200
    assert await world.count("account") == before
    made = await proposed(root, *sides)
    assert (await second.post(f"{made}/confirm")).status_code == 200
    (there,) = (await root.get("/v1/ledger/accounts", house=house)).json()["items"]
    assert there["balance"]["amount"] == "100.00"
    await world.check_ledger()


async def test_what_is_held_is_not_taken_by_hand(world: World, root: Caller) -> None:
    alice = world.caller()
    wallet = await alice.top_up("100.00")
    await world.ask(place(alice.user_id, 1))
    answer = await root.post(
        PATH, body({"wallet_id": wallet["id"]}, {"house": "fees"}, dry_run=True)
    )
    assert code(answer) == (409, "adjustment_impossible")


async def test_a_rejected_or_expired_one_is_never_posted(
    world: World, alice: Caller, root: Caller, second: Caller
) -> None:
    wallet = await wallet_of(alice)
    rejected = await proposed(root, SUSPENSE, {"wallet_id": wallet["id"]})
    for _ in range(2):
        assert (await root.post(f"{rejected}/reject")).json()["status"] == "rejected"
    assert code(await second.post(f"{rejected}/confirm")) == (409, "adjustment_decided")
    expired = await proposed(root, SUSPENSE, {"wallet_id": wallet["id"]})
    async with world.database.unit_of_work() as uow:
        await uow.execute("UPDATE adjustment SET expires_at = created_at")
    for verb in ("confirm", "reject"):
        assert code(await second.post(f"{expired}/{verb}")) == (409, "adjustment_expired")
    assert await world.figures(alice.user_id) == (0, 0)

    async def listed(**query: Any) -> list[str]:
        items = (await second.get(PATH, **query)).json()["items"]
        return [f"{PATH}/{one['id']}" for one in items]

    assert await listed() == [expired, rejected]
    assert await listed(status="expired") == [expired]
    assert await listed(status="rejected") == [rejected]
    assert await listed(status="pending") == []
    first = (await second.get(PATH, limit=1)).json()
    rest = (await second.get(PATH, limit=1, cursor=first["next_cursor"])).json()
    assert [f"{PATH}/{one['id']}" for one in rest["items"]] == [rejected]


async def test_money_of_a_deleted_owner_is_paid_out_from_suspense(
    world: World, root: Caller, second: Caller
) -> None:
    gone, payer = new_id(), await world.person("100.00")
    await close(world, gone)
    await world.ask(transfer(payer, gone, 10_000))
    heir = await wallet_of(world.caller())
    made = await proposed(root, {"house": "suspense"}, {"wallet_id": heir["id"]})
    assert (await second.post(f"{made}/confirm")).status_code == 200
    row = await world.row("SELECT balance_minor FROM account WHERE id = $1::text::uuid", heir["id"])
    assert row["balance_minor"] == 10_000
    await world.check_ledger()


async def test_nothing_is_moved_to_a_wallet_whose_owner_is_deleted(
    world: World, alice: Caller, root: Caller, second: Caller
) -> None:
    wallet = await wallet_of(alice)
    made = await proposed(root, SUSPENSE, {"wallet_id": wallet["id"]})
    await close(world, alice.user_id)
    assert code(await second.post(f"{made}/confirm")) == (409, "wallet_closed")
    assert (await root.get(made)).json()["status"] == "pending"


async def test_an_adjustment_pays_a_debt_off_and_the_dry_run_shows_it(
    world: World, root: Caller, second: Caller
) -> None:
    alice = world.caller()
    await world.ask(transfer(alice.user_id, new_id(), 6_000, is_owed=True))
    await tell(world, wallet_id=str(new_id()))
    wallet = await wallet_of(alice)
    sides = (SUSPENSE, {"wallet_id": wallet["id"]})
    seen = (await root.post(PATH, body(*sides, dry_run=True))).json()["entries"]
    assert [(one["transfer_kind"], one["kind"], one["amount"]) for one in seen] == [
        ("adjustment", "suspense", "-100.00"),
        ("adjustment", "wallet", "100.00"),
        ("debt_repayment", "wallet", "-60.00"),
        ("debt_repayment", "debts", "60.00"),
    ]
    await second.post(f"{await proposed(root, *sides)}/confirm")
    assert await world.figures(alice.user_id) == (4_000, 0)
    await world.check_ledger()


async def test_the_same_key_proposes_once(alice: Caller, root: Caller) -> None:
    wallet = await wallet_of(alice)
    key = {"Idempotency-Key": "case-117"}
    made = [
        await root.post(PATH, body(SUSPENSE, {"wallet_id": wallet["id"]}), key) for _ in range(2)
    ]
    assert made[0].json() == made[1].json()
    assert made[1].headers["idempotency-replayed"] == "true"


async def test_only_administrators_may(world: World, alice: Caller, root: Caller) -> None:
    wallet = await wallet_of(alice)
    made = await proposed(root, SUSPENSE, {"wallet_id": wallet["id"]})
    asked = body(SUSPENSE, {"wallet_id": wallet["id"]})
    for refused in (
        await alice.post(PATH, asked),
        await alice.get(PATH),
        await alice.get(made),
        await alice.post(f"{made}/confirm"),
        await alice.post(f"{made}/reject"),
    ):
        assert code(refused) == (403, "forbidden")
    for verb in ("confirm", "reject"):
        assert code(await root.post(f"{PATH}/{new_id()}/{verb}")) == (404, "not_found")
    assert code(await root.get(f"{PATH}/{new_id()}")) == (404, "not_found")


@pytest.mark.parametrize(
    ("changes", "pointer", "what"),
    [
        ({"from": {"house": "suspense", "provider": "bnak"}}, "/from", "account_unknown"),
        ({"from": {"house": "clearing", "provider": "nobody"}}, "/from", "account_unknown"),
        ({"to": {"wallet_id": str(new_id())}}, "/to", "account_unknown"),
        ({"currency": "USD"}, "/from", "account_unknown"),
        ({"from": {"house": "suspense"}}, "/from", "account_unknown"),
        ({"from": {"house": "debts"}}, "/from/house", "not_allowed"),
        ({"from": {"house": "clearing"}}, "/from", "exactly_one"),
        ({"from": {}}, "/from", "exactly_one"),
        ({"from": {"house": "fees", "wallet_id": str(new_id())}}, "/from", "exactly_one"),
        ({"amount": "0"}, "/amount", "amount_invalid"),
        ({"reason": ""}, "/reason", None),
        ({"reason": "a\nb"}, "/reason", None),
    ],
)
async def test_what_can_not_be_meant_is_refused_by_name(
    alice: Caller, root: Caller, changes: Json, pointer: str, what: str | None
) -> None:
    wallet = await wallet_of(alice)
    answer = await root.post(PATH, {**body(SUSPENSE, {"wallet_id": wallet["id"]}), **changes})
    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert fault["pointer"] == pointer
    assert what in {None, fault["code"]}


async def test_the_same_account_twice_is_refused(alice: Caller, root: Caller) -> None:
    wallet = await wallet_of(alice)
    side = {"wallet_id": wallet["id"]}
    answer = await root.post(PATH, body(side, side))
    assert code(answer) == (409, "adjustment_impossible")


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("status = 'posted'", "ck_adjustment_decided"),
        ("status = 'rejected'", "ck_adjustment_decided"),
        (
            "status = 'posted', decided_by = proposed_by, decided_at = now(), transfer_id = id",
            "ck_adjustment_two_eyes",
        ),
    ],
)
async def test_the_database_wants_two_eyes_too(
    world: World, alice: Caller, root: Caller, change: str, constraint: str
) -> None:
    wallet = await wallet_of(alice)
    await proposed(root, SUSPENSE, {"wallet_id": wallet["id"]})
    with pytest.raises(PostgresError, match=constraint):
        async with world.database.unit_of_work() as uow:
            await uow.execute(f"UPDATE adjustment SET {change}")


async def test_adjustments_are_listed_by_time_wallet_and_transfer(
    world: World, alice: Caller, root: Caller, second: Caller
) -> None:
    wallet, other = await wallet_of(alice), await wallet_of(world.caller())
    paths = [
        await proposed(root, SUSPENSE, {"wallet_id": one["id"]}, "1.00") for one in (wallet, other)
    ]
    first, later = [(await root.get(path)).json() for path in paths]
    transfer_id = (await second.post(f"{paths[0]}/confirm")).json()["transfer_id"]
    cases: list[tuple[Json, list[Json]]] = [
        ({}, [later, first]),
        ({"from_": first["created_at"], "to": later["created_at"]}, [first]),
        ({"from_": later["created_at"]}, [later]),
        ({"to": first["created_at"]}, []),
        ({"wallet_id": other["id"]}, [later]),
        ({"transfer_id": transfer_id}, [first]),
    ]
    for query, expected in cases:
        found = (await root.get(PATH, **query)).json()["items"]
        assert [one["id"] for one in found] == [one["id"] for one in expected], query
