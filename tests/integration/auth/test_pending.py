"""Whoever never activates is not kept for ever, nor is where guesses at nobody's name came from."""

import argparse
from datetime import timedelta

import pytest
from tests.integration.auth.owners import in_the_way
from tests.integration.auth.world import PASSWORD, World, code

from auth.commands import COMMANDS
from auth.loops import purge
from auth.loops.seals import Sealer
from auth.settings import Settings
from contracts.auth import UserChanged
from testkit.databases import Cluster
from testkit.people import eventually
from testkit.pump import sent

KEPT = timedelta(days=30)
DAY = 24 * 60 * 60
PENDING = "SELECT count(*) FROM user_account WHERE status = 'pending'"


async def test_a_user_who_never_activates_is_deleted_and_the_name_is_free(world: World) -> None:
    early = await world.register("alice", email="alice@example.com")
    world.clock.advance(DAY)
    await world.register("later")
    await world.arrive("active")
    world.clock.advance(29 * DAY)
    await world.wiring.deletion_worker.delete_pending(KEPT)
    assert await world.count(PENDING) == 2
    world.clock.advance(1)
    await world.wiring.deletion_worker.delete_pending(KEPT)
    assert await world.count(PENDING) == 1
    [told] = [one.message for one in await sent(world.database, UserChanged)][-1:]
    assert isinstance(told, UserChanged)
    assert (str(told.user_id), told.status) == (early["user"]["id"], "deleted")
    body = {"token": early["activation"]["token"]}
    assert code(await world.post("/v1/auth/activate", body))[0] in (400, 403)
    await world.arrive("alice", email="alice@example.com")


async def test_a_pending_user_who_was_paid_stays_and_holds_up_nobody(world: World) -> None:
    await world.register("paid")
    await world.register("alice")
    world.clock.advance(31 * DAY)
    world.owners.refusing["wallet"] = in_the_way("wallet_not_empty", "/wallets/1")
    await world.wiring.deletion_worker.delete_pending(KEPT)
    assert await world.count(PENDING) == 2
    world.owners.refusing.clear()
    await world.wiring.deletion_worker.delete_pending(KEPT)
    assert await world.count(PENDING) == 0


@pytest.mark.parametrize("names", [["alice"], ["zoe", "alice"]])
async def test_a_user_who_activates_at_that_moment_stays_and_is_reopened(
    world: World, names: list[str]
) -> None:
    """It is alice who does: while she is deleted, or while the one before her is."""
    for name in names:
        await world.register(name)
    world.clock.advance(31 * DAY)
    body = {"username": "alice", "password": PASSWORD}
    renewed = (await world.post("/v1/auth/activation/resend", body)).json()
    tokens = [renewed["activation"]["token"]]

    async def activate() -> None:
        while tokens:
            answer = await world.post("/v1/auth/activate", {"token": tokens.pop()})
            assert answer.status_code == 200

    world.owners.before_answer = activate
    await world.wiring.deletion_worker.delete_pending(KEPT)
    active = "SELECT count(*) FROM user_account WHERE status = 'active' AND username = 'alice'"
    assert (await world.count(PENDING), await world.count(active)) == (0, 1)
    assert await world.count("SELECT count(*) FROM deletion") == 0
    closed = {owner for owners in world.owners.closed.values() for owner in owners}
    assert len(closed) == len(names) - 1
    assert (await world.log_in("alice")).access_token


async def verified(cluster: Cluster) -> None:
    add_arguments, work = COMMANDS["audit"]
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    settings = Settings.model_validate({"database_url": cluster.url("auth")})
    await work(settings, parser.parse_args(["verify"]))


async def test_where_guesses_at_nobodys_name_came_from_is_forgotten_and_the_chain_holds(
    world: World, cluster: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    world.clock.advance(-91 * DAY)
    await world.arrive("alice")
    for name in ("nobody", "alice"):
        body = {"username": name, "password": "wrong password"}
        assert code(await world.post("/v1/auth/login", body))[0] == 401
    rows = await world.count("SELECT count(*) FROM audit")
    origins = "SELECT count(*) FROM audit_origin"
    sealer = Sealer(world.database)

    async def sealed() -> int:
        await sealer.seal()
        return await world.count("SELECT count(*) FROM audit_seal")

    await eventually(sealed, lambda count: count == rows)
    world.clock.advance(89 * DAY)
    await purge.purge_once(world.database)
    assert await world.count(origins) == rows
    world.clock.advance(2 * DAY)
    await purge.purge_once(world.database)
    assert await world.count(origins) == rows - 1
    await verified(cluster)
    assert f"{rows} rows, all agree" in capsys.readouterr().out


async def test_a_guess_of_yesterday_whose_origin_is_gone_is_a_fault(
    world: World, cluster: Cluster
) -> None:
    await world.post("/v1/auth/login", {"username": "nobody", "password": PASSWORD})
    sealer = Sealer(world.database)

    async def sealed() -> int:
        await sealer.seal()
        return await world.count("SELECT count(*) FROM audit_seal")

    await eventually(sealed, lambda count: count == 1)
    async with world.database.unit_of_work() as uow:
        await uow.execute("DELETE FROM audit_origin")
    with pytest.raises(SystemExit, match="where it came from is gone"):
        await verified(cluster)
