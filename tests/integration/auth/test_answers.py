"""What auth answers holds nothing of others, and nothing secret of the tables (ASVS 15.3.1)."""

import base64
from collections.abc import Iterator

import httpx
import pytest
from tests.integration.auth.factors.people import Guarded
from tests.integration.auth.front_end import registered
from tests.integration.auth.world import PASSWORD, Login, World

OTHERS = "bob@private.example"
LOOKS = (
    *("/v1/auth/me", "/v1/auth/sessions", "/v1/auth/factors", "/v1/auth/events"),
    *("/v1/auth/api-keys", "/.well-known/jwks.json"),
)
ADMINS_LOOKS = ("/v1/users", "/v1/auth/audit", "/v1/auth/clients")
# What the columns of each table hold that nobody outside may ever see.
SECRETS = {
    "user_account": ("password_hash",),
    "session": ("hmac_key",),
    "link": ("token_hash",),
    "challenge": ("token_hash",),
    "totp": ("secret",),
    "recovery_code": ("code_hash",),
    "api_key": ("secret_hash", "old_secret_hash"),
    "client": ("secret_hash", "old_secret_hash"),
    "authorization_code": ("code_hash", "password_digest"),
    "login_failure": ("key",),
    "known_place": ("key",),
    "audit_origin": ("salt",),
    "signing_key": ("private_key",),
}


async def story(world: World) -> list[httpx.Response]:
    """Let three people do what there is to do; return what the two others than bob are told."""
    await world.arrive("bob", email=OTHERS, full_name="Bob")
    await world.post("/v1/auth/login", {"username": "bob", "password": "wrong password"})
    told: list[httpx.Response] = []

    async def post(path: str, body: object, login: Login | None = None) -> None:
        headers = {} if login is None else login.headers
        told.append(await world.post(path, body, headers=headers))

    alice = await Guarded.arrive(world)
    login = await alice.log_in()
    await post("/v1/auth/register", {"username": "bob", "password": PASSWORD})
    await post("/v1/auth/register", {"email": OTHERS, "password": PASSWORD})
    await post("/v1/auth/password/forgot", {"email": OTHERS})
    await post("/v1/auth/email/change", {"email": OTHERS}, login)
    await post("/v1/auth/email/change", {"email": "alice@example.com"}, login)
    await post("/v1/auth/api-keys", {"name": "Shop", "scopes": ["payments:read"]}, login)
    await post("/v1/auth/login", {"username": "alice", "password": PASSWORD})
    await post("/v1/auth/recovery-codes", None, login)
    admin = await world.admin()
    front_end = await registered(world.http, admin.headers)
    code = await front_end.logged_in("root-admin", PASSWORD)
    told.append(await front_end.exchange(code))
    await front_end.logged_in("root-admin", PASSWORD)
    told.extend([await world.http.get(path, headers=login.headers) for path in LOOKS])
    return told


async def looks_of_an_administrator(world: World) -> list[httpx.Response]:
    admin = await world.log_in("root-admin")
    return [await world.http.get(path, headers=admin.headers) for path in ADMINS_LOOKS]


def spellings(value: object) -> Iterator[str]:
    """Return how a value could stand in an answer."""
    if isinstance(value, str):
        yield value
    if isinstance(value, bytes):
        yield value.hex()
        yield base64.b64encode(value).decode().rstrip("=")
        yield base64.urlsafe_b64encode(value).decode().rstrip("=")


async def secrets_of(world: World) -> set[str]:
    found: set[str] = set()
    async with world.database.read() as connection:
        for table, columns in SECRETS.items():
            rows = await connection.fetch(f"SELECT {', '.join(columns)} FROM {table}")
            found.update(one for row in rows for value in row for one in spellings(value) if one)
    return found


@pytest.mark.check(7)
async def test_no_answer_holds_a_secret_of_the_tables(world: World) -> None:
    told = await story(world) + await looks_of_an_administrator(world)
    hidden = await secrets_of(world)
    assert len(hidden) > 2 * len(SECRETS)
    for answer in told:
        assert answer.status_code < 500
        assert [one for one in hidden if one in answer.text] == [], answer.request.url


@pytest.mark.check(7)
async def test_nobody_but_administrators_is_told_anothers_address_or_name(world: World) -> None:
    told = await story(world)
    asked = [answer for answer in told if OTHERS.encode() in answer.request.content]
    for answer in told:
        if answer not in asked:
            assert OTHERS not in answer.text, answer.request.url
            assert "Bob" not in answer.text, answer.request.url
    assert OTHERS in (await looks_of_an_administrator(world))[0].text
