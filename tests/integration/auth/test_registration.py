"""Registering and activating, over HTTP, on a real database."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from asyncpg import CheckViolationError
from tests.integration.auth.world import PASSWORD, World, code

from auth.settings import Settings
from contracts.auth import UserChanged, UserRegistered
from testkit.databases import Cluster
from testkit.pump import sent

USERS = "SELECT count(*) FROM user_account"


async def test_a_new_user_is_pending_and_gets_a_link_to_the_public_address(world: World) -> None:
    registered = await world.register("Alice", email="Alice@Example.com", full_name="Alice L.")
    user, activation = registered["user"], registered["activation"]
    assert user["username"] == "Alice"
    assert user["email"] == "Alice@Example.com"
    assert (user["status"], user["is_active"], user["roles"]) == ("pending", False, ["user"])
    assert user["created_at"].endswith("Z")
    assert activation["url"] == (
        f"http://localhost:8000/v1/auth/activate?token={activation['token']}"
    )
    assert set(user) == {
        *("id", "number", "username", "email", "full_name", "status", "is_active", "roles"),
        "language",
        *("created_at", "activated_at"),
    }


async def test_numbers_are_short_and_grow(world: World) -> None:
    first = await world.register("alice")
    second = await world.register("bobby")
    assert first["user"]["number"] < second["user"]["number"] < 1000


async def test_opening_the_link_activates_once(world: World) -> None:
    registered = await world.register("alice")
    token = registered["activation"]["token"]
    answer = await world.http.get("/v1/auth/activate", params={"token": token})
    assert answer.status_code == 200
    assert answer.json()["user"]["status"] == "active"
    assert answer.json()["user"]["activated_at"] is not None
    again = await world.http.get("/v1/auth/activate", params={"token": token})
    assert code(again) == (400, "activation_token_invalid")
    assert await world.status_with(await world.log_in("alice")) == 200


async def test_ten_activations_at_once_use_the_link_once(world: World) -> None:
    token = (await world.register("alice"))["activation"]["token"]
    answers = await asyncio.gather(
        *(world.post("/v1/auth/activate", {"token": token}) for _ in range(10))
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 9
    assert len(await sent(world.database, UserChanged)) == 1


@pytest.mark.check(30)
async def test_a_head_request_activates_nobody(world: World) -> None:
    token = (await world.register("alice"))["activation"]["token"]
    head = await world.http.head("/v1/auth/activate", params={"token": token})
    assert (head.status_code, head.content) == (200, b"")
    answer = await world.post("/v1/auth/login", {"username": "alice", "password": PASSWORD})
    assert code(answer) == (403, "user_pending")


@pytest.mark.parametrize("token", ["x", "A" * 43, "../../etc", "'; DROP TABLE link --"])
async def test_an_unknown_token_activates_nobody(world: World, token: str) -> None:
    answer = await world.post("/v1/auth/activate", {"token": token})
    assert code(answer) == (400, "activation_token_invalid")


async def test_a_link_dies_when_its_time_is_over(world: World) -> None:
    token = (await world.register("alice"))["activation"]["token"]
    world.clock.advance(48 * 3600)
    answer = await world.post("/v1/auth/activate", {"token": token})
    assert code(answer) == (400, "activation_token_invalid")


async def test_the_database_knows_a_links_hash_only(world: World) -> None:
    token = (await world.register("alice"))["activation"]["token"]
    rows = await world.count(
        "SELECT count(*) FROM link WHERE position($1::bytea IN token_hash) > 0", token.encode()
    )
    assert rows == 0
    assert await world.count("SELECT count(*) FROM link") == 1


async def test_a_new_link_makes_the_older_one_useless(world: World) -> None:
    first = (await world.register("alice"))["activation"]["token"]
    answer = await world.post(
        "/v1/auth/activation/resend", {"username": "ALICE", "password": PASSWORD}
    )
    assert answer.status_code == 200
    old = await world.post("/v1/auth/activate", {"token": first})
    assert code(old) == (400, "activation_token_invalid")
    second = answer.json()["activation"]["token"]
    assert (await world.post("/v1/auth/activate", {"token": second})).status_code == 200


async def test_another_link_needs_the_password_and_a_pending_user(world: World) -> None:
    await world.register("alice")
    wrong = await world.post(
        "/v1/auth/activation/resend", {"username": "alice", "password": "not the password"}
    )
    assert code(wrong) == (401, "invalid_credentials")
    await world.arrive("bobby")
    active = await world.post(
        "/v1/auth/activation/resend", {"username": "bobby", "password": PASSWORD}
    )
    assert code(active) == (409, "user_already_active")


async def test_renewing_and_using_a_link_at_once_never_deadlocks(world: World) -> None:
    for turn in range(5):
        name = f"user-{turn}"
        token = (await world.register(name))["activation"]["token"]
        used, renewed = await asyncio.gather(
            world.post("/v1/auth/activate", {"token": token}),
            world.post("/v1/auth/activation/resend", {"username": name, "password": PASSWORD}),
        )
        assert used.status_code in (200, 400)
        assert renewed.status_code in (200, 409)
        assert 200 in (used.status_code, renewed.status_code)


async def test_five_equal_registrations_at_once_make_one_user(world: World) -> None:
    names = ["alice", "Alice", "ALICE", "aLICE", "\uff21lice"]
    answers = await asyncio.gather(
        *(
            world.post("/v1/auth/register", {"username": name, "password": PASSWORD})
            for name in names
        )
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
    refused = {answer.json()["code"] for answer in answers if answer.status_code == 409}
    assert refused == {"username_taken"}
    assert await world.count(USERS) == 1
    assert len(await sent(world.database, UserRegistered)) == 1


async def test_five_equal_addresses_at_once_make_one_user(world: World) -> None:
    answers = await asyncio.gather(
        *(
            world.post(
                "/v1/auth/register",
                {"username": f"user-{turn}", "email": "A@b.example", "password": PASSWORD},
            )
            for turn in range(5)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
    refused = {answer.json()["code"] for answer in answers if answer.status_code == 409}
    assert refused == {"email_taken"}


async def test_crossed_registrations_at_once_never_deadlock(world: World) -> None:
    one = {"username": "alice", "email": "bob@example.com", "password": PASSWORD}
    other = {"username": "bobby", "email": "BOB@example.com", "password": PASSWORD}
    answers = await asyncio.gather(
        *(world.post("/v1/auth/register", body) for body in (one, other) * 3)
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5


async def test_a_username_equal_to_anothers_address_cannot_exist(world: World) -> None:
    await world.register("alice", email="alice@example.com")
    for name in ("alice@example.com", "ALICE@example.com", "alice\uff20example.com"):
        answer = await world.post("/v1/auth/register", {"username": name, "password": PASSWORD})
        assert code(answer) == (422, "validation_failed")
        assert answer.json()["errors"][0]["code"] == "username_invalid"
    for column, value in (("username", "bob@example.com"), ("email", "no address")):
        with pytest.raises(CheckViolationError):
            async with world.database.unit_of_work() as uow:
                await uow.execute(
                    f"UPDATE user_account SET {column} = $1, {column}_key = $1", value
                )


@pytest.mark.check(29)
@pytest.mark.parametrize(
    ("change", "pointer", "fault"),
    [
        ({"username": None}, "/username", "name_missing"),
        ({"username": "ab"}, "/username", "too_short"),
        ({"username": "a b c"}, "/username", "username_invalid"),
        ({"username": "ali\u202ece"}, "/username", "username_invalid"),
        ({"username": 12345}, "/username", "wrong_type"),
        ({"email": "a@b.c\r\nBcc: d@e.f"}, "/email", "email_invalid"),
        ({"full_name": "a\u0000b"}, "/full_name", "malformed"),
        ({"full_name": "a\u2028b"}, "/full_name", "full_name_invalid"),
        ({"password": "seven77"}, "/password", "too_short"),
        ({"password": "x" * 257}, "/password", "too_long"),
        ({"password": "x" * 10_000}, "/password", "too_long"),
        ({"password": "PassWord123"}, "/password", "password_too_common"),
        ({"password": None}, "/password", "wrong_type"),
        ({"role": "admin"}, "/role", "unknown_field"),
        ({"roles": ["admin"]}, "/roles", "unknown_field"),
        ({"is_admin": True}, "/is_admin", "unknown_field"),
        ({"status": "active"}, "/status", "unknown_field"),
        ({"id": "019abf5e-3b1c-7cc2-9a4e-2f6d0c1b7a90"}, "/id", "unknown_field"),
        ({"created_at": "2020-01-01T00:00:00Z"}, "/created_at", "unknown_field"),
    ],
)
async def test_what_is_not_accepted_is_named_and_nothing_is_stored(
    world: World, change: dict[str, Any], pointer: str, fault: str
) -> None:
    body = {"username": "alice", "password": PASSWORD} | change
    answer = await world.post("/v1/auth/register", body)
    assert code(answer) == (422, "validation_failed")
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [(pointer, fault)]
    assert await world.count(USERS) == 0


@pytest.mark.check(29)
@pytest.mark.parametrize(
    "password", ["x" * 64, "密码пароль🔑密码", "trailing space ", "\u0301combining marks"]
)
async def test_any_other_password_opens_the_door_it_closed(world: World, password: str) -> None:
    await world.arrive("alice", password=password)
    assert await world.status_with(await world.log_in("alice", password)) == 200
    for other in (f" {password}", f"{password} ", password[:-1], password.swapcase() + "!"):
        answer = await world.post("/v1/auth/login", {"username": "alice", "password": other})
        assert code(answer) == (401, "invalid_credentials")


async def test_an_accent_typed_on_another_keyboard_is_the_same_password(world: World) -> None:
    await world.arrive("alice", password="caf\u00e9 au lait")
    assert await world.status_with(await world.log_in("alice", "cafe\u0301 au lait")) == 200


async def test_refusals_speak_russian_to_those_who_ask(world: World) -> None:
    await world.register("alice")
    answer = await world.post(
        "/v1/auth/register",
        {"username": "alice", "password": PASSWORD},
        headers={"Accept-Language": "ru"},
    )
    assert answer.json()["title"] == "Имя пользователя занято"


async def test_a_registration_and_its_activation_are_told_in_order(world: World) -> None:
    user = await world.arrive("Alice")
    told = await sent(world.database, UserRegistered, UserChanged)
    assert [(envelope.type, envelope.sequence, envelope.subject) for envelope in told] == [
        ("auth.user_registered.v1", 1, user["id"]),
        ("auth.user_changed.v1", 2, user["id"]),
    ]
    registered, changed = told[0].message, told[1].message
    assert isinstance(registered, UserRegistered)
    assert isinstance(changed, UserChanged)
    assert (registered.username, registered.status) == ("Alice", "pending")
    assert (changed.status, changed.roles, changed.number) == ("active", ("user",), user["number"])


async def test_an_event_holds_no_address_and_no_full_name(world: World) -> None:
    await world.register("alice", email="secret@example.com", full_name="Secret Name")
    bodies = await world.count(
        "SELECT count(*) FROM outbox WHERE convert_from(body, 'UTF8') ~* 'secret'"
    )
    assert bodies == 0


class TestWithoutActivation:
    """AUTH_ACTIVATION=none."""

    @pytest.fixture
    def settings(self) -> Settings:
        return Settings.model_validate({"ENVIRONMENT": "test", "activation": "none"})

    async def test_a_new_user_is_active_at_once(self, world: World) -> None:
        registered = await world.register("alice")
        assert registered["user"]["status"] == "active"
        assert registered["activation"] is None
        assert await world.status_with(await world.log_in("alice")) == 200
        told = (await sent(world.database, UserRegistered))[0].message
        assert isinstance(told, UserRegistered)
        assert told.status == "active"


@pytest.fixture
async def commits_fail(cluster: Cluster, world: World) -> AsyncIterator[None]:
    """Make every transaction that adds a user fail at its very COMMIT."""
    await cluster.as_superuser("""
        SET search_path = auth;
        CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'at commit'; END $$;
        CREATE CONSTRAINT TRIGGER fails AFTER INSERT ON user_account
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fail();
    """)
    yield
    await cluster.as_superuser("DROP FUNCTION auth.fail() CASCADE")


@pytest.mark.usefixtures("commits_fail")
async def test_a_commit_that_fails_is_a_5xx_and_leaves_nothing(world: World) -> None:
    answer = await world.post("/v1/auth/register", {"username": "alice", "password": PASSWORD})
    assert code(answer) == (500, "internal_error")
    assert "at commit" not in answer.text
    for table in ("user_account", "link", "outbox"):
        assert await world.count(f"SELECT count(*) FROM {table}") == 0


@pytest.mark.check(31)
async def test_a_forged_host_does_not_enter_the_link(world: World) -> None:
    forged = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil"}
    answer = await world.post(
        "/v1/auth/register", {"username": "alice", "password": PASSWORD}, headers=forged
    )
    assert answer.json()["activation"]["url"].startswith("http://localhost:8000/v1/auth/activate?")
    assert "evil" not in answer.text
