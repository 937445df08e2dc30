"""The audit log is sealed in the order of its numbers, and what is altered by hand is found."""

import argparse

import pytest
from tests.integration.auth.world import HERE, World

from auth.commands import COMMANDS
from auth.domain.audit import Kind
from auth.loops.seals import Sealer
from auth.service.audit import note
from auth.settings import Settings
from kit.ids import new_id
from testkit.databases import Cluster
from testkit.people import eventually

# As somebody with every right would do it, who has taken the trigger away.
UNLOCKED = """
ALTER TABLE auth.audit DISABLE TRIGGER ALL; ALTER TABLE auth.audit_seal DISABLE TRIGGER ALL;
{} ALTER TABLE auth.audit ENABLE TRIGGER ALL; ALTER TABLE auth.audit_seal ENABLE TRIGGER ALL
"""


async def verified(cluster: Cluster, capsys: pytest.CaptureFixture[str]) -> str:
    """Return what `python -m auth audit verify` prints, or why it ends with 1."""
    add_arguments, work = COMMANDS["audit"]
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    settings = Settings.model_validate({"database_url": cluster.url("auth")})
    capsys.readouterr()
    try:
        await work(settings, parser.parse_args(["verify"]))
    except SystemExit as ended:
        return str(ended.code)
    return capsys.readouterr().out


async def write(world: World, rows: int) -> None:
    async with world.database.unit_of_work() as uow:
        for _ in range(rows):
            await note(uow, Kind.LOGIN_OK, new_id(), HERE, details={"amr": "pwd"})


async def seal(world: World, sealer: Sealer, rows: int) -> None:
    """Seal until so many rows are, once transactions of other databases have ended, too."""

    async def sealed() -> int:
        await sealer.seal()
        return await world.count("SELECT count(*) FROM audit_seal")

    await eventually(sealed, lambda count: count == rows)


async def test_an_empty_log_and_a_sealed_one_agree(
    world: World, cluster: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (await verified(cluster, capsys)).startswith("0 rows, all agree; 0 not sealed yet")
    await write(world, 3)
    sealer = Sealer(world.database)
    assert (await verified(cluster, capsys)).startswith("0 rows, all agree; 3 not sealed yet")
    await seal(world, sealer, 3)
    assert await sealer.seal() is False
    assert (await verified(cluster, capsys)).startswith("3 rows, all agree; 0 not sealed yet")
    await write(world, 2)
    await seal(world, Sealer(world.database), 5)  # another process goes on from there
    assert (await verified(cluster, capsys)).startswith("5 rows, all agree; 0 not sealed yet")


@pytest.mark.parametrize(
    ("alteration", "found"),
    [
        ("UPDATE auth.audit SET action = 'logout' WHERE position = 2;", "row 2: its seal"),
        ("UPDATE auth.audit SET at = at - interval '1 us' WHERE position = 3;", "row 3: its seal"),
        ("UPDATE auth.audit SET details = '{}' WHERE position = 1;", "row 1: its seal"),
        ("DELETE FROM auth.audit WHERE position = 2;", "row 2: it is sealed, but gone"),
        (
            (
                "DELETE FROM auth.audit WHERE position = 2;"
                " DELETE FROM auth.audit_seal WHERE position = 2;"
            ),
            "row 3: its seal does not fit",
        ),
        (
            (
                "INSERT INTO auth.audit SELECT gen_random_uuid(), at, actor_id, service, action,"
                " subject_kind, subject_id, owner_id, request_id, owner_ids, details, 4,"
                " origin_hash"
                " FROM auth.audit WHERE position = 3;"
            ),
            "row 4: it is not sealed",
        ),
        ("DELETE FROM auth.audit_origin WHERE address = '127.0.0.1';", "row 1: where it came from"),
        ("UPDATE auth.audit_origin SET address = '10.0.0.1';", "row 1: where it came from was"),
    ],
)
async def test_what_is_altered_by_hand_is_named(
    world: World,
    cluster: Cluster,
    capsys: pytest.CaptureFixture[str],
    alteration: str,
    found: str,
) -> None:
    await write(world, 3)
    async with world.database.unit_of_work() as uow:
        await uow.execute("SELECT nextval('audit_position')")  # as a transaction that rolled back
    await write(world, 1)
    await seal(world, Sealer(world.database), 4)
    assert (await verified(cluster, capsys)).startswith("4 rows, all agree")
    await cluster.as_superuser(UNLOCKED.format(alteration))
    assert (await verified(cluster, capsys)).startswith(found)


async def test_a_row_that_commits_late_is_sealed_before_those_after_it(
    world: World, cluster: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    sealer = Sealer(world.database)
    async with world.database.unit_of_work() as late:
        await note(late, Kind.LOGIN_OK, new_id(), HERE)
        await write(world, 2)
        await sealer.seal()
        assert await world.count("SELECT count(*) FROM audit_seal") == 0
    await seal(world, sealer, 3)
    assert (await verified(cluster, capsys)).startswith("3 rows, all agree; 0 not sealed yet")


async def test_two_processes_that_seal_make_one_chain(
    world: World, cluster: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = Sealer(world.database), Sealer(world.database)
    for turn, sealer in enumerate((first, second, first, second), start=1):
        await write(world, 2)
        await seal(world, sealer, 2 * turn)
    assert (await verified(cluster, capsys)).startswith("8 rows, all agree")
