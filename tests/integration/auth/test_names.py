"""Whose a name is: one that looks the same is taken, a freed one rests; languages; addresses."""

from typing import Any

import httpx
import pytest
from tests.integration.auth.world import PASSWORD, World, code


async def register(world: World, headers: Any = None, **body: Any) -> httpx.Response:
    return await world.post(
        "/v1/auth/register", {"password": PASSWORD, **body}, headers=headers or {}
    )


async def change(world: World, who: str, **body: Any) -> httpx.Response:
    login = await world.log_in(who)
    return await world.http.patch("/v1/auth/me", json=body, headers=login.headers)


async def test_a_name_that_looks_like_somebodys_is_taken(world: World) -> None:
    await world.arrive("coco-paypal")
    await world.arrive("bob")
    for name in ("coco-paypa1", "COCO-PAYPAL", "coco-paypaI"):
        assert code(await register(world, username=name)) == (409, "username_taken")
        assert code(await change(world, "bob", username=name)) == (409, "username_taken")
    assert (await change(world, "coco-paypal", username="Coco-Paypal")).status_code == 200


@pytest.mark.parametrize(
    ("name", "fault"),
    [("аdmin", "username_mixed"), ("admın", "username_reserved"), ("admin", "username_reserved")],
)
async def test_what_passes_for_the_house_is_refused(world: World, name: str, fault: str) -> None:
    await world.arrive("bob")
    for answer in (
        await register(world, username=name),
        await change(world, "bob", username=name),
    ):
        assert code(answer) == (422, "validation_failed")
        assert [one["code"] for one in answer.json()["errors"]] == [fault]


async def test_a_freed_name_rests_for_ninety_days(world: World) -> None:
    await world.arrive("alice", email="alice@example.com")
    login = await world.log_in("alice")
    assert (await world.http.delete("/v1/auth/me", headers=login.headers)).status_code == 204
    assert code(await register(world, username="ALICE")) == (409, "username_taken")
    again = await register(world, username="alice-2", email="alice@example.com")
    assert again.status_code == 201
    assert await world.count("SELECT count(*) FROM resting_name WHERE key::text ~ 'alice'") == 0
    world.clock.advance(90 * 24 * 3600 + 1)
    assert (await register(world, username="alice")).status_code == 201


async def test_a_name_changed_rests_for_others_and_not_for_its_user(world: World) -> None:
    await world.arrive("alice")
    assert (await change(world, "alice", username="alicia")).status_code == 200
    assert code(await register(world, username="alice")) == (409, "username_taken")
    assert (await change(world, "alicia", username="alice")).status_code == 200


async def test_one_user_keeps_so_many_names_from_others_and_can_go_back_to_them(
    world: World,
) -> None:
    await world.arrive("name-0")
    headers = (await world.log_in("name-0")).headers

    async def take(name: str) -> httpx.Response:
        return await world.http.patch("/v1/auth/me", json={"username": name}, headers=headers)

    for number in range(1, 11):
        assert (await take(f"name-{number}")).status_code == 200
    assert code(await take("name-11")) == (409, "too_many_names")
    assert (await register(world, username="name-11")).status_code == 201
    assert code(await register(world, username="name-5")) == (409, "username_taken")
    for own in ("NAME-10", "name-5", "name-0", "name-10"):
        assert (await take(own)).status_code == 200
        assert code(await take("name-12")) == (409, "too_many_names")
    world.clock.advance(91 * 24 * 3600)
    headers = (await world.log_in("name-10")).headers
    assert (await take("name-12")).status_code == 200


async def test_names_of_before_are_compared_too(world: World) -> None:
    await world.arrive("paypal")
    async with world.database.unit_of_work() as uow:
        await uow.execute("UPDATE user_account SET username_skeleton = NULL")
    from auth.repository import Users

    async with world.database.unit_of_work() as uow:
        await Users(uow).fill_skeletons()
    assert code(await register(world, username="paypa1")) == (409, "username_taken")


async def test_the_language_of_registration_is_kept_and_can_be_changed(world: World) -> None:
    for language in ("ru", "en"):
        headers = {"Accept-Language": language}
        answer = await register(world, headers, username=f"user-{language}")
        assert answer.json()["user"]["language"] == language
    user = await world.arrive("alice", email="alice@example.com")
    assert (await change(world, "alice", language="ru")).json()["language"] == "ru"
    assert (await change(world, "alice", full_name="Alice")).json()["language"] == "ru"
    assert code(await change(world, "alice", language="fr")) == (422, "validation_failed")
    token = world.wiring.signer.for_service(
        "svc:notifications", world.wiring.settings.access_token_lifetime, world.clock.now()
    )
    found = await world.http.get(
        f"/internal/contacts?id={user['id']}", headers={"Authorization": f"Bearer {token}"}
    )
    assert found.json()["items"][0]["language"] == "ru"


@pytest.mark.check(32)
async def test_an_international_domain_is_one_address_however_it_is_spelt(world: World) -> None:
    assert (await register(world, email="anna@почта.рф")).status_code == 201
    for same in ("anna@xn--80a1acny.xn--p1ai", "ANNA@ПОЧТА.РФ"):
        assert code(await register(world, email=same)) == (409, "email_taken")
        wrong = await world.post("/v1/auth/login", {"username": same, "password": PASSWORD})
        assert code(wrong) == (403, "user_pending")


async def test_a_local_part_beyond_ascii_is_refused(world: World) -> None:
    assert code(await register(world, email="анна@example.com")) == (422, "email_not_ascii")
    refused = await register(world, email="anna@-bad-.рф")
    assert code(refused) == (422, "validation_failed")
