"""Logging in for a registered client: authorization code with PKCE (RFC 6749 §4.1, RFC 7636)."""

import asyncio
import base64

import httpx
import pytest
from authlib.integrations.httpx_client import AsyncOAuth2Client
from tests.integration.auth.front_end import (
    AUTHORIZE,
    HOME,
    TOKEN,
    FrontEnd,
    registered,
    sealed_in,
    told_at,
)
from tests.integration.auth.world import PASSWORD, World, login_of

from auth import refusals
from kit.ids import new_id
from kit.refusals import catalogue
from kit.web.oauth import members_of

ISSUER = "http://localhost:8000"


@pytest.fixture
async def front_end(world: World) -> FrontEnd:
    await world.arrive("alice")
    admin = await world.admin()
    return await registered(world.http, admin.headers)


async def another(world: World, front_end: FrontEnd, **fields: object) -> FrontEnd:
    admin = await world.log_in("root-admin")
    made = await registered(world.http, admin.headers, redirect_uri=HOME, **fields)
    made.verifier = front_end.verifier
    return made


def refused(answer: httpx.Response) -> tuple[int, str, str]:
    said = answer.json()
    return answer.status_code, said["error"], said["code"]


INVALID = (400, "invalid_grant", "code_invalid")


async def test_a_user_logs_in_for_a_client_which_gets_tokens(
    world: World, front_end: FrontEnd
) -> None:
    page = await front_end.page()
    answer = await front_end.submit(page, username="alice", password=PASSWORD)
    told = told_at(answer, HOME)
    assert told.keys() == {"code", "state", "iss"}
    assert (told["state"], told["iss"]) == (front_end.state, ISSUER)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    tokens = await front_end.exchange(told["code"])
    assert tokens.status_code == 200, tokens.text
    login = login_of(tokens)
    assert await world.status_with(login) == 200
    me = await world.http.get("/v1/auth/me", headers=login.headers)
    assert me.json()["username"] == "alice"
    claims = await world.tokens.verify(login.access_token)
    assert claims.amr == ("pwd",)


async def test_a_session_says_which_client_has_its_tokens(
    world: World, front_end: FrontEnd
) -> None:
    code = await front_end.logged_in("alice", PASSWORD)
    login = login_of(await front_end.exchange(code))
    own = await world.log_in("alice")
    listed = (await world.http.get("/v1/auth/sessions", headers=own.headers)).json()["items"]
    assert [one["client_id"] for one in listed] == [None, front_end.client_id]
    assert [one["client_name"] for one in listed] == [None, "Ledger for Shops"]
    path = f"/v1/auth/sessions/{listed[1]['id']}"
    assert (await world.http.delete(path, headers=own.headers)).status_code == 204
    await world.dies(login)
    assert await world.status_with(own) == 200


async def test_a_client_refreshes_with_its_secret_and_nobody_without(
    world: World, front_end: FrontEnd
) -> None:
    code = await front_end.logged_in("alice", PASSWORD)
    token = login_of(await front_end.exchange(code)).refresh_token
    other = await another(world, front_end)
    assert refused(await front_end.refresh(token, client_secret="cs_x"))[1:] == (
        "invalid_client",
        "invalid_client",
    )
    assert refused(await front_end.refresh(token, client_secret=None))[1] == "invalid_client"
    for answer in (
        await other.refresh(token),
        await front_end.refresh(token, client_id=None, client_secret=None),
        await front_end.refresh(token, client_id="svc:payments", client_secret=None),
    ):
        assert refused(answer) == (400, "invalid_grant", "refresh_token_invalid")
    assert (await world.refresh(token)).json()["code"] == "refresh_token_invalid"
    renewed = await front_end.refresh(token)
    assert renewed.status_code == 200, renewed.text
    assert renewed.json()["refresh_token"] != token


async def test_our_own_sessions_are_no_clients_to_refresh(
    world: World, front_end: FrontEnd
) -> None:
    own = await world.log_in("alice")
    answer = await front_end.refresh(own.refresh_token)
    assert refused(answer) == (400, "invalid_grant", "refresh_token_invalid")
    answer = await front_end.refresh(own.refresh_token, client_id="any", client_secret=None)
    assert answer.status_code == 200


