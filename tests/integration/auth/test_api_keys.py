"""API keys at auth: made once, bounded, exchanged for tokens, rotated and revoked."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.integration.auth.mailed import orders
from tests.integration.auth.world import Json, Login, World, code

from auth.domain.api_keys import MOST_LIVE
from contracts.auth import ApiKeyInNewPlace
from contracts.notifications import SendSecurityNotice
from kit.ids import new_id
from kit.tokens.api_keys import is_well_formed
from testkit.pump import sent

KEYS = "/v1/auth/api-keys"
TERMS: Json = {"name": "The shop's server", "scopes": ["payments:read", "payments:write"]}
HERE, THERE = "203.0.113.7", "198.51.100.9"


@pytest.fixture
async def alice(world: World) -> Login:
    await world.arrive("alice")
    return await world.log_in("alice")


async def make(world: World, login: Login, **more: Any) -> Json:
    answer = await world.post(KEYS, TERMS | more, headers=login.headers)
    assert answer.status_code == 201, answer.text
    made: Json = answer.json()
    return made


async def exchange(world: World, key: str, address: str = HERE) -> httpx.Response:
    token = world.wiring.signer.for_service("svc:gateway", timedelta(minutes=5), world.clock.now())
    return await world.post(
        "/internal/api-keys/exchange",
        {"key": key, "address": address},
        headers={"Authorization": f"Bearer {token}"},
    )


async def works(world: World, key: str, address: str = HERE) -> bool:
    answer = await exchange(world, key, address)
    assert answer.status_code == 200 or code(answer) == (404, "api_key_not_found")
    return answer.status_code == 200


async def kinds(world: World) -> list[str]:
    """Return the events about keys, oldest first."""
    async with world.database.read() as connection:
        rows = await connection.fetch(
            "SELECT action FROM audit WHERE action LIKE 'api_key%' ORDER BY position"
        )
    return [row["action"] for row in rows]


async def test_a_key_is_shown_once_and_stored_as_a_hash(world: World, alice: Login) -> None:
    made = await make(world, alice)
    secret = made.pop("key")
    assert is_well_formed(secret)
    assert made["hint"] == f"{secret[:8]}…{secret[-4:]}"
    [listed] = (await world.http.get(KEYS, headers=alice.headers)).json()["items"]
    one = await world.http.get(f"{KEYS}/{made['id']}", headers=alice.headers)
    assert listed == one.json() == made
    async with world.database.read() as connection:
        row = await connection.fetchrow("SELECT api_key::text FROM api_key")
        audited = await connection.fetch("SELECT audit::text FROM audit")
    assert row is not None
    assert secret[8:] not in row["api_key"]
    assert not [one for one in audited if secret[8:] in one["audit"]]
    assert await kinds(world) == ["api_key_made"]


async def test_a_key_becomes_a_short_token_of_its_owner_within_its_bounds(
    world: World, alice: Login
) -> None:
    wallet_id = str(new_id())
    made = await make(
        world, alice, wallet_ids=[wallet_id], amount_per_day={"amount": "15.5", "currency": "RUB"}
    )
    answer = (await exchange(world, made["key"])).json()
    assert answer["expires_in"] == 300
    claims = await world.tokens.verify(answer["access_token"])
    me = (await world.http.get("/v1/auth/me", headers=alice.headers)).json()
    assert (str(claims.user_id), str(claims.session_id)) == (me["id"], made["id"])
    assert claims.scope == frozenset({"payments:read", "payments:write"})
    assert {str(one) for one in claims.wallet_ids or ()} == {wallet_id}
    assert claims.per_day is not None
    assert (claims.per_day.minor, claims.per_day.currency) == (1550, "RUB")
    assert claims.amr == ("key",)


async def test_an_administrators_key_is_a_plain_users(world: World) -> None:
    admin = await world.admin()
    made = await make(world, admin)
    answer = (await exchange(world, made["key"])).json()
    claims = await world.tokens.verify(answer["access_token"])
    assert claims.roles == {"user"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", KEYS),
        ("GET", KEYS),
        ("DELETE", f"{KEYS}/{{id}}"),
        ("POST", f"{KEYS}/{{id}}/rotate"),
        ("PATCH", "/v1/auth/me"),
        ("DELETE", "/v1/auth/me"),
        ("GET", "/v1/auth/sessions"),
        ("POST", "/v1/auth/logout"),
    ],
)
async def test_a_key_opens_nothing_of_auth_itself(
    world: World, alice: Login, method: str, path: str
) -> None:
    made = await make(world, alice, scopes=["payments:read", "webhooks:write", "finance:write"])
    token = (await exchange(world, made["key"])).json()["access_token"]
    answer = await world.http.request(
        method, path.format(id=made["id"]), headers={"Authorization": f"Bearer {token}"}
    )
    assert code(answer) == (403, "not_for_keys")


async def test_making_changing_and_rotating_need_a_fresh_login(world: World, alice: Login) -> None:
    made = await make(world, alice)
    world.clock.advance(15 * 60 + 1)
    later = await world.refresh(alice.refresh_token)
    headers = {"Authorization": f"Bearer {later.json()['access_token']}"}
    where = f"{KEYS}/{made['id']}"
    for answer in (
        await world.post(KEYS, TERMS, headers=headers),
        await world.http.patch(where, json={"name": "x"}, headers=headers),
        await world.post(f"{where}/rotate", headers=headers),
    ):
        assert code(answer) == (403, "step_up_required")
    assert (await world.http.delete(where, headers=headers)).status_code == 204


async def test_a_revoked_key_works_no_more_and_its_tokens_are_revoked(
    world: World, alice: Login
) -> None:
    made = await make(world, alice)
    token = (await exchange(world, made["key"])).json()["access_token"]
    where = f"{KEYS}/{made['id']}"
    assert (await world.http.delete(where, headers=alice.headers)).status_code == 204
    assert not await works(world, made["key"])
    await world.dies(Login(token, ""))
    assert code(await world.http.get(where, headers=alice.headers)) == (404, "api_key_not_found")
    again = await world.http.delete(where, headers=alice.headers)
    assert code(again) == (404, "api_key_not_found")
    assert (await world.http.get(KEYS, headers=alice.headers)).json()["items"] == []
    assert await kinds(world) == ["api_key_made", "api_key_revoked"]


async def test_a_strangers_key_answers_like_a_missing_one(world: World, alice: Login) -> None:
    made = await make(world, alice)
    await world.arrive("mallory")
    mallory = await world.log_in("mallory")
    for key_id in (made["id"], new_id()):
        where = f"{KEYS}/{key_id}"
        for answer in (
            await world.http.get(where, headers=mallory.headers),
            await world.http.patch(where, json={"name": "x"}, headers=mallory.headers),
            await world.post(f"{where}/rotate", headers=mallory.headers),
            await world.http.delete(where, headers=mallory.headers),
        ):
            assert code(answer) == (404, "api_key_not_found")
    assert await works(world, made["key"])


async def test_a_rotated_key_works_by_both_secrets_for_the_overlap(
    world: World, alice: Login
) -> None:
    made = await make(world, alice)
    answer = await world.post(
        f"{KEYS}/{made['id']}/rotate", {"overlap_seconds": 120}, headers=alice.headers
    )
    rotated = answer.json()
    assert rotated["id"] == made["id"]
    assert rotated["key"] != made["key"]
    old = await exchange(world, made["key"])
    assert old.json()["expires_in"] == 120
    assert await works(world, rotated["key"])
    world.clock.advance(120)
    assert not await works(world, made["key"])
    assert await works(world, rotated["key"])
    assert await kinds(world) == ["api_key_made", "api_key_rotated"]
    told = [one.what for one in await orders(world) if isinstance(one, SendSecurityNotice)]
    assert told == ["api_key_made", "api_key_rotated"]


@pytest.mark.parametrize("seconds", [0, 59, 7 * 24 * 3600 + 1])
async def test_an_overlap_is_a_minute_to_a_week(world: World, alice: Login, seconds: int) -> None:
    made = await make(world, alice)
    answer = await world.post(
        f"{KEYS}/{made['id']}/rotate", {"overlap_seconds": seconds}, headers=alice.headers
    )
    assert code(answer) == (422, "validation_failed")


async def test_an_expired_key_works_no_more(world: World, alice: Login) -> None:
    ends = world.clock.now() + timedelta(seconds=90)
    made = await make(world, alice, expires_at=ends.isoformat())
    assert (await exchange(world, made["key"])).json()["expires_in"] == 90
    world.clock.advance(90)
    assert not await works(world, made["key"])


async def test_the_keys_of_a_disabled_or_deleted_owner_work_no_more(
    world: World, alice: Login
) -> None:
    made, root = await make(world, alice), await world.admin()
    me = (await world.http.get("/v1/auth/me", headers=alice.headers)).json()
    user = f"/v1/users/{me['id']}"
    for is_active in (False, True):
        await world.http.patch(user, json={"is_active": is_active}, headers=root.headers)
        assert await works(world, made["key"]) is is_active
    alice = await world.log_in("alice")
    assert (await world.http.delete("/v1/auth/me", headers=alice.headers)).status_code == 204
    assert not await works(world, made["key"])
    assert await world.count("SELECT count(*) FROM api_key") == 0


@pytest.mark.parametrize(
    ("address", "allowed"),
    [("203.0.113.200", True), ("2001:db8::7", True), ("203.0.114.1", False), ("unknown", False)],
)
async def test_a_key_works_from_its_addresses_only(
    world: World, alice: Login, address: str, *, allowed: bool
) -> None:
    made = await make(world, alice, addresses=["203.0.113.0/24", "2001:db8::/64"])
    answer = await exchange(world, made["key"], address)
    if allowed:
        assert answer.status_code == 200
    else:
        assert code(answer) == (403, "address_refused")
    assert ("api_key_refused" in await kinds(world)) is not allowed


async def test_name_and_addresses_can_be_changed(world: World, alice: Login) -> None:
    made = await make(world, alice, addresses=[HERE])
    where = f"{KEYS}/{made['id']}"
    assert not (await exchange(world, made["key"], THERE)).is_success
    changed = await world.http.patch(
        where, json={"name": "Another", "addresses": None}, headers=alice.headers
    )
    assert changed.json() == {
        **{name: value for name, value in made.items() if name != "key"},
        "name": "Another",
        "addresses": None,
        "last_used_at": None,
    }
    assert await kinds(world) == ["api_key_made", "api_key_refused", "api_key_changed"]
    assert await works(world, made["key"], THERE)


@pytest.mark.parametrize(
    "body",
    [
        {"addresses": ["203.0.113.7/24"]},
        {"addresses": ["shop.example"]},
        {"addresses": []},
        {"scopes": []},
        {"scopes": ["payments:read", "payments:read"]},
        {"scopes": ["auth:write"]},
        {"scopes": ["payments:*"]},
        {"wallet_ids": []},
        {"amount_per_day": {"amount": "0", "currency": "RUB"}},
        {"name": ""},
        {"name": "a\u0007b"},
        {"key": "sk_test_of_mine"},
        {"user_id": str(new_id())},
        {"expires_at": "2026-01-31T12:00:00"},
    ],
)
async def test_a_malformed_key_is_not_made(world: World, alice: Login, body: Json) -> None:
    answer = await world.post(KEYS, TERMS | body, headers=alice.headers)
    assert code(answer) == (422, "validation_failed")
    assert await world.count("SELECT count(*) FROM api_key") == 0


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        ({"expires_at": "2020-01-31T12:00:00Z"}, "api_key_expired"),
        ({"wallet_ids": [str(new_id())], "scopes": ["orders:write"]}, "scope_not_bounded"),
        ({"amount_per_day": {"amount": "5"}, "scopes": ["refunds:write"]}, "scope_not_bounded"),
    ],
)
async def test_a_key_that_makes_no_sense_is_refused(
    world: World, alice: Login, body: Json, refused: str
) -> None:
    answer = await world.post(KEYS, TERMS | body, headers=alice.headers)
    assert code(answer) == (422, refused)
    assert answer.json()["errors"][0]["code"] == refused


async def test_nobody_has_more_than_fifty_keys(world: World, alice: Login) -> None:
    first = await make(world, alice)
    async with world.database.unit_of_work() as uow:
        await uow.execute(
            """INSERT INTO api_key (id, user_id, name, hint, secret_hash, scopes, created_at)
            SELECT gen_random_uuid(), user_id, name, hint, sha256(number::text::bytea), scopes,
                created_at
            FROM api_key, generate_series(2, $1) AS number""",
            MOST_LIVE,
        )
    refused = await world.post(KEYS, TERMS, headers=alice.headers)
    assert code(refused) == (409, "too_many_api_keys")
    await world.http.delete(f"{KEYS}/{first['id']}", headers=alice.headers)
    await make(world, alice)


async def test_a_use_is_stored_at_most_once_a_minute(world: World, alice: Login) -> None:
    made = await make(world, alice)
    where = f"{KEYS}/{made['id']}"

    async def last() -> tuple[str, str]:
        key = (await world.http.get(where, headers=alice.headers)).json()
        return key["last_used_at"], key["last_address"]

    await works(world, made["key"])
    first = await last()
    world.clock.advance(59)
    await works(world, made["key"], "203.0.113.8")
    assert await last() == first
    world.clock.advance(1)
    await works(world, made["key"], "203.0.113.8")
    assert (await last())[1] == "203.0.113.8"


async def test_the_first_use_from_another_network_is_an_event(world: World, alice: Login) -> None:
    made = await make(world, alice)
    for address in (HERE, "203.0.113.8", THERE, THERE, "unknown", HERE):
        await works(world, made["key"], address)
    assert await kinds(world) == ["api_key_made", "api_key_new_place"]
    [told] = [envelope.message for envelope in await sent(world.database, ApiKeyInNewPlace)]
    assert isinstance(told, ApiKeyInNewPlace)
    assert (str(told.key_id), told.hint) == (made["id"], made["hint"])


@pytest.mark.parametrize("service", ["svc:payments", "svc:wallet"])
async def test_no_other_service_than_the_gateway_exchanges_keys(
    world: World, alice: Login, service: str
) -> None:
    made = await make(world, alice)
    token = world.wiring.signer.for_service(service, timedelta(minutes=5), world.clock.now())
    answer = await world.post(
        "/internal/api-keys/exchange",
        {"key": made["key"], "address": HERE},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert code(answer) == (403, "forbidden")


async def test_the_key_itself_is_no_access_token(world: World, alice: Login) -> None:
    made = await make(world, alice)
    answer = await world.http.get(KEYS, headers={"Authorization": f"Bearer {made['key']}"})
    assert code(answer) == (401, "token_invalid")
