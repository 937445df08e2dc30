"""One's own password, changed with the one before it."""

from typing import Any
from uuid import UUID

import httpx
import pytest
from tests.integration.auth.factors.people import Guarded
from tests.integration.auth.mailed import last_token, orders
from tests.integration.auth.world import HERE, PASSWORD, Login, World, code, login_of

from auth.domain.lockout import LockoutRules, LockoutScope
from auth.refusals import PasswordWrong
from auth.service import passwords
from auth.service.mails import Mailing
from contracts.notifications import SendSecurityNotice
from kit.ids import new_id

FAILURES = LockoutRules().backoff(LockoutScope.LOGIN).free
NEW = "another-horse-battery"


async def change(
    world: World, login: Login, new: str = NEW, current: str = PASSWORD
) -> httpx.Response:
    body = {"current_password": current, "new_password": new}
    return await world.post("/v1/auth/password/change", body, headers=login.headers)


@pytest.fixture
async def alice(world: World) -> dict[str, Any]:
    return await world.arrive("alice", email="alice@example.com")


@pytest.mark.check(20)
@pytest.mark.usefixtures("alice")
async def test_the_new_password_is_good_the_old_one_is_not_and_others_are_logged_out(
    world: World,
) -> None:
    other, login = await world.log_in("alice"), await world.log_in("alice")
    answer = await change(world, login)
    assert (answer.status_code, answer.content) == (204, b"")
    assert await world.status_with(login) == 200
    await world.dies(other)
    assert code(await world.refresh(other.refresh_token)) == (401, "refresh_token_invalid")
    assert (await world.refresh(login.refresh_token)).status_code == 200
    await world.log_in("alice", NEW)
    old = await world.post("/v1/auth/login", {"username": "alice", "password": PASSWORD})
    assert code(old) == (401, "invalid_credentials")


async def test_its_owner_is_told_by_mail_and_finds_the_event(
    world: World, alice: dict[str, Any]
) -> None:
    await world.log_in("alice")
    login = await world.log_in("alice")
    await change(world, login)
    order = (await orders(world))[-1]
    assert isinstance(order, SendSecurityNotice)
    assert (order.user_id, order.what) == (UUID(alice["id"]), "password_changed")
    assert order.language == alice["language"]
    query = {"kind": "password_changed"}
    answer = await world.http.get("/v1/auth/events", params=query, headers=login.headers)
    (event,) = answer.json()["items"]
    assert (event["by"], event["details"]) == ("user", {"sessions": 1})
    assert NEW not in answer.text


@pytest.mark.usefixtures("alice")
async def test_a_wrong_current_password_counts_as_at_a_login(world: World) -> None:
    login = await world.log_in("alice")
    for _ in range(FAILURES):
        assert code(await change(world, login, current="wrong password")) == (403, "password_wrong")
    assert code(await change(world, login)) == (429, "login_locked")
    locked = await world.post("/v1/auth/login", {"username": "alice", "password": PASSWORD})
    assert code(locked) == (429, "login_locked")


async def test_with_a_second_factor_the_password_alone_does_not_change_it(world: World) -> None:
    """Somebody who has the password, and a session from before the factor was set up."""
    person = await Guarded.arrive(world)
    weak = login_of(await world.refresh(person.login.refresh_token))
    assert code(await change(world, weak)) == (403, "step_up_required")
    strong = await person.log_in()
    assert code(await change(world, strong, current="wrong")) == (403, "password_wrong")
    assert (await change(world, strong)).status_code == 204
    world.clock.advance(15 * 60 + 1)
    strong = login_of(await world.refresh(strong.refresh_token))
    assert code(await change(world, strong, current=NEW)) == (403, "step_up_required")


@pytest.mark.usefixtures("alice")
@pytest.mark.parametrize(
    ("new", "fault"), [("seven77", "too_short"), ("password1", "password_too_common")]
)
async def test_a_new_password_is_checked_like_any(world: World, new: str, fault: str) -> None:
    answer = await change(world, await world.log_in("alice"), new)
    assert code(answer) == (422, "validation_failed")
    (told,) = answer.json()["errors"]
    assert told["pointer"] == "/new_password"
    assert told["code"] == fault
    assert new not in answer.text


@pytest.mark.usefixtures("alice")
async def test_a_mailed_link_to_reset_it_no_longer_works(world: World) -> None:
    await world.post("/v1/auth/password/forgot", {"email": "alice@example.com"})
    token = await last_token(world)
    await change(world, await world.log_in("alice"))
    reset = {"token": token, "password": PASSWORD}
    assert code(await world.post("/v1/auth/password/reset", reset)) == (400, "reset_token_invalid")


@pytest.mark.usefixtures("alice")
async def test_of_two_changes_at_the_same_time_one_is_refused(world: World) -> None:
    found = await world.credentials("alice")
    mailing = Mailing("http://localhost", "en")
    async with world.database.unit_of_work() as uow:
        await passwords.change(uow, found, "another hash", new_id(), mailing, HERE)
    with pytest.raises(PasswordWrong):
        async with world.database.unit_of_work() as uow:
            await passwords.change(uow, found, "a third one", new_id(), mailing, HERE)
