"""Passkeys: made, signed with, copied, removed (WebAuthn level 2)."""

from dataclasses import replace

from tests.integration.auth.factors.people import (
    PARTY,
    Guarded,
    add_passkey,
    claims_of,
    device,
    kinds,
    sign_in,
)
from tests.integration.auth.world import PASSWORD, Login, World, code, login_of

from testkit.passkeys import Device


async def owner(world: World, name: str = "alice") -> tuple[Login, Device]:
    """Return a user, and the device with their passkey."""
    await world.arrive(name)
    login, phone = await world.log_in(name), device()
    added = await add_passkey(world, login, phone)
    assert added.status_code == 201, added.text
    return login, phone


async def test_a_passkey_alone_logs_in_without_a_name(world: World) -> None:
    _, phone = await owner(world)
    answer = await sign_in(world, phone)
    assert answer.status_code == 200, answer.text
    assert await claims_of(world, login_of(answer)) == (("hwk", "mfa"), True)


async def test_a_passkey_is_shown_by_its_name_and_nothing_secret(world: World) -> None:
    login, _ = await owner(world)
    found = await world.http.get("/v1/auth/factors", headers=login.headers)
    (shown,) = found.json()["passkeys"]
    assert set(shown) == {"id", "name", "created_at", "last_used_at"}
    assert shown["name"] == "My phone"
    assert shown["last_used_at"] is None


async def test_the_browser_is_told_whose_passkey_it_makes(world: World) -> None:
    user = await world.arrive("alice")
    login = await world.log_in("alice")
    begun = await world.post("/v1/auth/passkeys/begin", headers=login.headers)
    options = begun.json()["options"]
    assert options["rp"] == {"id": PARTY, "name": "Saldo"}
    assert options["user"]["name"] == "alice"
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert user["id"]


async def test_after_the_password_a_passkey_is_the_second_factor(world: World) -> None:
    _, phone = await owner(world)
    asked = await world.post("/v1/auth/login", {"username": "alice", "password": PASSWORD})
    assert asked.json()["methods"] == ["passkey", "recovery_code"]
    phone.is_verifying = False
    answer = await sign_in(world, phone, mfa_token=asked.json()["mfa_token"])
    assert (await claims_of(world, login_of(answer)))[0] == ("pwd", "hwk", "mfa")


async def test_a_code_is_no_proof_of_a_user_who_has_passkeys_only(world: World) -> None:
    await owner(world)
    body = {"username": "alice", "password": PASSWORD, "otp": "123456"}
    assert code(await world.post("/v1/auth/login", body)) == (403, "otp_required")


async def test_alone_a_passkey_must_have_verified_its_user(world: World) -> None:
    _, phone = await owner(world)
    phone.is_verifying = False
    assert code(await sign_in(world, phone)) == (403, "passkey_refused")


async def test_a_copied_device_is_refused_and_told_of(world: World) -> None:
    _, phone = await owner(world)
    copy = replace(phone)
    assert (await sign_in(world, phone)).status_code == 200
    assert code(await sign_in(world, copy)) == (403, "passkey_refused")
    assert (await kinds(world))[-1] == "login_failed"


async def test_a_copied_device_is_refused_after_the_password_too(world: World) -> None:
    _, phone = await owner(world)
    copy = replace(phone)
    assert (await sign_in(world, phone)).status_code == 200
    asked = await world.post("/v1/auth/login", {"username": "alice", "password": PASSWORD})
    refused = await sign_in(world, copy, mfa_token=asked.json()["mfa_token"])
    assert code(refused) == (403, "passkey_refused")


async def test_a_device_that_does_not_count_is_good_again_and_again(world: World) -> None:
    await world.arrive("alice")
    phone = device(count=None)
    assert (await add_passkey(world, await world.log_in("alice"), phone)).status_code == 201
    for _ in range(2):
        assert (await sign_in(world, phone)).status_code == 200


async def test_a_signature_is_good_once(world: World) -> None:
    _, phone = await owner(world)
    begun = await world.post("/v1/auth/login/passkey/begin", {})
    body = {"credential": phone.sign(begun.json()["options"])}
    assert (await world.post("/v1/auth/login/passkey", body)).status_code == 200
    assert code(await world.post("/v1/auth/login/passkey", body)) == (403, "passkey_refused")


async def test_a_challenge_ends_after_five_minutes(world: World) -> None:
    _, phone = await owner(world)
    begun = await world.post("/v1/auth/login/passkey/begin", {})
    world.clock.advance(301)
    body = {"credential": phone.sign(begun.json()["options"])}
    assert code(await world.post("/v1/auth/login/passkey", body)) == (403, "passkey_refused")


async def test_a_page_of_another_origin_gets_nothing(world: World) -> None:
    _, phone = await owner(world)
    for stranger in (
        replace(phone, origin="https://evil.example", count=9),
        replace(phone, party_id="evil.example", count=9),
        replace(phone, key=device().key, count=9),
        replace(phone, credential_id=b"unknown-credential", count=9),
    ):
        assert code(await sign_in(world, stranger)) == (403, "passkey_refused")


async def test_a_made_passkey_of_another_page_is_refused(world: World) -> None:
    await world.arrive("alice")
    login = await world.log_in("alice")
    stranger = Device("https://evil.example", PARTY)
    assert code(await add_passkey(world, login, stranger)) == (403, "passkey_refused")


