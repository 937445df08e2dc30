"""What an OAuth client's token opens: what its user allowed, and never what is a login's alone."""

import pytest
from tests.integration.auth.front_end import CLIENTS, HOME, FrontEnd, registered, told_at
from tests.integration.auth.world import PASSWORD, Login, World, code, login_of

READ, WRITE, PROFILE = "payments:read", "payments:write", "profile:read"


@pytest.fixture
async def front_end(world: World) -> FrontEnd:
    await world.arrive("alice")
    admin = await world.admin()
    return await registered(world.http, admin.headers, scopes=[READ, WRITE, PROFILE])


async def granted(front_end: FrontEnd, username: str = "alice", **asked: str) -> str:
    """Log in by the page, for these parameters; return the code."""
    page = await front_end.page(**asked)
    answer = await front_end.submit(page, username=username, password=PASSWORD)
    return told_at(answer, HOME)["code"]


async def entered(front_end: FrontEnd, username: str = "alice", **asked: str) -> Login:
    return login_of(await front_end.exchange(await granted(front_end, username, **asked)))


async def scope_of(world: World, login: Login) -> set[str] | None:
    claims = await world.tokens.verify(login.access_token)
    return None if claims.scope is None else set(claims.scope)


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ({}, {READ, WRITE, PROFILE}),
        ({"scope": READ}, {READ}),
        ({"scope": f"{READ} {PROFILE}"}, {READ, PROFILE}),
        ({"scope": f"{READ} wallets:write"}, {READ}),
    ],
)
async def test_a_token_has_what_was_asked_for_of_what_the_client_is_registered_for(
    world: World, front_end: FrontEnd, asked: dict[str, str], given: set[str]
) -> None:
    answer = await front_end.exchange(await granted(front_end, **asked))
    assert set(answer.json()["scope"].split()) == given
    login = login_of(answer)
    assert await scope_of(world, login) == given
    renewed = await front_end.refresh(login.refresh_token)
    assert set(renewed.json()["scope"].split()) == given
    assert await scope_of(world, login_of(renewed)) == given


async def test_our_own_logins_are_limited_to_nothing(world: World, front_end: FrontEnd) -> None:
    answer = await world.post("/v1/auth/login", {"username": "alice", "password": PASSWORD})
    assert "scope" not in answer.json()
    assert await scope_of(world, login_of(answer)) is None


async def test_people_are_told_in_words_what_they_allow(front_end: FrontEnd) -> None:
    page = await front_end.page(scope=f"{READ} {WRITE}")
    assert (
        "<li>see your payments</li><li>pay with your money, and cancel payments</li>" in page.text
    )
    assert "e-mail" not in page.text.replace("Username or e-mail", "")
    page = await front_end.page("ru", scope=PROFILE)
    assert "<li>видеть ваше имя, имя пользователя и адрес почты</li>" in page.text
    again = await front_end.submit(page, username="alice", password="wrong password")
    assert "<li>видеть ваше имя, имя пользователя и адрес почты</li>" in again.text
    assert "платить" not in again.text


async def test_a_part_of_the_scopes_can_be_had_by_a_refresh_and_the_rest_later(
    world: World, front_end: FrontEnd
) -> None:
    login = await entered(front_end, scope=f"{READ} {WRITE}")
    part = await front_end.refresh(login.refresh_token, scope=READ)
    assert part.json()["scope"] == READ
    for wrong in ("openid", "wallets:read", PROFILE):
        answer = await front_end.refresh(part.json()["refresh_token"], scope=wrong)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")
    whole = await front_end.refresh(part.json()["refresh_token"])
    assert await scope_of(world, login_of(whole)) == {READ, WRITE}
    own = await world.log_in("alice")
    answer = await front_end.ask(
        grant_type="refresh_token",
        refresh_token=own.refresh_token,
        client_id=None,
        client_secret=None,
        scope=READ,
    )
    assert answer.json()["error"] == "invalid_scope"


async def test_a_client_registered_for_less_gets_less_from_then_on(
    world: World, front_end: FrontEnd
) -> None:
    login, waiting = await entered(front_end), await granted(front_end)
    admin = await world.log_in("root-admin")
    path = f"{CLIENTS}/{front_end.client_id}"
    changed = await world.http.patch(path, json={"scopes": [READ]}, headers=admin.headers)
    assert changed.json()["scopes"] == [READ]
    for answer in (
        await front_end.refresh(login.refresh_token),
        await front_end.exchange(waiting),
        await front_end.exchange(await granted(front_end, scope=f"{READ} {WRITE}")),
    ):
        assert await scope_of(world, login_of(answer)) == {READ}


