"""Another e-mail address is one's own once the old one and the new one have confirmed it."""

from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx
import pytest
from tests.integration.auth.mailed import orders
from tests.integration.auth.world import PASSWORD, Json, Login, World, code

from auth.domain.lockout import LockoutRules, LockoutScope
from auth.settings import Settings
from contracts.auth import UserChanged
from contracts.notifications import SendAlreadyRegistered, SendEmailChange, SendSecurityNotice
from testkit.pump import sent

OLD, NEW = "alice@example.com", "alice@example.org"
CHANGE = "/v1/auth/email/change"
CONFIRM = "/v1/auth/email/confirm"
FAILURES = LockoutRules().backoff(LockoutScope.LOGIN).free
INVALID = (400, "email_token_invalid")


@pytest.fixture(params=["response", "email"])
def settings(request: pytest.FixtureRequest) -> Settings:
    """Return the settings by which links are handed out, and those by which they are mailed."""
    return Settings.model_validate({"ENVIRONMENT": "test", "activation_delivery": request.param})


@pytest.fixture
async def alice(world: World) -> dict[str, Any]:
    return await arrive(world, "alice", OLD)


async def arrive(world: World, name: str, email: str) -> Json:
    """Register and activate, however links are delivered."""
    if world.wiring.settings.activation_delivery == "response":
        return await world.arrive(name, email=email)
    body = {"username": name, "email": email, "password": PASSWORD}
    registered = await world.post("/v1/auth/register", body)
    order = (await orders(world))[-1]
    token = {"token": token_of(order.url)}  # type: ignore[attr-defined]
    await world.post("/v1/auth/activate", token)
    user: Json = registered.json()["user"]
    return user


def token_of(url: str) -> str:
    (token,) = parse_qs(urlsplit(url).query)["token"]
    return token


async def ask(world: World, login: Login, email: str = NEW, **more: Any) -> httpx.Response:
    return await world.post(CHANGE, {"email": email, **more}, headers=login.headers)


async def links(world: World, asked: httpx.Response) -> dict[str, str]:
    """Return the tokens of the old and the new address, from the answer or from their mails."""
    assert asked.status_code == 202, asked.text
    told = {one["address"]: one["token"] for one in asked.json()["links"]}
    mailed = [one for one in await orders(world) if isinstance(one, SendEmailChange)]
    assert not (told and mailed)
    return told or {one.to: token_of(one.url) for one in mailed[-2:]}


async def confirm(world: World, token: str) -> httpx.Response:
    return await world.post(CONFIRM, {"token": token})


async def me(world: World, login: Login) -> Json:
    shown: Json = (await world.http.get("/v1/auth/me", headers=login.headers)).json()
    return shown


@pytest.mark.parametrize("order", [("old", "new"), ("new", "old")])
async def test_both_addresses_confirm_in_any_order(
    world: World, alice: Json, order: tuple[str, str]
) -> None:
    login = await world.log_in("alice")
    tokens = await links(world, await ask(world, login))
    first, second = (tokens[one] for one in order)
    assert (await confirm(world, first)).json() == {"is_changed": False}
    waiting = await me(world, login)
    assert waiting["email"] == OLD
    assert waiting["pending_email"]["email"] == NEW
    confirmed = {one: waiting["pending_email"][f"{one}_confirmed"] for one in order}
    assert confirmed == {order[0]: True, order[1]: False}
    assert code(await confirm(world, first)) == INVALID  # once
    assert (await confirm(world, second)).json() == {"is_changed": True}
    changed = await me(world, login)
    assert (changed["email"], changed["pending_email"]) == (NEW, None)
    await world.log_in(NEW)
    old = await world.post("/v1/auth/login", {"username": OLD, "password": PASSWORD})
    assert code(old) == (401, "invalid_credentials")
    last = (await orders(world))[-1]
    assert isinstance(last, SendSecurityNotice)
    assert (last.user_id, last.what) == (UUID(alice["id"]), "email_changed")
    events = await world.http.get("/v1/auth/events", headers=login.headers)
    kinds = [one["kind"] for one in events.json()["items"]]
    assert {"email_change_asked", "email_changed"} <= set(kinds)
    assert NEW not in events.text


async def test_whoever_has_no_address_confirms_the_new_one_alone(world: World) -> None:
    if world.wiring.settings.mails_activation:
        return  # nobody registers without an address there
    await world.arrive("bobby")
    login = await world.log_in("bobby")
    asked = await ask(world, login)
    assert [one["address"] for one in asked.json()["links"]] == ["new"]
    assert asked.json()["pending"]["old_confirmed"] is True
    answer = await confirm(world, asked.json()["links"][0]["token"])
    assert answer.json() == {"is_changed": True}
    told = (await sent(world.database, UserChanged))[-1].message
    assert isinstance(told, UserChanged)
    assert told.has_email is True


async def test_the_page_of_a_link_changes_nothing_and_its_button_does(
    world: World, alice: Json
) -> None:
    login = await world.log_in("alice")
    tokens = await links(world, await ask(world, login))
    english = {"Accept-Language": "en"}
    for _ in range(3):
        page = await world.http.get(CONFIRM, params={"token": tokens["old"]}, headers=english)
        assert page.status_code == 200
        assert f'action="{CONFIRM}/page"' in page.text
    for one, words in (("old", "the other address"), ("new", "The new address is yours")):
        done = await world.http.post(
            f"{CONFIRM}/page", data={"token": tokens[one]}, headers=english
        )
        assert words in done.text
    refused = await world.http.post(f"{CONFIRM}/page", data={"token": tokens["new"]})
    assert refused.status_code == 400
    assert (await me(world, login))["email"] == NEW


