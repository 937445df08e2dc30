"""Authenticator apps: set up, asked for at logins, removed."""

import asyncio
import re

import pytest
from tests.integration.auth.factors.people import Guarded, claims_of, kinds
from tests.integration.auth.world import PASSWORD, World, code, login_of

from auth.domain.lockout import FAILURES
from contracts.auth import FactorChanged
from testkit.pump import sent


@pytest.mark.check(28)
async def test_an_app_is_set_up_by_its_first_code(world: World) -> None:
    await world.arrive("alice")
    login = await world.log_in("alice")
    person = Guarded(world, "alice", login)
    begun = await world.post("/v1/auth/totp/enroll", headers=login.headers)
    person.secret = begun.json()["secret"]
    assert re.fullmatch("[A-Z2-7]{32}", person.secret)
    uri = f"otpauth://totp/Saldo:alice?secret={person.secret}&issuer=Saldo"
    assert begun.json()["uri"] == uri
    assert (await person.try_password()).status_code == 200, "not asked for before it is confirmed"

    wrong = {"code": person.wrong_code()}
    refused = await world.post("/v1/auth/totp/confirm", wrong, headers=login.headers)
    assert code(refused) == (403, "code_wrong")
    right = {"code": person.code()}
    confirmed = await world.post("/v1/auth/totp/confirm", right, headers=login.headers)
    codes = confirmed.json()["recovery_codes"]
    assert len(set(codes)) == 10
    assert all(re.fullmatch("([A-Z2-7]{4}-){3}[A-Z2-7]{4}", one) for one in codes)
    found = await world.http.get("/v1/auth/factors", headers=login.headers)
    assert found.json()["recovery_codes_left"] == 10
    assert found.json()["totp_since"] is not None
    assert found.json()["passkeys"] == []


async def test_what_is_set_up_is_not_set_up_again(world: World) -> None:
    person = await Guarded.arrive(world)
    login = await person.log_in()
    again = await world.post("/v1/auth/totp/enroll", headers=login.headers)
    assert code(again) == (409, "totp_enrolled")
    body = {"code": person.code()}
    confirmed = await world.post("/v1/auth/totp/confirm", body, headers=login.headers)
    assert code(confirmed) == (409, "totp_not_begun")


@pytest.mark.check(16)
async def test_the_right_password_is_answered_by_a_token_for_the_second_factor(
    world: World,
) -> None:
    person = await Guarded.arrive(world)
    asked = await person.begin()
    assert asked["code"] == "otp_required"
    assert asked["methods"] == ["totp", "recovery_code"]
    assert code(await world.http.get("/v1/auth/me", headers=_bearer(asked["mfa_token"]))) == (
        401,
        "token_invalid",
    )
    refreshed = await world.refresh(asked["mfa_token"])
    assert code(refreshed) == (401, "refresh_token_invalid")

    login = login_of(await person.give(asked["mfa_token"], code=person.code()))
    assert await claims_of(world, login) == (("pwd", "otp", "mfa"), True)
    world.clock.advance(30)
    again = await person.give(asked["mfa_token"], code=person.code())
    assert code(again) == (401, "mfa_token_invalid"), "a login is opened once"


@pytest.mark.check(28)
async def test_password_and_code_open_the_door_in_one_go(world: World) -> None:
    person = await Guarded.arrive(world)
    answer = await person.try_password(otp=person.code())
    assert (await claims_of(world, login_of(answer)))[0] == ("pwd", "otp", "mfa")
    repeated = await person.try_password(otp=person.code())
    assert code(repeated) == (403, "code_wrong"), "a code is good once"


async def test_the_oauth_form_asks_for_the_second_factor_too(world: World) -> None:
    person = await Guarded.arrive(world)
    form = {"grant_type": "password", "username": "alice", "password": PASSWORD}
    asked = await world.http.post("/v1/auth/token", data=form)
    assert code(asked) == (400, "otp_required")
    assert asked.json()["error"] == "invalid_grant"
    opened = await person.give(asked.json()["mfa_token"], code=person.code())
    assert opened.status_code == 200
    world.clock.advance(30)
    at_once = await world.http.post("/v1/auth/token", data={**form, "otp": person.code()})
    assert at_once.status_code == 200