async def test_a_list_of_sessions_says_what_each_client_may(
    world: World, front_end: FrontEnd
) -> None:
    await entered(front_end, scope=READ)
    own = await world.log_in("alice")
    listed = (await world.http.get("/v1/auth/sessions", headers=own.headers)).json()["items"]
    assert [one["scopes"] for one in listed] == [None, [READ]]


async def test_the_profile_is_seen_with_its_scope_and_changed_by_nobody_elses_token(
    world: World, front_end: FrontEnd
) -> None:
    login = await entered(front_end, scope=PROFILE)
    assert await world.status_with(login) == 200
    without = await entered(front_end, scope=READ)
    answer = await world.http.get("/v1/auth/me", headers=without.headers)
    assert code(answer) == (403, "scope_missing")
    assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]
    answer = await world.http.patch("/v1/auth/me", json={}, headers=login.headers)
    assert code(answer) == (403, "not_for_keys")


async def test_a_client_ends_its_own_sessions_and_no_others(
    world: World, front_end: FrontEnd
) -> None:
    """RFC 7009."""
    admin = await world.log_in("root-admin")
    other = await registered(world.http, admin.headers)
    login, own = await entered(front_end), await world.log_in("alice")
    renewed = login_of(await front_end.refresh(login.refresh_token))
    for asking, token in (
        (other, renewed.refresh_token),
        (front_end, own.refresh_token),
        (front_end, "rt_unknown"),
        (front_end, renewed.refresh_token[:-4] + "AAAA"),
    ):
        answer = await asking.revoke(token)
        assert (answer.status_code, answer.json()) == (200, {})
    wrong = await front_end.revoke(renewed.refresh_token, client_secret="cs_wrong")
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
    wrong = await front_end.revoke(renewed.access_token)
    assert (wrong.status_code, wrong.json()["error"]) == (400, "unsupported_token_type")
    assert [await world.status_with(one) for one in (renewed, own)] == [200, 200]
    for _ in range(2):
        answer = await front_end.revoke(login.refresh_token)  # an older one of the same session
        assert (answer.status_code, answer.json()) == (200, {})
    await world.dies(renewed)
    assert await world.status_with(own) == 200
    answer = await front_end.revoke(own.refresh_token, client_id=None, client_secret=None)
    assert answer.status_code == 200
    await world.dies(own)
    assert await world.count("SELECT count(*) FROM audit WHERE action = 'logout'") == 2


OF_LOGINS = [
    ("POST", "/v1/auth/api-keys", {"name": "Mine", "scopes": [WRITE]}),
    ("GET", "/v1/auth/api-keys", None),
    (
        "POST",
        "/v1/auth/password/change",
        {"current_password": PASSWORD, "new_password": "another horse and battery"},
    ),
    ("POST", "/v1/auth/email/change", {"email": "x@example.com", "password": PASSWORD}),
    ("POST", "/v1/auth/totp/enroll", None),
    ("POST", "/v1/auth/passkeys/begin", None),
    ("POST", "/v1/auth/step-up", {"password": PASSWORD}),
    ("GET", "/v1/auth/sessions", None),
    ("POST", "/v1/auth/logout", {"scope": "all"}),
    ("DELETE", "/v1/auth/me", {"password": PASSWORD}),
    ("GET", "/v1/auth/events", None),
]


@pytest.mark.parametrize(("method", "path", "body"), OF_LOGINS)
async def test_credentials_and_sessions_are_for_the_users_own_login(
    world: World, front_end: FrontEnd, method: str, path: str, body: object
) -> None:
    """Right after a login by password, which would do as a fresh one."""
    login = await entered(front_end)
    answer = await world.http.request(method, path, json=body, headers=login.headers)
    assert code(answer) == (403, "not_for_keys")


@pytest.mark.check(8)
async def test_a_disabled_users_client_has_nothing_left(world: World, front_end: FrontEnd) -> None:
    login, waiting = await entered(front_end), await granted(front_end)
    user_id = (await world.tokens.verify(login.access_token)).user_id
    admin = await world.log_in("root-admin")
    for is_active in (False, True):
        change = {"is_active": is_active}
        await world.http.patch(f"/v1/users/{user_id}", json=change, headers=admin.headers)
        await world.dies(login)
        assert (await front_end.refresh(login.refresh_token)).json()["error"] == "invalid_grant"
    assert (await front_end.exchange(waiting)).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1/users"), ("GET", CLIENTS), ("POST", CLIENTS), ("GET", "/v1/auth/audit")],
)
async def test_an_administrator_is_none_through_a_client(
    world: World, front_end: FrontEnd, method: str, path: str
) -> None:
    login = await entered(front_end, "root-admin")
    answer = await world.http.request(method, path, headers=login.headers)
    assert code(answer) == (403, "forbidden")
