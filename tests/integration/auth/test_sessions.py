"""Seeing sessions, logging out of them, and how fast their access tokens die."""

import asyncio

import pytest
from tests.integration.auth.world import World, code

from kit.ids import new_id
from kit.redis import RedisLine
from kit.tasks import spawn, stop
from kit.tokens import Revocations, mark_complete
from kit.tokens.revocations import STREAM
from testkit.people import eventually


@pytest.mark.check(18)
async def test_logging_out_kills_access_and_refresh_token_of_this_session_alone(
    world: World,
) -> None:
    await world.arrive("alice")
    here, there = await world.log_in("alice"), await world.log_in("alice")
    answer = await world.post("/v1/auth/logout", {"scope": "this"}, headers=here.headers)
    assert (answer.status_code, answer.content) == (204, b"")
    assert code(await world.refresh(here.refresh_token)) == (401, "refresh_token_invalid")
    await world.dies(here)
    assert await world.status_with(there) == 200


async def test_logging_out_without_a_body_means_this_session(world: World) -> None:
    await world.arrive("alice")
    here, there = await world.log_in("alice"), await world.log_in("alice")
    answer = await world.http.post("/v1/auth/logout", headers=here.headers)
    assert answer.status_code == 204
    await world.dies(here)
    assert await world.status_with(there) == 200


async def test_logging_out_the_others_spares_this_session_and_other_people(world: World) -> None:
    await world.arrive("alice")
    await world.arrive("bobby")
    here, there, elsewhere = [await world.log_in("alice") for _ in range(3)]
    bobs = await world.log_in("bobby")
    await world.post("/v1/auth/logout", {"scope": "others"}, headers=here.headers)
    await asyncio.gather(world.dies(there), world.dies(elsewhere))
    assert [await world.status_with(login) for login in (here, bobs)] == [200, 200]
    assert (await world.refresh(here.refresh_token)).status_code == 200


async def test_logging_out_of_all_spares_none(world: World) -> None:
    await world.arrive("alice")
    here, there = await world.log_in("alice"), await world.log_in("alice")
    await world.post("/v1/auth/logout", {"scope": "all"}, headers=here.headers)
    await asyncio.gather(world.dies(here), world.dies(there))
    assert await world.status_with(await world.log_in("alice")) == 200


async def test_an_unknown_scope_ends_nothing(world: World) -> None:
    await world.arrive("alice")
    here = await world.log_in("alice")
    answer = await world.post("/v1/auth/logout", {"scope": "everything"}, headers=here.headers)
    assert code(answer) == (422, "validation_failed")
    assert await world.status_with(here) == 200


async def test_sessions_are_listed_newest_first_and_pages_meet(world: World) -> None:
    await world.arrive("alice")
    logins = []
    for _ in range(5):
        logins.append(await world.log_in("alice"))
        world.clock.advance(1)
    first = await world.http.get(
        "/v1/auth/sessions", params={"limit": 3}, headers=logins[-1].headers
    )
    assert first.status_code == 200, first.text
    page = first.json()
    assert first.headers["link"] == f'<?limit=3&cursor={page["next_cursor"]}>; rel="next"'
    second = await world.http.get(
        "/v1/auth/sessions",
        params={"limit": 3, "cursor": page["next_cursor"]},
        headers=logins[-1].headers,
    )
    rest = second.json()
    assert rest["next_cursor"] is None
    listed = page["items"] + rest["items"]
    assert len({item["id"] for item in listed}) == 5
    assert [item["is_current"] for item in listed] == [True, False, False, False, False]
    starts = [item["created_at"] for item in listed]
    assert starts == sorted(starts, reverse=True)
    assert set(listed[0]) == {
        *("id", "device", "user_agent", "address", "amr", "created_at", "authenticated_at"),
        *("last_used_at", "expires_at", "is_current"),
        *("client_id", "client_name", "scopes"),
    }
    assert listed[0]["user_agent"].startswith("python-httpx")
    assert listed[0]["device"] == "python-httpx"
    assert (listed[0]["address"], listed[0]["amr"]) == ("127.0.0.1", ["pwd"])
    assert listed[0]["authenticated_at"] == listed[0]["created_at"]


async def test_sessions_are_narrowed_by_when_they_began(world: World) -> None:
    user = await world.arrive("alice")
    first = await world.log_in("alice")
    world.clock.advance(60)
    middle = world.clock.now().isoformat()
    await world.log_in("alice")
    admin = await world.admin()
    for path, login in (
        ("/v1/auth/sessions", first),
        (f"/v1/users/{user['id']}/sessions", admin),
    ):
        seen = []
        for query in ({}, {"to": middle}, {"from": middle}):
            answer = await world.http.get(path, params=query, headers=login.headers)
            seen.append([one["id"] for one in answer.json()["items"]])
        assert [len(one) for one in seen] == [2, 1, 1], path
        assert seen[0] == seen[2] + seen[1]


async def test_ended_and_run_out_sessions_are_not_listed(world: World) -> None:
    await world.arrive("alice")
    await world.log_in("alice")
    world.clock.advance(14 * 86400)
    gone, here = await world.log_in("alice"), await world.log_in("alice")
    await world.post("/v1/auth/logout", {"scope": "this"}, headers=gone.headers)
    answer = await world.http.get("/v1/auth/sessions", headers=here.headers)
    assert [item["is_current"] for item in answer.json()["items"]] == [True]


