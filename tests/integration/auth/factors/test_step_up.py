"""Stepping up, and what needs it: factors, and an administrator's changes."""

from datetime import timedelta

import pytest
from tests.integration.auth.factors.people import (
    Guarded,
    add_passkey,
    claims_of,
    device,
    kinds,
    sign_in,
)
from tests.integration.auth.world import PASSWORD, Json, Login, World, code, login_of

from auth.settings import Settings

SIXTEEN_MINUTES = 16 * 60


async def refreshed(world: World, login: Login) -> Login:
    """Return the login after a refresh, as its access token may be over."""
    answer = await world.refresh(login.refresh_token)
    assert answer.status_code == 200, answer.text
    return login_of(answer)


async def step_up(world: World, login: Login, **proof: object) -> Login:
    answer = await world.post("/v1/auth/step-up", proof, headers=login.headers)
    assert answer.status_code == 200, answer.text
    return Login(answer.json()["access_token"], login.refresh_token)


async def disable(world: World, login: Login, user: Json) -> tuple[int, str]:
    path, body = f"/v1/users/{user['id']}", {"is_active": False}
    answer = await world.http.patch(path, json=body, headers=login.headers)
    return (200, "") if answer.status_code == 200 else code(answer)


async def test_an_old_login_steps_up_by_its_password(world: World) -> None:
    await world.arrive("alice")
    login = await world.log_in("alice")
    before = await world.tokens.verify(login.access_token)
    world.clock.advance(SIXTEEN_MINUTES)
    login = await refreshed(world, login)
    refused = await world.post("/v1/auth/totp/enroll", headers=login.headers)
    assert code(refused) == (403, "step_up_required")
    challenge = refused.headers["www-authenticate"]
    assert challenge == 'Bearer error="insufficient_user_authentication", max_age="900"'

    login = await step_up(world, login, password=PASSWORD)
    after = await world.tokens.verify(login.access_token)
    assert after.session_id == before.session_id
    assert before.auth_time is not None
    assert after.auth_time == before.auth_time + timedelta(seconds=SIXTEEN_MINUTES)
    enrolled = await world.post("/v1/auth/totp/enroll", headers=login.headers)
    assert enrolled.status_code == 200
    kept = await world.tokens.verify((await refreshed(world, login)).access_token)
    assert kept.auth_time == after.auth_time, "a refresh keeps when the user was there"
    assert "stepped_up" in await kinds(world)


async def test_a_wrong_password_steps_nobody_up_and_counts(world: World) -> None:
    await world.arrive("alice")
    login = await world.log_in("alice")
    for _ in range(10):
        body = {"password": "not the password"}
        refused = await world.post("/v1/auth/step-up", body, headers=login.headers)
        assert code(refused) == (403, "password_wrong")
    locked = await world.post("/v1/auth/step-up", {"password": PASSWORD}, headers=login.headers)
    assert code(locked) == (429, "login_locked")


async def test_whoever_has_a_factor_steps_up_by_it(world: World) -> None:
    person = await Guarded.arrive(world)
    login = await refreshed(world, person.login)
    refused = await world.http.delete("/v1/auth/totp", headers=login.headers)
    assert code(refused) == (403, "step_up_required"), "logged in before there was a factor"
    assert refused.headers["www-authenticate"].endswith(', acr_values="mfa"')

    body = {"password": PASSWORD}
    asked = await world.post("/v1/auth/step-up", body, headers=login.headers)
    assert code(asked) == (403, "otp_required")
    assert asked.json()["methods"] == ["totp", "recovery_code"]
    body = {"code": person.wrong_code()}
    wrong = await world.post("/v1/auth/step-up", body, headers=login.headers)
    assert code(wrong) == (403, "code_wrong")

    login = await step_up(world, login, code=person.code())
    assert await claims_of(world, login) == (("pwd", "otp", "mfa"), True)
    removed = await world.http.delete("/v1/auth/totp", headers=login.headers)
    assert removed.status_code == 204


