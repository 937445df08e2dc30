"""What administrators see and do to others' wallets is told with it; one's own business is not."""

import pytest
from tests.integration.wallet.test_adjustments import PATH as ADJUSTMENTS
from tests.integration.wallet.test_adjustments import body, proposed
from tests.integration.wallet.world import World

from contracts.auth import RecordAudit
from testkit.pump import sent

READS = ("", "/entries", "/balance", "/statement", "/statement?format=csv")


async def acts(world: World) -> list[RecordAudit]:
    messages = [envelope.message for envelope in await sent(world.database, RecordAudit)]
    return [message for message in messages if isinstance(message, RecordAudit)]


@pytest.mark.parametrize("path", READS)
async def test_a_look_at_anothers_wallet_is_told_before_the_answer(world: World, path: str) -> None:
    root, alice = world.caller(admin=True), world.caller()
    wallet = await alice.top_up("1.00")
    await world.empty_outbox()
    assert (await alice.get(f"/v1/wallets/{wallet['id']}{path}")).status_code == 200
    assert await acts(world) == []
    assert (await root.get(f"/v1/wallets/{wallet['id']}{path}")).status_code == 200
    (act,) = await acts(world)
    assert act.actor_id == root.user_id
    assert (act.subject_kind, act.subject_id) == ("wallet", wallet["id"])
    assert act.owner_id == alice.user_id
    assert act.request_id


async def test_lists_of_others_are_told_by_owner_and_ones_own_is_not(world: World) -> None:
    root, people = world.caller(admin=True), [world.caller() for _ in range(2)]
    for one in people:
        await one.top_up("1.00")
    await root.get("/v1/wallets")
    ids = [str(one.user_id) for one in (*people, root)]
    await root.get("/v1/wallets", owner=",".join(ids))
    await root.get("/v1/wallets", owner=str(root.user_id))
    await people[0].get("/v1/wallets")
    told = await acts(world)
    assert {act.action for act in told} == {"list_wallets"}
    owners = [act.owner_id for act in told]
    assert owners == [None, *(one.user_id for one in people)]


async def test_freezing_is_told_and_a_refused_one_is_not(world: World) -> None:
    root, alice = world.caller(admin=True), world.caller()
    wallet = await alice.top_up("1.00")
    for verb in ("freeze", "unfreeze"):
        await alice.post(f"/v1/wallets/{wallet['id']}/{verb}")
        await root.post(f"/v1/wallets/{alice.user_id}/{verb}")
        await root.post(f"/v1/wallets/{wallet['id']}/{verb}")
    assert [(act.action, act.subject_id) for act in await acts(world)] == [
        ("freeze_wallet", wallet["id"]),
        ("unfreeze_wallet", wallet["id"]),
    ]


async def test_adjustments_and_entries_of_an_account_are_told_with_whose_they_are(
    world: World,
) -> None:
    root, second, alice = world.caller(admin=True), world.caller(admin=True), world.caller()
    wallet = await alice.top_up("1.00")
    await world.empty_outbox()
    side, house = {"wallet_id": wallet["id"]}, {"house": "fees"}
    for more in ({"payer": side, "payee": house}, {"payer": house, "payee": side}):
        seen = await root.post(ADJUSTMENTS, body(**more, amount="0.10", dry_run=True))
        assert seen.status_code in {200, 409}  # fees may have nothing to give
        made = await proposed(root, more["payer"], more["payee"], "0.10")
        assert (await root.get(made)).status_code == 200
        assert (await root.post(f"{made}/reject")).status_code == 200
    made = await proposed(root, side, house, "0.10")
    assert (await second.post(f"{made}/confirm")).status_code == 200
    assert (await root.get(f"/v1/ledger/accounts/{wallet['id']}/entries")).status_code == 200
    told = await acts(world)
    verbs = {"propose", "get", "confirm", "reject"}
    assert {act.action for act in told} == {
        *(f"{verb}_adjustment" for verb in verbs),
        "list_account_entries",
    }
    assert {act.owner_id for act in told} == {alice.user_id}


async def test_the_houses_accounts_are_told_as_nobodys(world: World) -> None:
    root, alice = world.caller(admin=True), world.caller()
    await alice.top_up("1.00")
    [*houses] = (await root.get("/v1/ledger/accounts")).json()["items"]
    assert (await root.get(f"/v1/ledger/accounts/{houses[0]['id']}/entries")).status_code == 200
    assert [act.owner_id for act in await acts(world)] == [None, None]