@pytest.mark.check(10)
async def test_a_cursor_of_somebody_else_or_of_another_list_is_refused(world: World) -> None:
    admin = await world.admin()
    await world.arrive("alice")
    alice = [await world.log_in("alice") for _ in range(3)][-1]
    page = await world.http.get("/v1/auth/sessions", params={"limit": 1}, headers=alice.headers)
    cursor = {"cursor": page.json()["next_cursor"]}
    for path in ("/v1/auth/sessions", "/v1/users"):
        answer = await world.http.get(path, params=cursor, headers=admin.headers)
        assert code(answer) == (400, "cursor_invalid")


async def test_one_session_can_be_ended_from_another(world: World) -> None:
    await world.arrive("alice")
    here, lost = await world.log_in("alice"), await world.log_in("alice")
    listed = (await world.http.get("/v1/auth/sessions", headers=here.headers)).json()["items"]
    (other,) = [item["id"] for item in listed if not item["is_current"]]
    answer = await world.http.delete(f"/v1/auth/sessions/{other}", headers=here.headers)
    assert answer.status_code == 204
    await world.dies(lost)
    again = await world.http.delete(f"/v1/auth/sessions/{other}", headers=here.headers)
    assert code(again) == (404, "not_found")


async def test_anothers_session_is_answered_as_a_missing_one_and_lives_on(world: World) -> None:
    await world.arrive("alice")
    await world.arrive("bobby")
    alice, bob = await world.log_in("alice"), await world.log_in("bobby")
    listed = (await world.http.get("/v1/auth/sessions", headers=alice.headers)).json()["items"]
    answers = [
        await world.http.delete(f"/v1/auth/sessions/{session_id}", headers=bob.headers)
        for session_id in (listed[0]["id"], new_id(), "not-an-id")
    ]
    bodies = [answer.json() for answer in answers]
    for body in bodies:
        del body["instance"], body["request_id"]
    assert bodies[0]["code"] == "not_found"
    assert all(body == bodies[0] for body in bodies)
    assert await world.status_with(alice) == 200


@pytest.mark.check(2)
async def test_an_administrator_ends_a_session_through_its_own_user_alone(world: World) -> None:
    alice = await world.arrive("alice")
    bobby = await world.arrive("bobby")
    bob, admin = await world.log_in("bobby"), await world.admin()
    path = f"/v1/users/{bobby['id']}/sessions"
    (session,) = (await world.http.get(path, headers=admin.headers)).json()["items"]
    through = [f"/v1/users/{user}/sessions/{session['id']}" for user in (alice["id"], bobby["id"])]
    wrong = await world.http.delete(through[0], headers=admin.headers)
    assert code(wrong) == (404, "not_found")
    assert await world.status_with(bob) == 200
    assert (await world.http.delete(through[1], headers=admin.headers)).status_code == 204
    await world.dies(bob)


@pytest.mark.check(24)
async def test_with_redis_away_logging_out_works_and_the_revocation_follows_later(
    world: World,
) -> None:
    await world.arrive("alice")
    here = await world.log_in("alice")
    revoker = world.wiring.revoker
    reachable, revoker.redis = revoker.redis, RedisLine("redis://127.0.0.1:1")
    answer = await world.post("/v1/auth/logout", {"scope": "this"}, headers=here.headers)
    assert answer.status_code == 204
    assert code(await world.refresh(here.refresh_token)) == (401, "refresh_token_invalid")
    assert await world.status_with(here) == 200
    revoker.redis = reachable
    await eventually(lambda: world.status_with(here), lambda status: status == 401, within=5)


@pytest.mark.check(24)
async def test_revocations_that_redis_has_lost_are_published_again(world: World) -> None:
    await world.arrive("alice")
    here = await world.log_in("alice")
    claims = await world.tokens.verify(here.access_token)
    await world.post("/v1/auth/logout", {"scope": "this"}, headers=here.headers)
    await world.dies(here)
    await world.redis.call("DEL", STREAM)
    await mark_complete(world.redis, "another run")  # as of a restart that lost its last second
    late = Revocations(world.redis)  # as of a gateway that was restarted, too
    following = spawn(late.follow(), "test.late")

    async def is_denied() -> bool:
        return late.denies(str(claims.session_id), claims.subject, 1)

    await eventually(is_denied, bool, within=5)
    await stop([following])


@pytest.mark.check(24)
async def test_a_revocation_lost_with_its_process_is_published_by_the_next(world: World) -> None:
    user = await world.arrive("alice")
    here = await world.log_in("alice")
    async with world.database.unit_of_work() as uow:
        await uow.execute(
            "UPDATE session SET ended_at = $1, end_reason = 'logout'", world.clock.now()
        )
        await uow.execute(
            "UPDATE user_account SET token_version = 2, token_version_at = $1", world.clock.now()
        )
    assert await world.status_with(here) == 200
    world.wiring.revoker.something_is_missing()
    await world.dies(here)
    assert user["status"] == "active"