async def test_what_cannot_be_read_is_refused_and_breaks_nothing(world: World) -> None:
    login, phone = await owner(world)
    begun = await world.post("/v1/auth/login/passkey/begin", {})
    good = phone.sign(begun.json()["options"])
    for spoilt in ({"clientDataJSON": "bm8"}, {"authenticatorData": "bm8"}, {"signature": "bm8"}):
        credential = {**good, "response": {**good["response"], **spoilt}}
        answer = await world.post("/v1/auth/login/passkey", {"credential": credential})
        assert code(answer) == (403, "passkey_refused")
    assert login.access_token


async def test_one_users_challenge_is_not_answered_by_another(world: World) -> None:
    _, phone = await owner(world)
    bob, tablet = await owner(world, "bob")
    asked = await world.post("/v1/auth/login", {"username": "alice", "password": PASSWORD})
    refused = await sign_in(world, tablet, mfa_token=asked.json()["mfa_token"])
    assert code(refused) == (403, "passkey_refused")
    assert bob.access_token
    assert phone.credential_id != tablet.credential_id


async def test_a_passkey_belongs_to_one_user(world: World) -> None:
    _, phone = await owner(world)
    await world.arrive("bob")
    assert code(await add_passkey(world, await world.log_in("bob"), phone)) == (
        403,
        "passkey_refused",
    )


async def test_a_removed_passkey_opens_nothing(world: World) -> None:
    _, phone = await owner(world)
    login = login_of(await sign_in(world, phone))
    found = await world.http.get("/v1/auth/factors", headers=login.headers)
    path = f"/v1/auth/passkeys/{found.json()['passkeys'][0]['id']}"
    await world.arrive("bob")
    of_bob = await world.http.delete(path, headers=(await world.log_in("bob")).headers)
    assert code(of_bob) == (404, "not_found")
    assert (await world.http.delete(path, headers=login.headers)).status_code == 204
    assert code(await sign_in(world, phone)) == (403, "passkey_refused")
    await world.log_in("alice")
    assert [one for one in await kinds(world) if one.startswith("passkey")] == [
        "passkey_added",
        "passkey_removed",
    ]


async def test_a_disabled_user_gets_no_session_by_passkey(world: World) -> None:
    _, phone = await owner(world)
    async with world.database.unit_of_work() as uow:
        await uow.execute("UPDATE user_account SET status = 'disabled'")
    assert code(await sign_in(world, phone)) == (403, "user_disabled")


async def test_nobody_has_more_passkeys_than_twenty_though_two_are_begun_together(
    world: World,
) -> None:
    await world.arrive("alice")
    login = await world.log_in("alice")
    first = device()
    await add_passkey(world, login, first)
    login = login_of(await sign_in(world, first))
    headers = login.headers
    for _ in range(18):
        assert (await add_passkey(world, login, device())).status_code == 201
    begun_both = [await world.post("/v1/auth/passkeys/begin", headers=headers) for _ in range(2)]
    made = [device().make(one.json()["options"]) for one in begun_both]
    twentieth, one_more = [
        await world.post("/v1/auth/passkeys", {"name": "A", "credential": one}, headers=headers)
        for one in made
    ]
    assert twentieth.status_code == 201
    assert code(one_more) == (409, "too_many_passkeys")
    begun = await world.post("/v1/auth/passkeys/begin", headers=headers)
    assert code(begun) == (409, "too_many_passkeys")


async def test_a_passkeys_name_can_be_seen(world: World) -> None:
    await world.arrive("alice")
    login = await world.log_in("alice")
    begun = await world.post("/v1/auth/passkeys/begin", headers=login.headers)
    credential = device().make(begun.json()["options"])
    for name in ("  ", "a\u0007b", "\u202e"):
        body = {"name": name, "credential": credential}
        refused = await world.post("/v1/auth/passkeys", body, headers=login.headers)
        assert code(refused) == (422, "validation_failed")
        assert refused.json()["errors"][0]["code"] == "passkey_name_invalid"


async def test_a_passkey_gets_another_name_from_its_owner_alone(world: World) -> None:
    alice, phone = await owner(world)
    [shown] = (await world.http.get("/v1/auth/factors", headers=alice.headers)).json()["passkeys"]
    path, own = f"/v1/auth/passkeys/{shown['id']}", login_of(await sign_in(world, phone)).headers
    renamed = await world.http.patch(path, json={"name": " Old phone "}, headers=own)
    assert renamed.status_code == 200, renamed.text
    assert renamed.json()["name"] == "Old phone"
    assert (await kinds(world))[-1] == "passkey_renamed"
    wrong = await world.http.patch(path, json={"name": "\u202e"}, headers=own)
    assert code(wrong) == (422, "validation_failed")
    bob, _ = await owner(world, "bob")
    answer = await world.http.patch(path, json={"name": "Mine"}, headers=bob.headers)
    assert code(answer) == (404, "not_found")
    weak = login_of(await world.refresh(alice.refresh_token)).headers
    answer = await world.http.patch(path, json={"name": "Late"}, headers=weak)
    assert code(answer) == (403, "step_up_required")


async def test_with_the_app_gone_a_passkey_stays_and_so_do_recovery_codes(world: World) -> None:
    person, phone = await Guarded.arrive(world), device()
    login = await person.log_in()
    assert (await add_passkey(world, login, phone)).status_code == 201
    await world.http.delete("/v1/auth/totp", headers=login.headers)
    found = await world.http.get("/v1/auth/factors", headers=login.headers)
    assert found.json()["recovery_codes_left"] == 10
    assert (await person.begin())["methods"] == ["passkey", "recovery_code"]