async def test_a_password_proves_nothing_anew_of_a_removed_factor(world: World) -> None:
    person = await Guarded.arrive(world)
    login = await person.log_in()
    assert (await claims_of(world, login))[0] == ("pwd", "otp", "mfa")
    removed = await world.http.delete("/v1/auth/totp", headers=login.headers)
    assert removed.status_code == 204
    login = await step_up(world, login, password=PASSWORD)
    assert await claims_of(world, login) == (("pwd",), False)


async def test_a_recovery_code_steps_up_once(world: World) -> None:
    person = await Guarded.arrive(world)
    body = {"recovery_code": person.recovery_codes[0]}
    await step_up(world, person.login, **body)
    again = await world.post("/v1/auth/step-up", body, headers=person.login.headers)
    assert code(again) == (403, "code_wrong")


async def test_a_passkey_steps_up(world: World) -> None:
    await world.arrive("alice")
    login, phone = await world.log_in("alice"), device()
    none = await world.post("/v1/auth/step-up/passkey", headers=login.headers)
    assert code(none) == (409, "factor_missing")
    await add_passkey(world, login, phone)
    begun = await world.post("/v1/auth/step-up/passkey", headers=login.headers)
    signed = phone.sign(begun.json()["options"])
    login = await step_up(world, login, passkey=signed)
    assert (await claims_of(world, login))[0] == ("pwd", "hwk", "mfa")


async def test_what_was_signed_for_a_login_steps_nobody_up(world: World) -> None:
    await world.arrive("alice")
    login, phone = await world.log_in("alice"), device()
    await add_passkey(world, login, phone)
    begun = await world.post("/v1/auth/login/passkey/begin", {})
    body = {"passkey": phone.sign(begun.json()["options"])}
    refused = await world.post("/v1/auth/step-up", body, headers=login.headers)
    assert code(refused) == (403, "passkey_refused")


@pytest.mark.parametrize("body", [{}, {"password": PASSWORD, "code": "123456"}])
async def test_one_proof_is_given_and_not_two(world: World, body: Json) -> None:
    await world.arrive("alice")
    login = await world.log_in("alice")
    refused = await world.post("/v1/auth/step-up", body, headers=login.headers)
    assert code(refused) == (422, "validation_failed")
    assert refused.json()["errors"][0]["code"] == "one_proof"


async def test_an_administrator_looks_with_an_old_login_and_changes_with_a_recent_one(
    world: World,
) -> None:
    bob = await world.arrive("bob")
    login = await world.admin()
    world.clock.advance(SIXTEEN_MINUTES)
    login = await refreshed(world, login)
    looked = await world.http.get(f"/v1/users/{bob['id']}", headers=login.headers)
    assert looked.status_code == 200
    assert await disable(world, login, bob) == (403, "step_up_required")
    login = await step_up(world, login, password=PASSWORD)
    assert await disable(world, login, bob) == (200, "")


async def test_an_administrator_with_a_factor_changes_nothing_without_it(world: World) -> None:
    bob = await world.arrive("bob")
    person = await Guarded.guard(world, "root-admin", await world.admin())
    login = await refreshed(world, person.login)
    assert await disable(world, login, bob) == (403, "step_up_required")
    assert await disable(world, await person.log_in(), bob) == (200, "")


async def test_a_passkey_alone_is_enough_for_an_administrator(world: World) -> None:
    bob = await world.arrive("bob")
    phone = device()
    await add_passkey(world, await world.admin(), phone)
    assert await disable(world, login_of(await sign_in(world, phone)), bob) == (200, "")


class TestWhereAdministratorsNeedAFactor:
    @pytest.fixture
    def settings(self) -> Settings:
        return Settings.model_validate({"ENVIRONMENT": "test", "ADMIN_FACTOR": "true"})

    async def test_the_first_one_sets_it_up_and_goes_on(self, world: World) -> None:
        bob = await world.arrive("bob")
        login = await world.admin()
        assert await disable(world, login, bob) == (403, "step_up_required")
        person = await Guarded.guard(world, "root-admin", login)
        login = await step_up(world, login, code=person.code())
        assert await disable(world, login, bob) == (200, "")
