"""Rights that are taken away are gone at the gateway and at the services, whatever restarts."""

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

import httpx
import pytest
from deploy.stack import Stack

from testkit.keepers import Keeper
from testkit.people import PASSWORD, Person, eventually

Act = Callable[[Keeper, Person], Awaitable[httpx.Response]]
Fault = Callable[[Stack], None]

# What each service tells its caller; the gateway is asked by the first.
ASKED: Final = {
    "wallet": "/v1/wallets/me?currency=RUB",
    "auth": "/v1/auth/me",
    "payments": "/v1/payments",
    "shop": "/v1/shop/orders",
    "finance": "/v1/finance/accounts",
    "notifications": "/v1/notifications",
}
WITHIN: Final = 20  # much longer than it takes: how long it took is reported


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


ACTS: Final[tuple[Act, ...]] = (_logout, _change_password, _force_logout, _disable, _give_role)


async def statuses(stack: Stack, person: Person) -> dict[str, int]:
    """Return what the gateway answers, and what every service does that is asked directly."""
    addresses = {"gateway": stack.gateway_url + ASKED["wallet"]}
    addresses |= {name: stack.url_of(name) + path for name, path in ASKED.items()}
    async with httpx.AsyncClient(timeout=30) as client:
        answers = await asyncio.gather(
            *(client.get(address, headers=person.headers) for address in addresses.values()),
            return_exceptions=True,  # of one that is being restarted
        )
    return {
        name: 0 if isinstance(answer, BaseException) else answer.status_code
        for name, answer in zip(addresses, answers, strict=True)
    }


async def all_statuses(stack: Stack, people: Iterable[Person]) -> set[tuple[str, int]]:
    """Return what anybody answers to any of these people."""
    seen = await asyncio.gather(*(statuses(stack, person) for person in people))
    return {answer for one in seen for answer in one.items()}


def everywhere(status: int) -> set[tuple[str, int]]:
    """Return that the gateway and every service answer so."""
    return {(name, status) for name in ("gateway", *ASKED)}


def _restart_gateway(stack: Stack) -> None:
    stack.stop_service("gateway")
    stack.start_service("gateway")


def _restart_redis(stack: Stack) -> None:
    stack.infrastructure.redis.stop()
    stack.infrastructure.redis.start()


def _empty_redis(stack: Stack) -> None:
    """Restart it without what it had on disk, which a crash may lose in part."""
    redis = stack.infrastructure.redis
    redis.stop()
    shutil.rmtree(redis.data / "appendonlydir")
    redis.start()


def _empty_redis_without_gateway(stack: Stack) -> None:
    stack.stop_service("gateway")
    _empty_redis(stack)
    stack.start_service("gateway")


@pytest.mark.check(8, 18, 24)
@pytest.mark.parametrize(
    "fault",
    [None, _restart_gateway, _restart_redis, _empty_redis, _empty_redis_without_gateway],
    ids=lambda one: "nothing" if one is None else one.__name__,
)
async def test_an_access_token_that_is_taken_away_is_refused_everywhere_whatever_restarts(
    stack: Stack,
    http: httpx.AsyncClient,
    record_property: Callable[[str, object], None],
    fault: Fault | None,
) -> None:
    admin = await Keeper.hire(http, stack.env_of("auth"))
    bob, *people = [await Person.arrive(http, f"user{number}") for number in range(len(ACTS) + 1)]
    assert await all_statuses(stack, [bob, *people]) == everywhere(200)
    for act, person in zip(ACTS, people, strict=True):
        assert (await act(admin, person)).is_success
    started = time.monotonic()
    await eventually(lambda: all_statuses(stack, people), everywhere(401).__eq__, within=WITHIN)
    record_property("seconds until refused", time.monotonic() - started)
    if fault is None:
        return
    seen: set[tuple[str, int]] = set()
    restarting = asyncio.create_task(asyncio.to_thread(fault, stack))  # noqa: TID251 - awaited
    started = time.monotonic()
    while not restarting.done() or await all_statuses(stack, [bob]) != everywhere(200):
        seen |= await all_statuses(stack, people)
        assert time.monotonic() - started < 3 * WITHIN, seen
    await restarting
    record_property("seconds until others are let in", time.monotonic() - started)
    # What was read before a short restart may end only now: nobody passes until it is read again.
    while (now := await all_statuses(stack, people)) != everywhere(401):
        seen |= now
        assert time.monotonic() - started < 3 * WITHIN, seen
    assert {status for _, status in seen} <= {0, 401, 503}