async def test_a_wrong_password_says_nothing_of_a_second_factor(world: World) -> None:
    await world.arrive("bob")
    person = await Guarded.arrive(world)
    with_factor = await person.try_password("not the password")
    without = await world.post("/v1/auth/login", {"username": "bob", "password": "not the one"})
    bodies = [with_factor.json(), without.json()]
    for body in bodies:
        del body["instance"], body["request_id"]
    assert bodies[0] == bodies[1]
    assert with_factor.status_code == 401


@pytest.mark.check(28)
async def test_a_code_of_the_step_before_and_after_is_good_and_none_further(
    world: World,
) -> None:
    person = await Guarded.arrive(world)
    world.clock.advance(300)
    for steps in (-2, 2):
        answer = await person.try_password(otp=person.code(steps))
        assert code(answer) == (403, "code_wrong")
    for steps in (-1, 0, 1):
        assert (await person.try_password(otp=person.code(steps))).status_code == 200
    late = await person.try_password(otp=person.code())
    assert code(late) == (403, "code_wrong"), "older than one that was used"


@pytest.mark.check(28)
async def test_five_wrong_codes_end_a_login_that_waits(world: World) -> None:
    person = await Guarded.arrive(world)
    token = (await person.begin())["mfa_token"]
    for _ in range(5):
        answer = await person.give(token, code=person.wrong_code())
        assert code(answer) == (403, "code_wrong")
    assert code(await person.give(token, code=person.code())) == (401, "mfa_token_invalid")
    assert (await kinds(world)).count("totp_failed") == 5


async def test_wrong_codes_count_like_wrong_passwords(world: World) -> None:
    person = await Guarded.arrive(world)
    for _ in range(10):
        answer = await person.try_password(otp=person.wrong_code())
        assert code(answer) == (403, "code_wrong")
    locked = await person.try_password(otp=person.code())
    assert code(locked) == (429, "login_locked")


async def test_a_waiting_login_is_locked_with_the_rest(world: World) -> None:
    person = await Guarded.arrive(world)
    token = (await person.begin())["mfa_token"]
    for _ in range(10):
        await person.try_password("not the password")
    assert code(await person.give(token, code=person.code())) == (429, "login_locked")


async def test_a_waiting_login_ends_after_five_minutes(world: World) -> None:
    person = await Guarded.arrive(world)
    token = (await person.begin())["mfa_token"]
    world.clock.advance(301)
    assert code(await person.give(token, code=person.code())) == (401, "mfa_token_invalid")


async def test_a_waiting_login_ends_with_the_password(world: World) -> None:
    person = await Guarded.arrive(world)
    token = (await person.begin())["mfa_token"]
    async with world.database.unit_of_work() as uow:
        await uow.execute("UPDATE user_account SET token_version = token_version + 1")
    assert code(await person.give(token, code=person.code())) == (401, "mfa_token_invalid")


async def test_a_waiting_login_ends_with_a_changed_password(world: World) -> None:
    person = await Guarded.arrive(world)
    login = await person.log_in()
    token = (await person.begin())["mfa_token"]
    body = {"current_password": PASSWORD, "new_password": "another-horse-battery"}
    changed = await world.post("/v1/auth/password/change", body, headers=login.headers)
    assert changed.status_code == 204, changed.text
    assert code(await person.give(token, code=person.code())) == (401, "mfa_token_invalid")


async def test_of_many_codes_at_once_no_more_are_answered_than_in_turn(world: World) -> None:
    person = await Guarded.arrive(world)
    tokens = [(await person.begin())["mfa_token"] for _ in range(FAILURES + 8)]
    wrong = person.wrong_code()
    answers = await asyncio.gather(*(person.give(token, code=wrong) for token in tokens))
    found = [code(answer) for answer in answers]
    assert found.count((403, "code_wrong")) == FAILURES
    assert found.count((429, "login_locked")) == 8


@pytest.mark.check(28)
async def test_a_recovery_code_is_good_once_however_it_is_typed(world: World) -> None:
    person = await Guarded.arrive(world)
    given = person.recovery_codes[0].lower().replace("-", " ")
    token = (await person.begin())["mfa_token"]
    login = login_of(await person.give(token, recovery_code=given))
    assert (await claims_of(world, login))[0] == ("pwd", "otp", "mfa")
    found = await world.http.get("/v1/auth/factors", headers=login.headers)
    assert found.json()["recovery_codes_left"] == 9
    token = (await person.begin())["mfa_token"]
    assert code(await person.give(token, recovery_code=given)) == (403, "code_wrong")
    assert "recovery_code_used" in await kinds(world)


