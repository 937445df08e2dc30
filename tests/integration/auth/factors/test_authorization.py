"""Logging in for a registered client with a second factor: the page asks in two steps."""

import re

import httpx
import pytest
from tests.integration.auth.factors.people import Guarded, add_passkey, claims_of, device, sign_in
from tests.integration.auth.front_end import HOME, FrontEnd, registered, told_at
from tests.integration.auth.world import PASSWORD, World, login_of

ASKED = 'name="mfa_token" value="([^"]+)"'


@pytest.fixture
async def front_end(world: World) -> FrontEnd:
    return await registered(world.http, (await world.admin()).headers)


async def asked(front_end: FrontEnd, username: str = "alice") -> httpx.Response:
    """Give the right password; return the page that asks for the code."""
    page = await front_end.page("ru")
    answer = await front_end.submit(page, username=username, password=PASSWORD)
    assert (answer.status_code, "location" in answer.headers) == (200, False)
    assert 'name="password"' not in answer.text
    return answer


async def give(front_end: FrontEnd, page: httpx.Response, code: str) -> httpx.Response:
    [token] = re.findall(ASKED, page.text)
    return await front_end.submit(page, mfa_token=token, code=code)


async def test_after_the_password_the_page_asks_for_the_code_of_the_app(
    world: World, front_end: FrontEnd
) -> None:
    person = await Guarded.arrive(world)
    page = await asked(front_end)
    answer = await give(front_end, page, person.code())
    tokens = await front_end.exchange(told_at(answer, HOME)["code"])
    amr, _ = await claims_of(world, login_of(tokens))
    assert amr == ("pwd", "otp", "mfa")


async def test_a_recovery_code_is_as_good_also_for_whoever_has_only_a_passkey(
    world: World, front_end: FrontEnd
) -> None:
    await world.arrive("alice")
    phone = device()
    await add_passkey(world, await world.log_in("alice"), phone)
    login = login_of(await sign_in(world, phone))
    made = await world.post("/v1/auth/recovery-codes", headers=login.headers)
    [first, *_] = made.json()["recovery_codes"]
    answer = await give(front_end, await asked(front_end), first)
    assert "code" in told_at(answer, HOME)


async def test_a_wrong_code_shows_the_page_again_and_the_fifth_begins_anew(
    world: World, front_end: FrontEnd
) -> None:
    person = await Guarded.arrive(world)
    page = await asked(front_end)
    for _ in range(5):
        page = await give(front_end, page, person.wrong_code())
        assert page.status_code == 403
        assert "Код неверен" in page.text
    answer = await give(front_end, page, person.code())
    assert answer.status_code == 401
    assert 'name="password"' in answer.text


async def test_without_the_password_no_code_helps(world: World, front_end: FrontEnd) -> None:
    person = await Guarded.arrive(world)
    page = await front_end.page()
    answer = await front_end.submit(page, mfa_token="made up", code=person.code())
    assert answer.status_code == 401
    assert "location" not in answer.headers


async def test_whoever_cancels_at_the_second_step_is_sent_back(
    world: World, front_end: FrontEnd
) -> None:
    await Guarded.arrive(world)
    answer = await front_end.submit(await asked(front_end), decision="deny")
    assert told_at(answer, HOME)["error"] == "access_denied"