async def test_a_later_change_a_cancelled_one_and_a_late_one_do_not_work(
    world: World, alice: Json
) -> None:
    login = await world.log_in("alice")
    first = await links(world, await ask(world, login))
    second = await links(world, await ask(world, login, "alice@example.net"))
    assert code(await confirm(world, first["new"])) == INVALID
    cancelled = await world.http.delete(CHANGE, headers=login.headers)
    assert cancelled.status_code == 204
    assert code(await world.http.delete(CHANGE, headers=login.headers)) == (404, "not_found")
    assert code(await confirm(world, second["old"])) == INVALID
    assert (await me(world, login))["pending_email"] is None
    third = await links(world, await ask(world, login))
    world.clock.advance(world.wiring.settings.activation_hours * 3600)
    assert code(await confirm(world, third["new"])) == INVALID
    assert (await me(world, await world.log_in("alice")))["pending_email"] is None


async def test_an_address_that_somebody_has_is_told_only_where_no_mail_tells_its_owner(
    world: World, alice: Json
) -> None:
    bobby = await arrive(world, "bobby", NEW)
    login = await world.log_in("alice")
    asked = await ask(world, login, NEW.upper())
    if not world.wiring.settings.mails_links:
        assert code(asked) == (409, "email_taken")
        assert (await me(world, login))["pending_email"] is None
        return
    free = await ask(world, await world.log_in("bobby"), "free@example.com")
    assert asked.status_code == free.status_code == 202
    assert asked.json().keys() == free.json().keys()
    assert asked.json()["links"] == []
    told = [one for one in await orders(world) if isinstance(one, SendAlreadyRegistered)]
    assert [one.user_id for one in told] == [UUID(bobby["id"])]
    to_alice = [
        one.to
        for one in await orders(world)
        if isinstance(one, SendEmailChange) and one.user_id == UUID(alice["id"])
    ]
    assert to_alice == ["old"]


async def test_an_address_that_is_taken_meanwhile_stays_its_owners(
    world: World, alice: Json
) -> None:
    login = await world.log_in("alice")
    tokens = await links(world, await ask(world, login))
    await confirm(world, tokens["old"])
    await arrive(world, "bobby", NEW)
    assert code(await confirm(world, tokens["new"])) == (409, "email_taken")
    assert (await me(world, login))["email"] == OLD


async def test_it_needs_a_fresh_login_or_the_password(world: World, alice: Json) -> None:
    login = await world.log_in("alice")
    assert code(await ask(world, login, "ALICE@example.com")) == (409, "email_unchanged")
    world.clock.advance(16 * 60)
    refreshed = (await world.refresh(login.refresh_token)).json()
    old = Login(refreshed["access_token"], refreshed["refresh_token"])
    assert code(await ask(world, old)) == (403, "password_needed")
    assert (await ask(world, old, password=PASSWORD)).status_code == 202
    for _ in range(FAILURES):
        assert code(await ask(world, old, password="wrong")) == (403, "password_wrong")
    assert code(await ask(world, old, password=PASSWORD)) == (429, "login_locked")


async def test_who_was_disabled_meanwhile_keeps_the_old_address(world: World, alice: Json) -> None:
    tokens = await links(world, await ask(world, await world.log_in("alice")))
    await confirm(world, tokens["old"])
    async with world.database.unit_of_work() as uow:
        await uow.execute("UPDATE user_account SET status = 'disabled'")
    assert code(await confirm(world, tokens["new"])) == (403, "user_disabled")
    async with world.database.unit_of_work() as uow:
        await uow.execute("DELETE FROM email_change")
    assert code(await confirm(world, tokens["new"])) == INVALID


async def test_notifications_learns_the_new_address_while_it_waits_and_no_longer(
    world: World, alice: Json
) -> None:
    login = await world.log_in("alice")
    await ask(world, login)
    assert await contact(world, alice) == (OLD, NEW)
    await world.http.delete(CHANGE, headers=login.headers)
    assert await contact(world, alice) == (OLD, None)


async def contact(world: World, user: Json) -> tuple[str, str | None]:
    secret = world.wiring.settings.notifications_client_secret.get_secret_value()
    form = {
        "grant_type": "client_credentials",
        "client_id": "svc:notifications",
        "client_secret": secret,
    }
    token = (await world.http.post("/v1/auth/token", data=form)).json()["access_token"]
    answer = await world.http.get(
        "/internal/contacts",
        params={"id": user["id"]},
        headers={"Authorization": f"Bearer {token}"},
    )
    (found,) = answer.json()["items"]
    return found["email"], found["pending_email"]


async def test_a_changed_password_ends_a_change_that_waits(world: World, alice: Json) -> None:
    login = await world.log_in("alice")
    tokens = await links(world, await ask(world, login))
    body = {"current_password": PASSWORD, "new_password": "another-horse-battery"}
    changed = await world.post("/v1/auth/password/change", body, headers=login.headers)
    assert changed.status_code == 204, changed.text
    for token in tokens.values():
        assert code(await confirm(world, token)) == INVALID
    now = await me(world, login)
    assert (now["email"], now["pending_email"]) == (alice["email"], None)
