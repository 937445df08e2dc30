"""Logging in, by JSON and by OAuth2 form; services' tokens."""

import asyncio
import base64

import httpx
import pytest
from tests.integration.auth.world import PASSWORD, World, code, login_of

from auth.settings import Settings
from kit.clock import SystemClock


@pytest.mark.check(32)
async def test_username_and_address_open_the_same_door_in_any_case(world: World) -> None:
    await world.arrive("Alice", email="Alice@Example.com")
    for name in ("Alice", "ALICE", "\uff21lice", "alice@example.com", "ALICE@EXAMPLE.COM"):
        assert await world.status_with(await world.log_in(name)) == 200


async def test_an_address_alone_is_enough_to_register_and_log_in(world: World) -> None:
    answer = await world.post(
        "/v1/auth/register", {"email": "carol@example.com", "password": PASSWORD}
    )
    assert answer.status_code == 201
    token = answer.json()["activation"]["token"]
    await world.post("/v1/auth/activate", {"token": token})
    assert await world.status_with(await world.log_in("carol@example.com")) == 200


async def test_the_wrong_password_of_a_pending_user_says_nothing_of_the_status(
    world: World,
) -> None:
    await world.register("alice")
    wrong = await world.post("/v1/auth/login", {"username": "alice", "password": "not this one"})
    assert code(wrong) == (401, "invalid_credentials")
    right = await world.post("/v1/auth/login", {"username": "alice", "password": PASSWORD})
    assert code(right) == (403, "user_pending")


async def test_two_logins_in_the_same_instant_are_two_sessions_that_both_work(
    world: World,
) -> None:
    await world.arrive("alice")
    one, other = await asyncio.gather(world.log_in("alice"), world.log_in("alice"))
    assert one.access_token != other.access_token
    assert one.refresh_token != other.refresh_token
    assert [await world.status_with(login) for login in (one, other)] == [200, 200]
    for login in (one, other):
        assert (await world.refresh(login.refresh_token)).status_code == 200


async def test_login_costs_two_looks_and_two_inserts_and_once_a_day_a_known_place(
    world: World,
) -> None:
    await world.arrive("alice")
    costs = []
    for hours in (0, 23, 1):
        world.clock.advance(3600 * hours)
        before = world.database.statements
        await world.log_in("alice")
        costs.append(world.database.statements - before)
    assert costs == [5, 4, 5]


@pytest.mark.check(33)
class TestFewMayWait:
    """Logins when one password may wait beside those being hashed."""

    @pytest.fixture
    def settings(self) -> Settings:
        return Settings.model_validate({"ENVIRONMENT": "test", "hash_queue": 1})

    async def test_200_at_once_are_answered_or_put_off_and_auth_says_meanwhile_that_it_lives(
        self, world: World
    ) -> None:
        await world.arrive("alice")
        body = {"username": "alice", "password": PASSWORD}
        answers: list[httpx.Response] = []
        lives_beside_hashes = 0

        async def log_in() -> None:
            answers.append(await world.post("/v1/auth/login", body))

        logging_in = asyncio.gather(*(log_in() for _ in range(200)))
        while not logging_in.done():
            await asyncio.sleep(0)  # of itself this route never waits for anything
            assert (await world.http.get("/health/live")).status_code == 200
            lives_beside_hashes += world.wiring.hasher._under_way > 0
        await logging_in

        assert (len(answers), {one.status_code for one in answers}) == (200, {200, 503})
        put_off = [answer for answer in answers if answer.status_code == 503]
        assert {code(answer) for answer in put_off} == {(503, "unavailable")}
        assert {answer.headers["retry-after"] for answer in put_off} == {"1"}
        # Hashed on the loop, none would be under way where anything else is answered.
        assert lives_beside_hashes >= len(answers) - len(put_off)
        assert (await world.post("/v1/auth/login", body)).status_code == 200
        assert await world.count("SELECT count(*) FROM login_failure") == 0


@pytest.mark.check(62)
async def test_an_answer_to_a_login_is_not_for_caches(world: World) -> None:
    await world.arrive("alice")
    answer = await world.post("/v1/auth/login", {"username": "alice", "password": PASSWORD})
    assert answer.headers["cache-control"] == "no-store"
    assert set(answer.json()) == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert answer.json()["token_type"] == "Bearer"
    assert answer.json()["expires_in"] == 600


@pytest.mark.check(21)
async def test_the_access_token_dies_when_its_time_is_over(world: World) -> None:
    await world.arrive("alice")
    login = await world.log_in("alice")
    world.clock.advance(604)
    assert await world.status_with(login) == 200
    world.clock.advance(2)
    assert await world.status_with(login) == 401


