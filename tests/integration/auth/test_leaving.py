"""Nobody is deleted by accident, nor with money, and nothing of it is half done for ever."""

import asyncio
from typing import Any

import httpx
import pytest
from tests.integration.auth.factors.people import Guarded
from tests.integration.auth.owners import in_the_way
from tests.integration.auth.world import PASSWORD, Login, World, code, login_of

from kit.refusals import Unavailable


async def leave(world: World, login: Login, body: Any = None) -> httpx.Response:
    return await world.http.request("DELETE", "/v1/auth/me", json=body, headers=login.headers)


async def alice(world: World) -> tuple[str, Login]:
    user = await world.arrive("alice", email="alice@example.com")
    return user["id"], await world.log_in("alice")


@pytest.mark.parametrize("body", [None, {}, {"password": None}, {"password": PASSWORD}], ids=str)
async def test_a_fresh_login_or_the_password_deletes(world: World, body: Any) -> None:
    user_id, login = await alice(world)
    assert (await leave(world, login, body)).status_code == 204
    assert world.owners.closed == {"payments": {user_id}, "wallet": {user_id}}
    claims = await world.tokens.verify(world.owners.tokens[0])
    assert claims.service == "auth"
    assert await world.count("SELECT count(*) FROM deletion") == 0


async def test_when_the_login_is_old_the_password_is_asked_for(world: World) -> None:
    _, login = await alice(world)
    world.clock.advance(15 * 60 + 1)
    login = login_of(await world.refresh(login.refresh_token))
    assert code(await leave(world, login)) == (403, "password_needed")
    assert code(await leave(world, login, {})) == (403, "password_needed")
    assert world.owners.closed == {"payments": set(), "wallet": set()}
    assert (await leave(world, login, {"password": PASSWORD})).status_code == 204


@pytest.mark.parametrize("body", [None, {"password": PASSWORD}], ids=str)
async def test_with_a_second_factor_neither_password_nor_its_login_alone_deletes(
    world: World, body: Any
) -> None:
    """Somebody who has the password, and a session from before the factor was set up."""
    person = await Guarded.arrive(world)
    weak = login_of(await world.refresh(person.login.refresh_token))
    assert code(await leave(world, weak, body)) == (403, "step_up_required")
    change = {"email": "thief@example.com", **(body or {})}
    answer = await world.post("/v1/auth/email/change", change, headers=weak.headers)
    assert code(answer) == (403, "step_up_required")
    assert (await leave(world, await person.log_in(), body)).status_code == 204


async def test_a_wrong_password_never_deletes_and_is_counted(world: World) -> None:
    _, login = await alice(world)
    for _ in range(10):
        refused = await leave(world, login, {"password": "not mine at all"})
        assert code(refused) == (403, "password_wrong")
    assert code(await leave(world, login, {"password": PASSWORD})) == (429, "login_locked")
    again = await world.post("/v1/auth/login", {"username": "alice", "password": PASSWORD})
    assert code(again) == (429, "login_locked")
    assert await world.status_with(login) == 200


@pytest.mark.parametrize("body", [{"password": ""}, {"password": 1}, {"passwort": "x"}], ids=str)
async def test_what_is_no_password_is_refused(world: World, body: Any) -> None:
    _, login = await alice(world)
    assert code(await leave(world, login, body)) == (422, "validation_failed")
    assert await world.status_with(login) == 200