async def test_a_code_used_twice_ends_the_session_that_it_opened(
    world: World, front_end: FrontEnd
) -> None:
    code = await front_end.logged_in("alice", PASSWORD)
    login = login_of(await front_end.exchange(code))
    bystander = await world.log_in("alice")
    assert refused(await front_end.exchange(code, code_verifier="a" * 43)) == INVALID
    await world.dies(login)
    answer = await front_end.refresh(login.refresh_token)
    assert refused(answer) == (400, "invalid_grant", "refresh_token_invalid")
    assert await world.status_with(bystander) == 200
    assert refused(await front_end.exchange(code)) == INVALID
    assert await revocations(world) == 1


async def revocations(world: World) -> int:
    return await world.count(
        "SELECT count(*) FROM audit WHERE action = 'session_revoked'"
        " AND details ->> 'why' = 'code_reused'"
    )


async def test_one_code_used_twenty_times_at_once_opens_no_session_that_lives(
    world: World, front_end: FrontEnd
) -> None:
    code = await front_end.logged_in("alice", PASSWORD)
    answers = await asyncio.gather(*(front_end.exchange(code) for _ in range(20)))
    [good] = [one for one in answers if one.status_code == 200]
    await world.dies(login_of(good))
    assert {refused(one) for one in answers if one is not good} == {INVALID}


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": "a" * 43},
        {"code_verifier": "short"},
        {"redirect_uri": HOME + "/"},
        {"redirect_uri": "https://evil.example/"},
    ],
)
async def test_a_code_is_bound_to_its_verifier_and_address_and_is_dead_after_a_guess(
    front_end: FrontEnd, changes: dict[str, str]
) -> None:
    code = await front_end.logged_in("alice", PASSWORD)
    assert refused(await front_end.exchange(code, **changes)) == INVALID
    assert refused(await front_end.exchange(code)) == INVALID


async def test_a_stolen_code_is_worth_nothing_to_another_client(
    world: World, front_end: FrontEnd
) -> None:
    thief = await another(world, front_end, is_public=True)
    code = await front_end.logged_in("alice", PASSWORD)
    assert refused(await thief.exchange(code)) == INVALID


async def test_an_unknown_or_late_code_is_refused(world: World, front_end: FrontEnd) -> None:
    assert refused(await front_end.exchange("never given")) == INVALID
    code = await front_end.logged_in("alice", PASSWORD)
    world.clock.advance(60)
    assert refused(await front_end.exchange(code)) == INVALID


@pytest.mark.parametrize("missing", ["code", "redirect_uri", "code_verifier"])
async def test_an_exchange_without_a_part_is_an_invalid_request(
    front_end: FrontEnd, missing: str
) -> None:
    code = await front_end.logged_in("alice", PASSWORD)
    answer = await front_end.exchange(code, **{missing: None})
    assert refused(answer) == (400, "invalid_request", "validation_failed")
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [f"/{missing}"]
    assert (await front_end.exchange(code)).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"client_secret": None},
        {"client_secret": "cs_wrong"},
        {"client_id": None},
        {"client_id": "svc:payments"},
        {"client_id": str(new_id())},
        {"client_id": "x" * 600},
    ],
)
async def test_whoever_is_not_the_client_leaves_the_code_as_it_is(
    front_end: FrontEnd, changes: dict[str, str | None]
) -> None:
    code = await front_end.logged_in("alice", PASSWORD)
    answer = await front_end.exchange(code, **changes)
    assert refused(answer) == (401, "invalid_client", "invalid_client")
    assert answer.headers["www-authenticate"] == 'Basic realm="saldo"'
    assert (await front_end.exchange(code)).status_code == 200


