"""Rights that are taken away are gone at the gateway and at the services, whatever restarts."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable

import httpx
import pytest
from deploy.stack import Stack

from testkit.keepers import Keeper
from testkit.people import PASSWORD, Person, eventually

Act = Callable[[Keeper, Person], Awaitable[httpx.Response]]


async def _logout(_: Keeper, person: Person) -> httpx.Response:
    return await person.post("/v1/auth/logout")


async def _change_password(_: Keeper, person: Person) -> httpx.Response:
    """Change it in another session."""
    other = Person(person.username, person.user_id, person.http)
    await other.log_in()
    body = {"current_password": PASSWORD, "new_password": PASSWORD + "2"}
    return await other.post("/v1/auth/password/change", body)


async def _force_logout(admin: Keeper, person: Person) -> httpx.Response:
    return await admin.ask("POST", f"/v1/users/{person.user_id}/logout")


async def _disable(admin: Keeper, person: Person) -> httpx.Response:
    return await admin.ask("PATCH", f"/v1/users/{person.user_id}", {"is_active": False})


async def _give_role(admin: Keeper, person: Person) -> httpx.Response:
    return await admin.ask("PATCH", f"/v1/users/{person.user_id}", {"roles": ["user", "admin"]})


async def statuses(stack: Stack, person: Person) -> tuple[int, int]:
    """Return what the gateway answers, and what wallet does when it is asked directly."""
    path = "/v1/wallets/me?currency=RUB"
    async with httpx.AsyncClient(timeout=30) as direct:
        asked = await direct.get(stack.url_of("wallet") + path, headers=person.headers)
    return (await person.get(path)).status_code, asked.status_code


@pytest.mark.check(8)
@pytest.mark.parametrize(
    "act",
    [_logout, _change_password, _force_logout, _disable, _give_role],
    ids=lambda one: one.__name__,
)
async def test_an_access_token_is_refused_everywhere_within_a_moment(
    stack: Stack, http: httpx.AsyncClient, act: Act
) -> None:
    admin = await Keeper.hire(http, stack.env_of("auth"))
    alice = await Person.arrive(http, "alice")
    assert await statuses(stack, alice) == (200, 200)
    assert (await act(admin, alice)).is_success
    await eventually(lambda: statuses(stack, alice), lambda seen: seen == (401, 401), within=2)


def _restart_redis(stack: Stack) -> None:
    stack.infrastructure.redis.stop()
    stack.infrastructure.redis.start()


def _empty_redis(stack: Stack) -> None:
    """Restart it without what it had on disk, which a crash may lose in part."""
    redis = stack.infrastructure.redis
    redis.stop()
    shutil.rmtree(redis.data / "appendonlydir")
    redis.start()


@pytest.mark.check(24)
@pytest.mark.parametrize("fault", [None, _restart_redis, _empty_redis])
async def test_a_gateway_that_starts_afterwards_refuses_it_too(
    stack: Stack, http: httpx.AsyncClient, fault: Callable[[Stack], None] | None
) -> None:
    alice, bob = await Person.arrive(http, "alice"), await Person.arrive(http, "bob")
    assert (await alice.post("/v1/auth/logout")).is_success
    await eventually(lambda: statuses(stack, alice), lambda seen: seen == (401, 401), within=2)
    await asyncio.to_thread(stack.stop_service, "gateway")
    if fault is not None:
        await asyncio.to_thread(fault, stack)
    await asyncio.to_thread(stack.start_service, "gateway")
    await eventually(lambda: statuses(stack, bob), lambda seen: seen == (200, 200))
    await eventually(lambda: statuses(stack, alice), lambda seen: seen == (401, 401), within=2)
