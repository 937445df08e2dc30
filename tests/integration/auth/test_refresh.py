"""Refresh tokens: rotation, the moment of grace, and what a copied token leads to."""

import asyncio

import pytest
from tests.integration.auth.world import World, code, login_of

from testkit.people import eventually

LIVE = "SELECT count(*) FROM session WHERE ended_at IS NULL"


async def test_a_refresh_gives_new_tokens_of_the_same_session(world: World) -> None:
    await world.arrive("alice")
    login = await world.log_in("alice")
    world.clock.advance(5)
    answer = await world.refresh(login.refresh_token)
    assert answer.status_code == 200
    renewed = login_of(answer)
    assert renewed.refresh_token != login.refresh_token
    old, new = [await world.tokens.verify(one.access_token) for one in (login, renewed)]
    assert old.session_id == new.session_id
    assert old.auth_time == new.auth_time
    assert (new.expires_at - old.expires_at).seconds == 5


async def test_the_last_token_yields_the_same_successor_for_twenty_seconds(world: World) -> None:
    await world.arrive("alice")
    first = (await world.log_in("alice")).refresh_token
    second = (await world.refresh(first)).json()["refresh_token"]
    world.clock.advance(20)
    assert (await world.refresh(first)).json()["refresh_token"] == second
    assert (await world.refresh(second)).status_code == 200


@pytest.mark.check(19)
async def test_twenty_refreshes_at_once_yield_one_successor_and_leave_the_session_alive(
    world: World,
) -> None:
    await world.arrive("alice")
    login = await world.log_in("alice")
    answers = await asyncio.gather(*(world.refresh(login.refresh_token) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    successors = {answer.json()["refresh_token"] for answer in answers}
    assert len(successors) == 1
    assert (await world.refresh(successors.pop())).status_code == 200


async def test_a_refresh_that_comes_second_to_the_row_gives_the_winners_successor(
    world: World,
) -> None:
    await world.arrive("alice")
    token = (await world.log_in("alice")).refresh_token
    waiting = """SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'
        AND query LIKE 'UPDATE session%'"""
    async with world.database.unit_of_work() as uow:
        await uow.fetch("SELECT FROM session FOR UPDATE")
        both = asyncio.gather(world.refresh(token), world.refresh(token))
        await eventually(lambda: world.count(waiting), lambda count: count == 2)
    one, other = await both
    assert (one.status_code, other.status_code) == (200, 200)
    assert one.json()["refresh_token"] == other.json()["refresh_token"]
    assert await world.count("SELECT counter FROM session") == 1


@pytest.mark.check(19)
async def test_a_token_used_again_after_the_grace_ends_its_session_alone(world: World) -> None:
    await world.arrive("alice")
    other = await world.log_in("alice")
    first = (await world.log_in("alice")).refresh_token
    renewed = login_of(await world.refresh(first))
    world.clock.advance(21)
    assert code(await world.refresh(first)) == (401, "refresh_token_invalid")
    assert code(await world.refresh(renewed.refresh_token)) == (401, "refresh_token_invalid")
    await world.dies(renewed)
    assert await world.status_with(other) == 200
    assert (await world.refresh(other.refresh_token)).status_code == 200
    assert await world.count(LIVE) == 1


@pytest.mark.check(19)
async def test_two_refreshes_in_one_second_then_the_first_again_ends_the_session(
    world: World,
) -> None:
    await world.arrive("alice")
    first = (await world.log_in("alice")).refresh_token
    second = (await world.refresh(first)).json()["refresh_token"]
    third = (await world.refresh(second)).json()["refresh_token"]
    assert code(await world.refresh(first)) == (401, "refresh_token_invalid")
    assert code(await world.refresh(third)) == (401, "refresh_token_invalid")


async def test_a_forged_token_harms_no_session(world: World) -> None:
    await world.arrive("alice")
    token = (await world.log_in("alice")).refresh_token
    forged = token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB")
    for text in (forged, "rt_", "x", token + "A"):
        assert code(await world.refresh(text)) == (401, "refresh_token_invalid")
    assert (await world.refresh(token)).status_code == 200


async def test_an_access_token_does_not_refresh(world: World) -> None:
    await world.arrive("alice")
    login = await world.log_in("alice")
    assert code(await world.refresh(login.access_token)) in (
        (401, "refresh_token_invalid"),
        (422, "validation_failed"),
    )


async def test_an_unused_session_ends_after_a_fortnight(world: World) -> None:
    await world.arrive("alice")
    token = (await world.log_in("alice")).refresh_token
    world.clock.advance(14 * 86400 - 1)
    token = (await world.refresh(token)).json()["refresh_token"]
    world.clock.advance(14 * 86400)
    assert code(await world.refresh(token)) == (401, "refresh_token_invalid")


async def test_a_session_in_use_ends_after_ninety_days(world: World) -> None:
    await world.arrive("alice")
    token = (await world.log_in("alice")).refresh_token
    for _ in range(8):
        world.clock.advance(10 * 86400)
        token = (await world.refresh(token)).json()["refresh_token"]
    world.clock.advance(10 * 86400)
    assert code(await world.refresh(token)) == (401, "refresh_token_invalid")


async def test_a_refresh_tells_the_roles_of_now(world: World) -> None:
    admin = await world.admin()
    user = await world.arrive("alice")
    login = await world.log_in("alice")
    answer = await world.http.patch(
        f"/v1/users/{user['id']}", json={"roles": ["user", "admin"]}, headers=admin.headers
    )
    assert answer.status_code == 200
    renewed = login_of(await world.refresh(login.refresh_token))
    claims = await world.tokens.verify(renewed.access_token)
    assert claims.roles == {"user", "admin"}


async def test_a_refresh_costs_two_statements(world: World) -> None:
    await world.arrive("alice")
    token = (await world.log_in("alice")).refresh_token
    before = world.database.statements
    await world.refresh(token)
    assert world.database.statements - before == 2