async def test_a_secret_may_come_in_the_basic_header(world: World, front_end: FrontEnd) -> None:
    pair = f"{front_end.client_id}:{front_end.secret}".encode()
    form = {
        "grant_type": "authorization_code",
        "code": await front_end.logged_in("alice", PASSWORD),
        "redirect_uri": HOME,
        "code_verifier": front_end.verifier,
    }
    broken = {"Authorization": "Basic %%%"}
    answer = await world.http.post(TOKEN, data=form, headers=broken)
    assert refused(answer) == (401, "invalid_client", "invalid_client")
    headers = {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
    assert (await world.http.post(TOKEN, data=form, headers=headers)).status_code == 200


async def test_a_public_client_has_no_secret_and_an_app_any_port(
    world: World, front_end: FrontEnd
) -> None:
    app = await registered(
        world.http,
        (await world.log_in("root-admin")).headers,
        redirect_uri="http://127.0.0.1/cb",
        is_public=True,
    )
    assert app.secret is None
    app.redirect_uri = "http://127.0.0.1:51004/cb"
    code = await app.logged_in("alice", PASSWORD)
    answer = await app.exchange(code, client_secret="cs_made_up")
    assert refused(answer)[1] == "invalid_client"
    assert refused(await app.exchange(code, redirect_uri="http://127.0.0.1:51005/cb")) == INVALID
    code = await app.logged_in("alice", PASSWORD)
    assert (await app.exchange(code)).status_code == 200


@pytest.mark.check(31)
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"client_id": None}, "client_unknown"),
        ({"client_id": "svc:payments"}, "client_unknown"),
        ({"client_id": str(new_id())}, "client_unknown"),
        ({"redirect_uri": None}, "redirect_uri_unknown"),
        ({"redirect_uri": HOME + "/"}, "redirect_uri_unknown"),
        ({"redirect_uri": HOME + "?next=//evil.example"}, "redirect_uri_unknown"),
        ({"redirect_uri": "//evil.example"}, "redirect_uri_unknown"),
        ({"redirect_uri": "https:evil.example"}, "redirect_uri_unknown"),
        ({"redirect_uri": "/\\evil.example"}, "redirect_uri_unknown"),
        ({"redirect_uri": "javascript:alert(1)"}, "redirect_uri_unknown"),
        ({"redirect_uri": HOME + "\r\nX-A: b"}, "redirect_uri_unknown"),
        ({"redirect_uri": "https://app.example@evil.example/callback"}, "redirect_uri_unknown"),
        ({"client_id": None, "response_type": "token"}, "client_unknown"),
    ],
)
async def test_nobody_is_sent_to_an_address_that_is_not_registered(
    front_end: FrontEnd, changes: dict[str, str | None], code: str
) -> None:
    page = await front_end.page(**changes)
    assert page.status_code == 400
    assert "location" not in page.headers
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "<form" not in page.text
    assert TEXTS[code] in page.text


TEXTS = {
    "client_unknown": "is not registered, or is switched off",
    "redirect_uri_unknown": "an address that is not registered for it",
    "login_page_outdated": "too old, or was not opened here",
}


@pytest.mark.parametrize(
    ("changes", "error", "code"),
    [
        ({"response_type": None}, "unsupported_response_type", "unsupported_response_type"),
        ({"response_type": "token"}, "unsupported_response_type", "unsupported_response_type"),
        ({"code_challenge": None}, "invalid_request", "code_challenge_missing"),
        ({"code_challenge_method": None}, "invalid_request", "code_challenge_missing"),
        ({"code_challenge_method": "plain"}, "invalid_request", "code_challenge_missing"),
        ({"scope": "openid"}, "invalid_scope", "invalid_scope"),
    ],
)
async def test_what_else_is_wrong_is_told_to_the_client(
    front_end: FrontEnd, changes: dict[str, str | None], error: str, code: str
) -> None:
    """No challenge, or one that shows the verifier, would be the downgrade of RFC 9700 §4.8."""
    told = told_at(await front_end.page("ru", **changes), HOME)
    assert told == {
        **members_of(REFUSALS[code]()),
        "error": error,
        "state": front_end.state,
        "iss": ISSUER,
    }


REFUSALS = {refusal.code: refusal for refusal in catalogue(refusals)}


async def test_without_a_state_none_comes_back_and_unknown_parameters_are_ignored(
    front_end: FrontEnd,
) -> None:
    page = await front_end.page(state=None, nonce="1", prompt="login")
    answer = await front_end.submit(page, username="alice", password=PASSWORD)
    assert told_at(answer, HOME).keys() == {"code", "iss"}


