"""How many sessions one person has at most, and what is deleted once it is over."""

from datetime import timedelta

from tests.integration.auth.front_end import registered
from tests.integration.auth.world import HERE, PASSWORD, Login, World, code, login_of

from auth.domain.codes import LIFETIME
from auth.domain.sessions import MOST_LIVE
from auth.loops import purge
from auth.service import sessions as verbs
from kit.tasks import spawn, stop
from testkit.people import eventually

LIVE = "SELECT count(*) FROM session WHERE ended_at IS NULL"
ALL = "SELECT count(*) FROM session"
LINKS = "SELECT count(*) FROM link"


async def logins(world: World, name: str, count: int) -> list[Login]:
    made = []
    for _ in range(count):
        made.append(await world.log_in(name))
        world.clock.advance(1)
    return made


async def crowd(world: World, name: str, count: int) -> None:
    """Open sessions as logins do, without hashing a password for each."""
    found = await world.credentials(name)
    rules = world.wiring.settings.session_rules
    for _ in range(count):
        async with world.database.unit_of_work() as uow:
            await verbs.open_session(uow, found, origin=HERE, rules=rules, now=world.clock.now())
        world.clock.advance(1)


async def test_the_oldest_session_ends_for_one_too_many_as_by_logging_out(world: World) -> None:
    await world.arrive("alice")
    await world.arrive("bobby")
    [bobs] = await logins(world, "bobby", 1)
    oldest, second, third = await logins(world, "alice", 3)
    await crowd(world, "alice", MOST_LIVE - 3)
    assert (await world.refresh(oldest.refresh_token)).status_code == 200
    [newest] = await logins(world, "alice", 1)
    await world.dies(oldest)
    assert code(await world.refresh(oldest.refresh_token)) == (401, "refresh_token_invalid")
    for login in (bobs, second, third, newest):
        assert await world.status_with(login) == 200
    form = {"grant_type": "password", "username": "alice", "password": "correct-horse-battery"}
    login_of(await world.http.post("/v1/auth/token", data=form))
    await world.dies(second)
    assert await world.count(LIVE) == MOST_LIVE + 1


async def test_sessions_that_are_over_take_no_room(world: World) -> None:
    await world.arrive("alice")
    kept, *ended = await logins(world, "alice", 3)
    for login in ended:
        await world.post("/v1/auth/logout", {"scope": "this"}, headers=login.headers)
    await crowd(world, "alice", MOST_LIVE - 1)
    assert await world.status_with(kept) == 200
    assert await world.count(LIVE) == MOST_LIVE


async def test_a_hundred_sessions_of_one_person_live(world: World) -> None:
    await world.arrive("alice")
    found = await world.credentials("alice")
    rules, first = world.wiring.settings.session_rules, world.clock.now()
    for second in range(MOST_LIVE + 2):
        async with world.database.unit_of_work() as uow:
            _, ended = await verbs.open_session(
                uow,
                found,
                origin=HERE,
                rules=rules,
                now=first + timedelta(seconds=second),
            )
        assert len(ended) == (second >= MOST_LIVE)
    assert await world.count(LIVE) == MOST_LIVE == 100


async def test_sessions_that_are_over_are_deleted_a_day_later(world: World) -> None:
    await world.arrive("alice")
    ended = await logins(world, "alice", 5)
    kept = await world.log_in("alice")
    await world.post("/v1/auth/logout", {"scope": "others"}, headers=kept.headers)
    world.clock.advance(purge.SESSIONS_KEPT.total_seconds())
    await purge.purge_once(world.database, batch=2)
    assert await world.count(ALL) == 6
    world.clock.advance(1)
    await purge.purge_once(world.database, batch=2)
    assert await world.count(ALL) == 1
    assert code(await world.refresh(ended[0].refresh_token)) == (401, "refresh_token_invalid")
    assert (await world.refresh(kept.refresh_token)).status_code == 200
    idle = world.wiring.settings.session_rules.idle + purge.SESSIONS_KEPT
    world.clock.advance(idle.total_seconds() + 1)
    await purge.purge_once(world.database, batch=2)
    assert await world.count(ALL) == 0


async def test_links_are_deleted_a_week_after_they_were_used_or_ran_out(world: World) -> None:
    await world.arrive("alice")  # has used hers
    open_one = (await world.register("bobby"))["activation"]["token"]
    world.clock.advance(purge.LINKS_KEPT.total_seconds() + 1)
    await purge.purge_once(world.database)
    assert await world.count(LINKS) == 1
    world.clock.advance(timedelta(hours=48).total_seconds())
    await purge.purge_once(world.database)
    assert await world.count(LINKS) == 0
    answer = await world.post("/v1/auth/activate", {"token": open_one})
    assert answer.json()["code"] == "activation_token_invalid"


async def test_a_change_of_address_that_ran_out_is_deleted(world: World) -> None:
    await world.arrive("alice", email="alice@example.com")
    login = await world.log_in("alice")
    await world.post("/v1/auth/email/change", {"email": "a@example.org"}, headers=login.headers)
    await purge.purge_once(world.database)
    changes = "SELECT count(*) FROM email_change"
    assert await world.count(changes) == 1
    world.clock.advance(world.wiring.settings.activation_hours * 3600 + 1)
    await purge.purge_once(world.database)
    assert await world.count(changes) == 0


async def test_codes_are_deleted_a_day_after_they_ran_out(world: World) -> None:
    await world.arrive("alice")
    front_end = await registered(world.http, (await world.admin()).headers)
    used = await front_end.logged_in("alice", PASSWORD)
    await front_end.exchange(used)
    world.clock.advance((LIFETIME + purge.CODES_KEPT).total_seconds())
    await purge.purge_once(world.database)
    assert await world.count("SELECT count(*) FROM authorization_code") == 1
    world.clock.advance(1)
    await purge.purge_once(world.database)
    assert await world.count("SELECT count(*) FROM authorization_code") == 0


async def test_api_keys_are_deleted_a_month_after_they_were_revoked_or_ran_out(
    world: World,
) -> None:
    await world.arrive("alice")
    login = await world.log_in("alice")
    ends_at = (world.clock.now() + timedelta(seconds=1)).isoformat()
    for ends in ({"expires_at": ends_at}, {}, {}):
        terms = {"name": "A", "scopes": ["payments:read"], **ends}
        made = await world.post("/v1/auth/api-keys", terms, headers=login.headers)
        assert made.status_code == 201, made.text
    await world.http.delete(f"/v1/auth/api-keys/{made.json()['id']}", headers=login.headers)
    world.clock.advance(purge.API_KEYS_KEPT.total_seconds())
    await purge.purge_once(world.database)
    assert await world.count("SELECT count(*) FROM api_key") == 3
    world.clock.advance(2)
    await purge.purge_once(world.database)
    assert await world.count("SELECT count(*) FROM api_key") == 1


async def test_the_loop_of_auth_deletes(world: World) -> None:
    await world.arrive("alice")
    login = await world.log_in("alice")
    await world.post("/v1/auth/logout", {"scope": "this"}, headers=login.headers)
    world.clock.advance(purge.SESSIONS_KEPT.total_seconds() + 1)
    [loop] = [work for name, work in world.service.background if name == "purge"]

    async def work() -> None:
        await loop(world.service)

    task = spawn(work(), "purging")
    await eventually(lambda: world.count(ALL), lambda count: count == 0)
    await stop([task])