@pytest.mark.check(22)
async def test_an_access_token_in_the_query_is_not_accepted(world: World) -> None:
    await world.arrive("alice")
    login = await world.log_in("alice")
    answer = await world.http.get("/v1/auth/me", params={"access_token": login.access_token})
    assert code(answer) == (401, "not_authenticated")


async def form(world: World, headers: dict[str, str] | None = None, **data: str) -> httpx.Response:
    return await world.http.post("/v1/auth/token", data=data, headers=headers)


async def test_the_oauth2_form_logs_in_as_swagger_sends_it(world: World) -> None:
    await world.arrive("alice")
    # Swagger UI adds a Basic header of an empty client, and fields that mean nothing here.
    answer = await form(
        world,
        {"Authorization": "Basic Og==", "X-Requested-With": "XMLHttpRequest"},
        grant_type="password",
        username="alice",
        password=PASSWORD,
        scope="",
        state="whatever",
    )
    assert answer.status_code == 200, answer.text
    assert await world.status_with(login_of(answer)) == 200
    without_grant_type = await form(world, username="alice", password=PASSWORD)
    assert without_grant_type.status_code == 200


async def test_the_form_refuses_for_the_reasons_of_login(world: World) -> None:
    await world.register("alice")
    wrong = await form(world, grant_type="password", username="alice", password="wrong one")
    assert code(wrong) == (400, "invalid_credentials")
    pending = await form(world, grant_type="password", username="alice", password=PASSWORD)
    assert code(pending) == (400, "user_pending")
    missing = await form(world, grant_type="password", username="alice")
    assert code(missing) == (400, "validation_failed")
    assert missing.json()["errors"][0]["pointer"] == "/password"
    unknown = await form(world, grant_type="implicit")
    assert code(unknown) == (400, "unsupported_grant_type")
    json = await world.post("/v1/auth/token", {"username": "alice", "password": PASSWORD})
    assert json.status_code == 415


def secret_of(world: World) -> str:
    return world.wiring.settings.payments_client_secret.get_secret_value()


async def test_a_service_gets_a_token_of_its_own_for_its_secret(world: World) -> None:
    secret = secret_of(world)
    in_form = await form(
        world, grant_type="client_credentials", client_id="svc:payments", client_secret=secret
    )
    pair = base64.b64encode(f"svc%3Apayments:{secret}".encode()).decode()
    in_header = await form(
        world, {"Authorization": f"Basic {pair}"}, grant_type="client_credentials"
    )
    for answer in (in_form, in_header):
        assert answer.status_code == 200, answer.text
        assert set(answer.json()) == {"access_token", "token_type", "expires_in"}
        assert answer.json()["expires_in"] == 300
        claims = await world.tokens.verify(answer.json()["access_token"])
        assert (claims.subject, claims.service) == ("svc:payments", "payments")
        assert claims.roles == {"service"}


@pytest.mark.parametrize(
    ("client_id", "secret"),
    [
        ("svc:payments", "wrong"),
        ("svc:payments", ""),
        ("svc:unknown", ""),
        ("payments", "wrong"),
        ("svc:payments", "секрет"),
    ],
)
async def test_a_wrong_secret_gets_no_service_token(
    world: World, client_id: str, secret: str
) -> None:
    answer = await form(
        world, grant_type="client_credentials", client_id=client_id, client_secret=secret
    )
    assert code(answer) == (401, "invalid_client")


@pytest.mark.parametrize("header", ["Basic", "Basic ", "Basic !!!", "Basic /////w=="])
async def test_an_unreadable_basic_header_is_no_client(world: World, header: str) -> None:
    answer = await form(world, {"Authorization": header}, grant_type="client_credentials")
    assert code(answer) == (401, "invalid_client")


async def test_a_user_operation_takes_no_service_token_and_the_other_way_round(
    world: World,
) -> None:
    await world.arrive("alice")
    answer = await form(
        world,
        grant_type="client_credentials",
        client_id="svc:payments",
        client_secret=secret_of(world),
    )
    service = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    as_user = await world.http.get("/v1/auth/me", headers=service)
    assert code(as_user) == (401, "token_invalid")
    user = (await world.log_in("alice")).headers
    as_service = await world.http.get("/internal/users", params={"username": "alice"}, headers=user)
    assert code(as_service) == (403, "forbidden")


async def test_the_key_set_is_public_and_cacheable_for_a_minute(world: World) -> None:
    answer = await world.http.get("/.well-known/jwks.json")
    assert answer.headers["cache-control"] == "public, max-age=60"
    (key,) = answer.json()["keys"]
    assert set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg"}
    assert world.wiring.signer.jwks(SystemClock().now()) == answer.json()