async def test_whoever_cancels_is_sent_back_without_a_password(front_end: FrontEnd) -> None:
    answer = await front_end.submit(await front_end.page(), decision="deny")
    told = told_at(answer, HOME)
    assert (told["error"], told["state"]) == ("access_denied", front_end.state)


@pytest.mark.parametrize(
    ("username", "password", "status"),
    [
        ("alice", "wrong password", 401),
        ("nobody", PASSWORD, 401),
        ("", "", 401),
        ("pending", PASSWORD, 403),
    ],
)
async def test_whoever_is_not_let_in_sees_the_page_again_and_why(
    world: World, front_end: FrontEnd, username: str, password: str, status: int
) -> None:
    await world.register("pending")
    page = await front_end.page("ru")
    again = await front_end.submit(page, username=username, password=password)
    assert again.status_code == status
    assert REASONS[status] in again.text
    assert f'name="username" value="{username}"' in again.text
    assert password == "" or password not in again.text
    then = await front_end.submit(again, username="alice", password=PASSWORD)
    assert "code" in told_at(then, HOME)


REASONS = {401: "Нет пользователя с таким именем и паролем", 403: "ещё не активирован"}


async def test_the_page_counts_wrong_passwords_as_every_login_does(front_end: FrontEnd) -> None:
    page = await front_end.page()
    for _ in range(10):
        await front_end.submit(page, username="alice", password="wrong password")
    locked = await front_end.submit(page, username="alice", password=PASSWORD)
    assert locked.status_code == 429
    assert int(locked.headers["retry-after"]) > 0
    assert 'role="alert"' in locked.text


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://localhost:8000"])
async def test_a_form_of_another_sites_is_refused(
    world: World, front_end: FrontEnd, origin: str
) -> None:
    form = {"request": sealed_in(await front_end.page()), "decision": "allow"}
    answer = await world.http.post(
        AUTHORIZE,
        data={**form, "username": "alice", "password": PASSWORD},
        headers={"Origin": origin},
    )
    assert answer.status_code == 403
    assert TEXTS["login_page_outdated"] in answer.text


async def test_a_form_that_is_made_up_changed_or_old_is_refused(
    world: World, front_end: FrontEnd
) -> None:
    page = await front_end.page()
    world.clock.advance(15 * 60 + 1)
    late = await front_end.submit(page, username="alice", password=PASSWORD)
    made_up = await world.http.post(AUTHORIZE, data={"request": "gAAAAAB"})
    for answer in (late, made_up):
        assert answer.status_code == 403
        assert TEXTS["login_page_outdated"] in answer.text


async def test_a_client_switched_off_meanwhile_gets_neither_code_nor_tokens(
    world: World, front_end: FrontEnd
) -> None:
    admin = await world.log_in("root-admin")
    page, code = await front_end.page(), await front_end.logged_in("alice", PASSWORD)
    path = f"/v1/auth/clients/{front_end.client_id}"
    await world.http.patch(path, json={"is_active": False}, headers=admin.headers)
    answer = await front_end.submit(page, username="alice", password=PASSWORD)
    assert (answer.status_code, TEXTS["client_unknown"] in answer.text) == (400, True)
    assert refused(await front_end.exchange(code))[1] == "invalid_client"
    assert (await front_end.page()).status_code == 400


async def test_a_user_who_changed_since_the_login_gets_no_session(
    world: World, front_end: FrontEnd
) -> None:
    codes = [await front_end.logged_in("alice", PASSWORD) for _ in range(2)]
    raised = "UPDATE user_account SET token_version = 2 WHERE username = 'alice'"
    disabled = "UPDATE user_account SET status = 'disabled', token_version = 1"
    for code, change in zip(codes, (raised, f"{disabled} WHERE username = 'alice'"), strict=True):
        async with world.database.unit_of_work() as uow:
            await uow.execute(change)
        assert refused(await front_end.exchange(code)) == INVALID