@pytest.mark.parametrize(
    ("refusing", "expected"),
    [
        (["wallet"], ("wallet_not_empty", ["/wallet/1"])),
        (["payments"], ("payments_open", ["/payments/1"])),
        (["payments", "wallet"], ("payments_open", ["/payments/1", "/wallet/1"])),
    ],
)
async def test_what_stands_in_the_way_is_named_and_all_is_opened_again(
    world: World, refusing: list[str], expected: tuple[str, list[str]]
) -> None:
    codes = {"wallet": "wallet_not_empty", "payments": "payments_open"}
    world.owners.refusing = {one: in_the_way(codes[one], f"/{one}/1") for one in refusing}
    _, login = await alice(world)
    refused = await leave(world, login, {"password": PASSWORD})
    assert code(refused) == (409, expected[0])
    assert [one["pointer"] for one in refused.json()["errors"]] == expected[1]
    assert world.owners.closed == {"payments": set(), "wallet": set()}
    assert await world.status_with(login) == 200
    world.owners.refusing = {}
    assert (await leave(world, login)).status_code == 204


async def test_without_payments_or_wallet_nobody_is_deleted_and_the_loop_opens_again(
    world: World,
) -> None:
    user_id, login = await alice(world)

    def go_away(service: str) -> None:
        world.owners.is_away = service == "payments"  # wallet does not answer any more

    world.owners.on_close = go_away
    assert code(await leave(world, login)) == (503, "unavailable")
    assert world.owners.closed["payments"] == {user_id}
    assert await world.status_with(login) == 200
    assert code(await leave(world, login)) == (409, "deletion_under_way")
    world.owners.is_away = False
    world.owners.on_close = lambda _: None
    leaving = world.wiring.deletion_worker
    assert await leaving.resume() is False  # not abandoned yet
    world.clock.advance(120)
    world.owners.is_away = True
    assert await leaving.resume() is False
    world.owners.is_away = False
    world.clock.advance(120)
    assert await leaving.resume() is True
    assert world.owners.closed == {"payments": set(), "wallet": set()}
    assert await leaving.resume() is False
    assert (await leave(world, login)).status_code == 204


async def test_the_next_try_goes_on_with_what_was_cut_short(world: World) -> None:
    user_id, login = await alice(world)
    world.owners.is_away = True
    assert code(await leave(world, login)) == (503, "unavailable")
    world.owners.is_away = False
    world.clock.advance(120)
    assert (await leave(world, login, {"password": PASSWORD})).status_code == 204
    assert world.owners.closed == {"payments": {user_id}, "wallet": {user_id}}


async def test_who_was_taken_over_meanwhile_is_not_deleted(world: World) -> None:
    user_id, login = await alice(world)
    taken = "UPDATE deletion SET attempt = gen_random_uuid()"

    async def take_over() -> None:
        async with world.database.unit_of_work() as uow:
            await uow.execute(taken)

    world.owners.before_answer = take_over
    assert code(await leave(world, login)) == (409, "deletion_under_way")
    # Whoever has taken it over opens it again, nobody else.
    assert world.owners.closed == {"payments": {user_id}, "wallet": {user_id}}
    assert world.owners.reopened == 0
    assert await world.status_with(login) == 200


async def test_of_many_who_delete_one_user_at_once_one_does(world: World) -> None:
    user_id, login = await alice(world)
    answers = await asyncio.gather(*(leave(world, login) for _ in range(10)))
    codes = sorted(answer.status_code for answer in answers)
    assert codes.count(204) == 1
    assert set(codes[1:]) <= {401, 404, 409}
    assert world.owners.closed == {"payments": {user_id}, "wallet": {user_id}}


async def test_the_last_administrator_is_not_even_closed(world: World) -> None:
    admin = await world.admin()
    me = await world.http.get("/v1/auth/me", headers=admin.headers)
    await world.database_keeps_only([me.json()["id"]])
    assert code(await leave(world, admin)) == (409, "last_admin")
    assert world.owners.tokens == []


@pytest.mark.parametrize("status", [404, 500, 403])
async def test_an_answer_that_means_nothing_is_an_outage(world: World, status: int) -> None:
    world.owners.refusing = {"wallet": httpx.Response(status, json={})}
    _, login = await alice(world)
    assert code(await leave(world, login)) == (503, Unavailable.code)
    world.owners.refusing = {"wallet": httpx.Response(409, text="no JSON")}
    assert await world.status_with(login) == 200
