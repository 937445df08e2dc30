"""Whatever is done to one user at the same moment, nothing waits in a circle."""

import asyncio
from collections.abc import Awaitable

import httpx
import pytest
from tests.integration.auth.factors.people import Guarded
from tests.integration.auth.mailed import last_token
from tests.integration.auth.world import PASSWORD, Json, World

ROUNDS = 3
ADDRESS = "alice@example.com"
NEW_PASSWORD = "another horse and battery"


@pytest.fixture
async def admin(world: World) -> dict[str, str]:
    return (await world.admin()).headers


async def set_up(world: World, admin: dict[str, str], user_id: str) -> Guarded:
    """Return alice as she was: enabled, with the first password, an app and fresh sessions."""
    path = f"/v1/users/{user_id}"
    await world.http.patch(path, json={"is_active": True}, headers=admin)
    async with world.database.unit_of_work() as uow:
        await uow.execute("DELETE FROM totp")
        await uow.execute("DELETE FROM recovery_code")
        await uow.execute(
            "UPDATE user_account SET factors = '{}', email = $2, email_key = $2"
            " WHERE id::text = $1",
            user_id,
            ADDRESS,
        )
    world.clock.advance(301)  # a reset is mailed again
    await world.post("/v1/auth/password/forgot", {"email": ADDRESS})
    body = {"token": await last_token(world), "password": PASSWORD}
    assert (await world.post("/v1/auth/password/reset", body)).status_code == 204
    return await Guarded.guard(world, "alice", await world.log_in("alice"))


def of_waiting_logins(alice: Guarded, begun: list[Json]) -> list[Awaitable[httpx.Response]]:
    codes = iter(alice.recovery_codes)
    return [alice.give(one["mfa_token"], recovery_code=next(codes)) for one in begun]


def by_herself(world: World, alice: Guarded, links: list[str]) -> list[Awaitable[httpx.Response]]:
    own = alice.login.headers
    change = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    return [
        world.post("/v1/auth/password/change", change, headers=own),
        world.http.delete("/v1/auth/totp", headers=own),
        world.post("/v1/auth/recovery-codes", headers=own),
        world.post("/v1/auth/logout", {"scope": "all"}, headers=own),
        world.refresh(alice.login.refresh_token),
        alice.try_password("wrong password"),
        alice.try_password(otp=alice.code()),
        alice.try_password(),
        world.post("/v1/auth/step-up", {"code": alice.code()}, headers=own),
        *(world.post("/v1/auth/email/confirm", {"token": token}) for token in links),
    ]


def by_others(
    world: World, admin: dict[str, str], user_id: str, reset: str
) -> list[Awaitable[httpx.Response]]:
    path, new = f"/v1/users/{user_id}", {"token": reset, "password": NEW_PASSWORD}
    return [
        world.post("/v1/auth/password/reset", new),
        world.post(f"{path}/unlock", headers=admin),
        world.post(f"{path}/logout", headers=admin),
        world.http.patch(path, json={"is_active": True}, headers=admin),
        world.http.patch(path, json={"is_active": False}, headers=admin),
    ]


async def test_a_storm_of_changes_to_one_user_never_waits_in_a_circle(
    world: World, admin: dict[str, str]
) -> None:
    user_id = (await world.arrive("alice", email=ADDRESS))["id"]
    for number in range(ROUNDS):
        alice = await set_up(world, admin, user_id)
        begun = [await alice.begin() for _ in range(4)]
        body = {"email": f"alice-{number}@example.com", "password": PASSWORD}
        asked = await world.post("/v1/auth/email/change", body, headers=alice.login.headers)
        links = [one["token"] for one in asked.json()["links"]]
        world.clock.advance(301)
        await world.post("/v1/auth/password/forgot", {"email": ADDRESS})
        waiting = [
            *of_waiting_logins(alice, begun),
            *by_herself(world, alice, links),
            *by_others(world, admin, user_id, await last_token(world)),
        ]
        answers = await asyncio.gather(*waiting)
        assert [answer.text for answer in answers if answer.status_code >= 500] == []