async def test_another_users_recovery_code_is_none(world: World) -> None:
    alice, bob = await Guarded.arrive(world), await Guarded.arrive(world, "bob")
    token = (await bob.begin())["mfa_token"]
    refused = await bob.give(token, recovery_code=alice.recovery_codes[0])
    assert code(refused) == (403, "code_wrong")


async def test_new_recovery_codes_end_the_old_ones(world: World) -> None:
    person = await Guarded.arrive(world)
    login = await person.log_in()
    made = await world.post("/v1/auth/recovery-codes", headers=login.headers)
    assert len(made.json()["recovery_codes"]) == 10
    token = (await person.begin())["mfa_token"]
    old = await person.give(token, recovery_code=person.recovery_codes[1])
    assert code(old) == (403, "code_wrong")
    new = await person.give(token, recovery_code=made.json()["recovery_codes"][1])
    assert new.status_code == 200


async def test_there_are_no_recovery_codes_without_a_factor(world: World) -> None:
    await world.arrive("alice")
    login = await world.log_in("alice")
    refused = await world.post("/v1/auth/recovery-codes", headers=login.headers)
    assert code(refused) == (409, "factor_missing")


async def test_a_removed_app_is_asked_for_no_more(world: World) -> None:
    person = await Guarded.arrive(world)
    login = await person.log_in()
    removed = await world.http.delete("/v1/auth/totp", headers=login.headers)
    assert removed.status_code == 204
    assert (await person.try_password()).status_code == 200
    found = await world.http.get("/v1/auth/factors", headers=login.headers)
    assert found.json() == {"totp_since": None, "passkeys": [], "recovery_codes_left": 0}
    missing = await world.http.delete("/v1/auth/totp", headers=login.headers)
    assert code(missing) == (404, "not_found")


async def test_its_user_is_told_of_every_change_of_factors(world: World) -> None:
    person = await Guarded.arrive(world)
    login = await person.log_in()
    await world.http.delete("/v1/auth/totp", headers=login.headers)
    told = [one.message for one in await sent(world.database, FactorChanged)]
    changes = [(one.factor, one.is_added) for one in told if isinstance(one, FactorChanged)]
    assert changes == [("totp", True), ("totp", False)]
    noted = await kinds(world)
    assert [one for one in noted if one.startswith(("totp", "recovery"))] == [
        "totp_enrolled",
        "recovery_codes_made",
        "totp_removed",
    ]


async def test_nothing_that_proves_anybody_is_stored_as_it_is(world: World) -> None:
    person = await Guarded.arrive(world)
    token = (await person.begin())["mfa_token"]
    secrets = [person.secret, token, *person.recovery_codes]
    async with world.database.read() as connection:
        dumped = ""
        for table in ("totp", "recovery_code", "challenge", "audit", "outbox"):
            rows = await connection.fetch(f"SELECT t::text AS text FROM {table} t")
            dumped += "\n".join(row["text"] for row in rows)
    assert dumped
    for secret in secrets:
        assert secret not in dumped
        assert secret.encode().hex() not in dumped


async def test_a_deleted_user_leaves_no_factor(world: World) -> None:
    person = await Guarded.arrive(world)
    login = await person.log_in()
    gone = await world.http.delete("/v1/auth/me", headers=login.headers)
    assert gone.status_code == 204, gone.text
    for table in ("totp", "recovery_code", "challenge"):
        assert await world.count(f"SELECT count(*) FROM {table}") == 0


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("scope", ["all", "others"])
async def test_a_logout_everywhere_ends_a_login_that_waits_for_its_code(
    world: World, scope: str
) -> None:
    alice = await Guarded.arrive(world)
    waiting = await alice.begin()
    await world.post("/v1/auth/logout", {"scope": scope}, headers=alice.login.headers)
    answer = await alice.give(waiting["mfa_token"], code=alice.code())
    assert code(answer) == (401, "mfa_token_invalid")