async def test_a_new_password_ends_also_what_a_code_would_have_begun(
    world: World, front_end: FrontEnd
) -> None:
    code = await front_end.logged_in("alice", PASSWORD)
    owner = await world.log_in("alice")
    body = {"current_password": PASSWORD, "new_password": "another horse and battery"}
    changed = await world.post("/v1/auth/password/change", body, headers=owner.headers)
    assert changed.status_code == 204, changed.text
    assert refused(await front_end.exchange(code)) == INVALID


@pytest.mark.parametrize("scope", ["all", "others"])
async def test_a_logout_everywhere_ends_also_what_a_code_would_have_begun(
    world: World, front_end: FrontEnd, scope: str
) -> None:
    used = await front_end.logged_in("alice", PASSWORD)
    assert (await front_end.exchange(used)).status_code == 200
    code = await front_end.logged_in("alice", PASSWORD)
    owner = await world.log_in("alice")
    await world.post("/v1/auth/logout", {"scope": scope}, headers=owner.headers)
    assert refused(await front_end.exchange(code)) == INVALID


async def test_a_logout_of_one_session_leaves_a_code_of_another_login(
    world: World, front_end: FrontEnd
) -> None:
    code = await front_end.logged_in("alice", PASSWORD)
    owner = await world.log_in("alice")
    await world.post("/v1/auth/logout", headers=owner.headers)
    assert (await front_end.exchange(code)).status_code == 200


async def test_the_page_names_the_client_and_can_do_nothing_but_ask(
    world: World, front_end: FrontEnd
) -> None:
    evil = await another(world, front_end, name='<script>alert("{name}")</script>')
    page = await evil.page("ru", state='"><script>alert(1)</script>')
    assert page.status_code == 200
    assert "<script" not in page.text
    assert "&lt;script&gt;" in page.text
    assert "<strong>app.example</strong>" in page.text
    assert page.headers["content-language"] == "ru"
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "frame-ancestors 'none'" in policy
    assert policy.endswith("form-action 'self' https://app.example")
    assert page.headers["referrer-policy"] == "same-origin"
    assert page.headers["cache-control"] == "no-store"
    before = await world.count("SELECT count(*) FROM authorization_code")
    head = await world.http.head(AUTHORIZE, params=evil.query)
    assert (head.status_code, head.content, before) == (200, b"", 0)


async def test_the_code_is_kept_as_a_hash_and_noted_without_it(
    world: World, front_end: FrontEnd
) -> None:
    code = await front_end.logged_in("alice", PASSWORD)
    async with world.database.read() as connection:
        rows = await connection.fetch("SELECT * FROM authorization_code")
        noted = await connection.fetch("SELECT * FROM audit WHERE action = 'code_granted'")
    assert [row["subject_id"] for row in noted] == [front_end.client_id]
    assert code not in repr([dict(row) for row in (*rows, *noted)])


async def test_the_server_says_what_clients_need_to_know(world: World) -> None:
    answer = await world.http.get("/.well-known/oauth-authorization-server")
    said = answer.json()
    assert said["issuer"] == ISSUER
    assert said["authorization_endpoint"] == ISSUER + AUTHORIZE
    assert said["token_endpoint"] == ISSUER + TOKEN
    assert said["code_challenge_methods_supported"] == ["S256"]
    assert said["authorization_response_iss_parameter_supported"] is True


async def test_authlib_plays_the_whole_of_it(world: World, front_end: FrontEnd) -> None:
    async with AsyncOAuth2Client(
        front_end.client_id,
        front_end.secret,
        redirect_uri=HOME,
        code_challenge_method="S256",
        transport=httpx.ASGITransport(app=world.service.web),
        base_url="http://auth",
    ) as client:
        url, state = client.create_authorization_url(
            f"http://auth{AUTHORIZE}", code_verifier=front_end.verifier
        )
        page = await world.http.get(url)
        answer = await front_end.submit(page, username="alice", password=PASSWORD)
        token = await client.fetch_token(
            TOKEN,
            authorization_response=answer.headers["location"],
            state=state,
            code_verifier=front_end.verifier,
        )
        assert (await client.get("/v1/auth/me")).json()["username"] == "alice"
        renewed = await client.refresh_token(TOKEN)
        assert renewed["refresh_token"] != token["refresh_token"]
